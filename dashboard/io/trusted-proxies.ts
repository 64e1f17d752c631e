import type { IncomingHttpHeaders } from 'node:http';
import ipaddr from 'ipaddr.js';
import { parseNetwork } from './notify/target-guard.ts';

type Network = ReturnType<typeof parseNetwork>;

/** What a proxy that is trusted says of a request that it hands on. */
export interface Forwarded {
  readonly address: string;
  readonly scheme: 'http' | 'https' | undefined;
}

const words = (header: string | string[] | undefined): string[] =>
  [header ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** Proxies in front whose `X-Forwarded-…` is believed, and nobody else's. */
export class TrustedProxies {
  readonly #networks: readonly Network[];

  /** @throws {RangeError} for what is no network. */
  constructor(networks: readonly string[]) {
    this.#networks = networks.map(parseNetwork);
  }

  has(address: string): boolean {
    if (!ipaddr.isValid(address)) return false;
    const parsed = ipaddr.process(address);
    return this.#networks.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits));
  }

  /**
   * Where a request really comes from: the last address in `X-Forwarded-For` that is no proxy of ours, since everything before it
   * may be made up. `undefined` when its connection is not a trusted proxy's.
   */
  read(peer: string, headers: IncomingHttpHeaders): Forwarded | undefined {
    if (!this.has(peer)) return undefined;
    const hops = words(headers['x-forwarded-for']).filter((hop) => ipaddr.isValid(hop));
    const scheme = words(headers['x-forwarded-proto']).at(-1)?.toLowerCase();
    return {
      address: hops.findLast((hop) => !this.has(hop)) ?? hops[0] ?? peer,
      scheme: scheme === 'https' || scheme === 'http' ? scheme : undefined,
    };
  }
}
