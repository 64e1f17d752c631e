import type { RandomSource } from '../host/clock.ts';
import type { EtcdEndpoint } from './endpoint.ts';

/** Who did not answer at all is passed over for this long, while there is another. */
const ABSENT_MS = 5_000;

/** The endpoints of one cluster, one of them in use: the next one after a failure. Times are of any one clock. */
export class EndpointRing {
  #endpoints: readonly EtcdEndpoint[];
  #active: number;
  readonly #absentUntilMs = new Map<string, number>();
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

  get all(): readonly EtcdEndpoint[] {
    return this.#endpoints;
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
  failed(endpoint: EtcdEndpoint, nowMs: number): void {
    if (this.active?.url !== endpoint.url) return;
    this.#failures += 1;
    const { length } = this.#endpoints;
    const next = Array.from({ length }, (_, step) => (this.#active + 1 + step) % length);
    const isThere = (at: number): boolean =>
      (this.#absentUntilMs.get(this.#endpoints[at]?.url ?? '') ?? -Infinity) <= nowMs;
    this.#active = next.find(isThere) ?? next[0] ?? 0;
  }

  /** Nobody answers there, whatever is asked. */
  absent({ url }: EtcdEndpoint, nowMs: number): void {
    this.#absentUntilMs.set(url, nowMs + ABSENT_MS);
  }

  /** Somebody answers there. */
  present({ url }: EtcdEndpoint): void {
    this.#absentUntilMs.delete(url);
  }

  /** Goes on there, if it is still one of them. */
  take(endpoint: EtcdEndpoint): void {
    const at = this.#endpoints.findIndex(({ url }) => url === endpoint.url);
    if (at !== -1) this.#active = at;
  }

  /** Takes a new list; the endpoint in use stays so if it is on it. @returns whether the lists differ. */
  replace(endpoints: readonly EtcdEndpoint[]): boolean {
    const known = new Set(this.#endpoints.map(({ url }) => url));
    if (endpoints.length === known.size && endpoints.every(({ url }) => known.has(url))) return false;
    const active = endpoints.findIndex(({ url }) => url === this.active?.url);
    this.#endpoints = endpoints;
    this.#active = Math.max(0, active);
    this.#failures = 0;
    this.#absentUntilMs.clear();
    return true;
  }
}
