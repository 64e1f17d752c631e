import { cidrContains, type Cidr, type IpAddress } from '../../native/net/ip.ts';
import type { Peer } from './overlay.ts';

/** A route of the main table that is none of ours. */
export interface UnderlayRoute {
  readonly destination: Cidr;
  readonly gateway: IpAddress | undefined;
  readonly oif: number | undefined;
  readonly metric: number;
  /** An ordinary route over one interface: no black hole, not several next hops. */
  readonly unicast: boolean;
}

const better = (a: UnderlayRoute, b: UnderlayRoute): boolean =>
  a.destination.prefixLength > b.destination.prefixLength ||
  (a.destination.prefixLength === b.destination.prefixLength && a.metric < b.metric);

/** The route that the main table has for an address; `undefined` where there is none. */
export function routeTo(address: IpAddress, routes: readonly UnderlayRoute[]): UnderlayRoute | undefined {
  let best: UnderlayRoute | undefined;
  for (const route of routes) {
    if (cidrContains(route.destination, address) && (best === undefined || better(route, best))) best = route;
  }
  return best;
}

/**
 * Parts peers into those on the underlay's link, which need no tunnel, and the others: flannel's DirectRouting, where one route
 * without a gateway leads to the peer.
 */
export function partByReach(
  peers: readonly Peer[],
  routes: readonly UnderlayRoute[],
  ifindex: number,
): { readonly direct: readonly Peer[]; readonly tunnelled: readonly Peer[] } {
  const direct: Peer[] = [];
  const tunnelled: Peer[] = [];
  for (const peer of peers) {
    const route = routeTo(peer.publicIp, routes);
    const isOnLink = route !== undefined && route.unicast && route.gateway === undefined && route.oif === ifindex;
    (isOnLink ? direct : tunnelled).push(peer);
  }
  return { direct, tunnelled };
}
