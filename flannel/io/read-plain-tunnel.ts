import { RTN, RT_SCOPE, RTPROT } from '../../native/netlink/route.ts';
import type { NetlinkSocket } from '../../native/netlink/socket.ts';
import type { Family } from '../model/overlay.ts';
import type { ActualPlainRoute, ActualPlainTunnel } from '../model/plain-tunnel.ts';
import { addressesOf, findLink, isGone, readDisableIpv6 } from './links.ts';
import { hasDefaultMetric, readMainRoutes } from './read-routes.ts';

const EMPTY: ActualPlainTunnel = { device: undefined, addresses: [], routes: [] };

async function routesOver(
  socket: NetlinkSocket,
  which: { readonly family: Family; readonly oif: number },
  signal: AbortSignal,
): Promise<ActualPlainRoute[]> {
  const routes = await readMainRoutes(socket, which, signal);
  return routes
    .filter((route) => hasDefaultMetric(route) && route.protocol !== RTPROT.KERNEL)
    .map(({ destination, gateway, type, protocol, scope, onlink, prefSource }) => ({
      destination,
      gateway,
      plain:
        type === RTN.UNICAST &&
        protocol === RTPROT.BOOT &&
        prefSource === undefined &&
        // IPv6 knows no scope of a route.
        (typeof destination.address === 'bigint' ||
          scope === (gateway === undefined ? RT_SCOPE.LINK : RT_SCOPE.UNIVERSE)) &&
        onlink === (gateway !== undefined),
    }));
}

/** An ipip or wireguard device with its addresses and routes; empty where there is none. @throws {NetlinkError} */
export async function readPlainTunnel(
  socket: NetlinkSocket,
  which: { readonly name: string; readonly families: readonly Family[] },
  signal: AbortSignal,
): Promise<ActualPlainTunnel> {
  const link = await findLink(socket, which.name, signal);
  if (link === undefined) return EMPTY;
  const { ifindex, name, kind, mtu, up, ipip } = link;
  try {
    const routes: ActualPlainRoute[] = [];
    for (const family of which.families) routes.push(...(await routesOver(socket, { family, oif: ifindex }, signal)));
    const addresses = await addressesOf(socket, { ifindex, families: which.families }, signal);
    const device = { ifindex, name, kind, mtu, up, local: ipip?.local, disableIpv6: readDisableIpv6(name) };
    return { device, addresses, routes };
  } catch (error) {
    if (isGone(error)) return EMPTY;
    throw error;
  }
}
