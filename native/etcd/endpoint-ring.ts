import type { RandomSource } from '../host/clock.ts';
import type { EtcdEndpoint } from './endpoint.ts';

/** The endpoints of one cluster, one of them in use: the next one after a failure. */
export class EndpointRing {
  #endpoints: readonly EtcdEndpoint[];
  #active: number;
  /** Since the last answer of any of them. */
  #failures = 0;

  /** Starts at one of them by chance, that the members of a cluster share the load; without `random` at the first. */
  constructor(endpoints: readonly EtcdEndpoint[], random: RandomSource = () => 0) {
    this.#endpoints = endpoints;
    this.#active = Math.floor(random() * endpoints.length);
  }

  get size(): number {
    return this.#endpoints.length;
  }

  /** `undefined` while there is none. */
  get active(): EtcdEndpoint | undefined {
    return this.#endpoints[this.#active];
  }

  /** Whether each had its turn and none answered. */
  get isExhausted(): boolean {
    return this.#failures >= this.#endpoints.length;
  }

  answered(): void {
    this.#failures = 0;
  }

  /** Moves on, unless another failure at `endpoint` did so already. */
  failed(endpoint: EtcdEndpoint): void {
    if (this.active?.url !== endpoint.url) return;
    this.#failures += 1;
    this.#active = (this.#active + 1) % this.#endpoints.length;
  }

  /** Takes a new list; the endpoint in use stays so if it is on it. @returns whether the lists differ. */
  replace(endpoints: readonly EtcdEndpoint[]): boolean {
    const known = new Set(this.#endpoints.map(({ url }) => url));
    if (endpoints.length === known.size && endpoints.every(({ url }) => known.has(url))) return false;
    const active = endpoints.findIndex(({ url }) => url === this.active?.url);
    this.#endpoints = endpoints;
    this.#active = Math.max(0, active);
    this.#failures = 0;
    return true;
  }
}
