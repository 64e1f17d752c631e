import type { IpAddress } from '../../native/net/ip.ts';
import { NetlinkError } from '../../native/netlink/errors.ts';
import { decodeLink, encodeGetLinks } from '../../native/netlink/link.ts';
import { decodeRoute, encodeGetRoute, RTN, type Route } from '../../native/netlink/route.ts';
import type { NetlinkSocket } from '../../native/netlink/socket.ts';
import type { PacketWay } from '../model/rule-conditions.ts';

/** How this host comes to see a packet, by its main routes. */
export interface PacketRoute {
  readonly way: PacketWay;
  /** `through`: forwarded; `from-here` and `to-here`: this host is one of its ends; `nowhere`: there is no route to its end. */
  readonly kind: 'through' | 'from-here' | 'to-here' | 'nowhere';
}

async function routeTo(socket: NetlinkSocket, target: IpAddress, signal: AbortSignal): Promise<Route | undefined> {
  try {
    return decodeRoute(await socket.get(encodeGetRoute(target), signal));
  } catch (error) {
    if (error instanceof NetlinkError) return undefined; // the kernel knows no way there
    throw error;
  }
}

/** `ip route get` of both ends: a packet comes in where its answer would leave. @throws {NetlinkError} */
export async function readPacketRoute(
  socket: NetlinkSocket,
  { source, destination }: { readonly source: IpAddress; readonly destination: IpAddress },
  signal: AbortSignal,
): Promise<PacketRoute> {
  const links = await socket.collect(encodeGetLinks(), decodeLink, signal);
  const nameOf = (route: Route | undefined): string | undefined =>
    links.find(({ ifindex }) => ifindex === route?.oif)?.name;
  const back = await routeTo(socket, source, signal);
  const there = await routeTo(socket, destination, signal);
  const isHere = (route: Route | undefined): boolean => route?.type === RTN.LOCAL;
  if (isHere(there)) return { kind: 'to-here', way: { input: nameOf(back), output: undefined } };
  const output = nameOf(there);
  if (isHere(back)) return { kind: output === undefined ? 'nowhere' : 'from-here', way: { input: undefined, output } };
  return { kind: output === undefined ? 'nowhere' : 'through', way: { input: nameOf(back), output } };
}
