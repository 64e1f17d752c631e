import { cidrKey, type Cidr, type IpAddress } from '../../native/net/ip.ts';
import type { DirectRoutes } from './overlay.ts';
import { isInside } from './plan.ts';
import type { Step } from './step.ts';

/** A route of the main table over the underlay interface, without a metric of its own. */
export interface ActualDirectRoute {
  readonly destination: Cidr;
  readonly gateway: IpAddress | undefined;
  /** Set by weft, which marks its routes outside its own devices. */
  readonly ours: boolean;
  /** As flannel and weft set them: unicast, scope universe, one next hop, no preferred source, not onlink. */
  readonly plain: boolean;
}

/**
 * Steps for the routes of host-gw and DirectRouting. A route that a flanneld left counts as ours where it leads to the right host;
 * one of somebody else to another place is an error of the add, and told.
 */
export function planDirect(desired: DirectRoutes, actual: readonly ActualDirectRoute[]): Step[] {
  const routes = new Map(actual.map((route) => [cidrKey(route.destination), route]));
  const wanted = new Set(desired.peers.map(({ subnet }) => cidrKey(subnet)));
  const steps: Step[] = [];
  for (const { subnet, publicIp } of desired.peers) {
    const route = routes.get(cidrKey(subnet));
    if (route?.gateway === publicIp && route.plain) continue;
    const kind = route?.ours === true ? 'replace-direct-route' : 'add-direct-route';
    steps.push({ kind, destination: subnet, gateway: publicIp });
  }
  for (const { destination, gateway, ours } of actual) {
    if (!ours || !isInside(desired.network, destination) || wanted.has(cidrKey(destination))) continue;
    steps.push({ kind: 'remove-direct-route', destination, gateway });
  }
  return steps;
}
