import type { Cidr } from '../../native/net/ip.ts';
import {
  decodeRoute,
  DEFAULT_PRIORITY6,
  encodeGetRoutes,
  RT_SCOPE,
  RT_TABLE_MAIN,
  RTN,
  RTPROT,
  type Route,
} from '../../native/netlink/route.ts';
import type { Message } from '../../native/netlink/message.ts';
import type { NetlinkSocket } from '../../native/netlink/socket.ts';
import type { UnderlayRoute } from '../model/direct-routing.ts';
import type { Family } from '../model/overlay.ts';
import type { ActualRoute } from '../model/plan.ts';
import type { ActualDirectRoute } from '../model/plan-direct.ts';
import { addressFamily } from './links.ts';
import { RTPROT_WEFT } from './steps.ts';

/** Routes of the main table, of one interface or protocol if given. @throws {NetlinkError} ENODEV if that is gone. */
export async function readMainRoutes(
  socket: NetlinkSocket,
  which: { readonly family: Family; readonly oif?: number | undefined; readonly protocol?: number },
  signal: AbortSignal,
): Promise<Route[]> {
  const request = encodeGetRoutes({ ...which, family: addressFamily(which.family), table: RT_TABLE_MAIN });
  return socket.collect(request, routeOfMainTable, signal);
}

/** What a dump of the main table tells; a kernel that does not filter tells of all tables. @throws {NetlinkError} EBADMSG. */
export function routeOfMainTable(message: Message): Route | undefined {
  const route = decodeRoute(message);
  return route?.table === RT_TABLE_MAIN ? route : undefined;
}

/** A route with a metric of its own is another one than ours to the same destination. */
export function hasDefaultMetric({ destination, priority }: Route): boolean {
  return (priority ?? 0) === (typeof destination.address === 'bigint' ? DEFAULT_PRIORITY6 : 0);
}

const isOrdinary = ({ scope, type, prefSource }: Route): boolean =>
  scope === RT_SCOPE.UNIVERSE && type === RTN.UNICAST && prefSource === undefined;

/** A route over one of our own devices. */
export function routeOfDevice(route: Route): ActualRoute | undefined {
  if (!hasDefaultMetric(route)) return undefined;
  const { destination, gateway, onlink, nexthopId } = route;
  return { destination, gateway, onlink, nexthopId, plain: route.protocol === RTPROT.BOOT && isOrdinary(route) };
}

/** Routes over the underlay interface that may be ours. */
export function routesOfUnderlay(routes: readonly Route[], ifindex: number): ActualDirectRoute[] {
  return routes
    .filter((route) => hasDefaultMetric(route) && route.oif === ifindex && route.gateway !== undefined)
    .map((route) => ({
      destination: route.destination,
      gateway: route.gateway,
      ours: route.protocol === RTPROT_WEFT,
      plain: isOrdinary(route) && !route.onlink && route.nexthopId === undefined,
    }));
}

/** What decides how a peer is reached: everything but the routes over our own devices, and those we set ourselves. */
export function foreignRoutes(routes: readonly Route[], own: ReadonlySet<number>): UnderlayRoute[] {
  return routes
    .filter(({ oif, protocol }) => protocol !== RTPROT_WEFT && !(oif !== undefined && own.has(oif)))
    .map(({ destination, gateway, oif, priority, type }) => ({
      destination,
      gateway,
      oif,
      metric: priority ?? 0,
      unicast: type === RTN.UNICAST,
    }));
}

/** The black holes that weft set. */
export function blackholesOf(routes: readonly Route[]): Cidr[] {
  return routes
    .filter(({ type, protocol }) => type === RTN.BLACKHOLE && protocol === RTPROT_WEFT)
    .map(({ destination }) => destination);
}
