import { isIpv6, type IpAddress } from '../../native/net/ip.ts';
import { decodeAddress, encodeGetAddresses, IFA_F, type Address } from '../../native/netlink/address.ts';
import { NetlinkError } from '../../native/netlink/errors.ts';
import { decodeLink, encodeGetLinks } from '../../native/netlink/link.ts';
import { AF } from '../../native/netlink/message.ts';
import {
  decodeRoute,
  encodeGetRoute,
  encodeGetRoutes,
  RT_TABLE_MAIN,
  RTN,
  type Route,
} from '../../native/netlink/route.ts';
import type { NetlinkSocket } from '../../native/netlink/socket.ts';
import type { CandidateAddress, DefaultRoute, HostInterfaces, ReachableTarget } from '../model/interface-choice.ts';

const FAMILIES = [AF.INET, AF.INET6] as const;

/** An address as the choice of an interface sees it. */
export function candidateAddress({ ifindex, address, scope, flags }: Address): CandidateAddress {
  return {
    ifindex,
    address,
    scope,
    permanent: (flags & IFA_F.PERMANENT) !== 0,
    // Of IPv4 the same bit says "secondary".
    temporary: isIpv6(address) && (flags & IFA_F.TEMPORARY) !== 0,
    deprecated: (flags & IFA_F.DEPRECATED) !== 0,
  };
}

function defaultRoute({ destination, type, oif, priority }: Route): DefaultRoute | undefined {
  if (destination.prefixLength !== 0 || type !== RTN.UNICAST) return undefined;
  return { family: isIpv6(destination.address) ? 'ipv6' : 'ipv4', oif, metric: priority ?? 0 };
}

/** @returns `undefined` where the kernel knows no way. */
async function reach(
  socket: NetlinkSocket,
  target: IpAddress,
  signal: AbortSignal,
): Promise<ReachableTarget | undefined> {
  try {
    const route = decodeRoute(await socket.get(encodeGetRoute(target), signal));
    if (route?.oif === undefined || route.prefSource === undefined) return undefined;
    return { target, oif: route.oif, source: route.prefSource };
  } catch (error) {
    if (error instanceof NetlinkError) return undefined;
    throw error;
  }
}

/** All interfaces, addresses and default routes of both families, and the ways to `targets`. @throws {NetlinkError} */
export async function readHostInterfaces(
  socket: NetlinkSocket,
  targets: readonly IpAddress[],
  signal: AbortSignal,
): Promise<HostInterfaces> {
  const links = await socket.collect(encodeGetLinks(), decodeLink, signal);
  const addresses: CandidateAddress[] = [];
  const defaultRoutes: DefaultRoute[] = [];
  for (const family of FAMILIES) {
    addresses.push(
      ...(await socket.collect(encodeGetAddresses({ family }), decodeAddress, signal)).map(candidateAddress),
    );
    const routes = await socket.collect(encodeGetRoutes({ family, table: RT_TABLE_MAIN }), decodeRoute, signal);
    defaultRoutes.push(...routes.flatMap((route) => defaultRoute(route) ?? []));
  }
  const reachable: ReachableTarget[] = [];
  for (const target of targets)
    reachable.push(...[await reach(socket, target, signal)].filter((known) => known !== undefined));
  return {
    links: links.map(({ ifindex, name, mtu, up }) => ({ ifindex, name, mtu, up })),
    addresses,
    defaultRoutes,
    reachable,
  };
}
