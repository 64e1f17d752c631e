import { cidr4, cidr4Overlaps, parseCidr4, type Cidr4 } from '../../native/net/cidr.ts';
import type { Ipv4 } from '../../native/net/ipv4.ts';

export interface DemoNetworks {
  /** A /24 for the hosts, as if they stood in one rack. */
  readonly underlay: Cidr4;
  /** A /16 for the containers: each host leases a /24 of it. */
  readonly overlay: Cidr4;
}

function range(from: string, step: number, count: number): Cidr4[] {
  const first = parseCidr4(from);
  return Array.from({ length: count }, (_, index) => cidr4((first.address + index * step) as Ipv4, first.prefixLength));
}

/** Private ranges (RFC 1918), the less usual ones first; 10.244.0.0/16 is what flannel's own manifests use. */
const UNDERLAYS: readonly Cidr4[] = [
  ...range('192.168.77.0/24', 256, 170),
  ...range('172.31.0.0/24', 256, 256),
  ...range('10.99.0.0/24', 256, 256),
];
const OVERLAYS: readonly Cidr4[] = [
  ...range('10.244.0.0/16', 65_536, 12),
  ...range('10.100.0.0/16', 65_536, 144),
  ...range('172.16.0.0/16', 65_536, 16),
];

/**
 * The first underlay and overlay that overlap nothing in `taken` (the machine's addresses and routes; a default route counts
 * for nothing) and not each other; `undefined` when everything private is taken.
 */
export function chooseNetworks(taken: readonly Cidr4[]): DemoNetworks | undefined {
  const real = taken.filter((network) => network.prefixLength > 0);
  const free = (candidate: Cidr4): boolean => !real.some((network) => cidr4Overlaps(network, candidate));
  const underlay = UNDERLAYS.find(free);
  if (underlay === undefined) return undefined;
  const overlay = OVERLAYS.find((candidate) => free(candidate) && !cidr4Overlaps(candidate, underlay));
  return overlay === undefined ? undefined : { underlay, overlay };
}
