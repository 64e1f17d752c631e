import { cidrKey, cidrOverlaps, type Cidr, type IpAddress } from '../../native/net/ip.ts';
import type { MacAddress } from '../../native/net/mac.ts';
import type { NetlinkError } from '../../native/netlink/errors.ts';
import { decodeLink } from '../../native/netlink/link.ts';
import { RTM, RTNLGRP, type Message } from '../../native/netlink/message.ts';
import { decodeFdb, decodeNeighbor, NUD, type FdbEntry, type Neighbor } from '../../native/netlink/neighbor.ts';
import { decodeNexthop } from '../../native/netlink/nexthop.ts';
import { decodeRoute, RT_TABLE_MAIN, type Route } from '../../native/netlink/route.ts';
import { watchRoute, type NetlinkWatch } from '../../native/netlink/socket.ts';
import type { Peer } from '../model/overlay.ts';
import type { MissingEntry } from '../model/peer-change.ts';
import { RTPROT_WEFT } from './steps.ts';
import type { StrangerNotice } from './stranger-notice.ts';

/** What is expected of one of our devices. */
export interface TunnelFilter {
  /** The peer whose subnet starts at an address. */
  readonly peerAt: (address: IpAddress) => Peer | undefined;
  /** Where a VTEP MAC has to lead, of any peer. */
  readonly remoteOf: (mac: MacAddress) => IpAddress | undefined;
  /** The peer whose route has to go over the nexthop object of an id. */
  readonly peerOfNexthop: (id: number) => Peer | undefined;
}

/** What an event must concern to be of interest. */
export interface EventFilter {
  /** Of our devices and the underlay. */
  readonly linkNames: ReadonlySet<string>;
  readonly underlayIfindex: number | undefined;
  /** Our devices by their index. */
  readonly tunnels: ReadonlyMap<number, TunnelFilter>;
  /** Devices of ours on which every event of an address or route counts: ipip and wireguard. */
  readonly ownIfindexes: ReadonlySet<number>;
  readonly networks: readonly Cidr[];
  /** Where a subnet has to be routed over the underlay; `undefined` when it has not. */
  readonly directGateway: (subnet: Cidr) => IpAddress | undefined;
  /** Whether a network has to end here. */
  readonly isBlackhole: (network: Cidr) => boolean;
  /** Whether the underlay's routes decide how peers are reached. */
  readonly followsRoutes: boolean;
}

/** What a batch of events says that is not as it should be. */
export interface KernelNews {
  /** Entries of peers that are gone, and nothing else is known about them: they can be put back as they are named. */
  readonly missing: readonly MissingEntry[];
  /** Something else: the loop has to look. */
  readonly isUnclear: boolean;
}

export interface KernelEventOptions {
  /** Asked for every batch: indexes change when devices are made anew. */
  readonly filter: () => EventFilter | undefined;
  readonly onNews: (news: KernelNews) => void;
  /** Sees every batch. */
  readonly strangers: StrangerNotice;
  readonly onFatal: (error: NetlinkError) => void;
}

const GROUPS = [
  RTNLGRP.LINK,
  RTNLGRP.NEIGH,
  RTNLGRP.IPV4_IFADDR,
  RTNLGRP.IPV4_ROUTE,
  RTNLGRP.IPV6_IFADDR,
  RTNLGRP.IPV6_ROUTE,
  RTNLGRP.NEXTHOP,
];
/** A mass change of another program must not be a loss at once; a loss costs one more pass. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** ndmsg, ifaddrmsg and ifinfomsg all have their interface index here. */
const INDEX = 4;

/** Whether an event contradicts what is wanted, or the one entry of a peer that it says is gone. */
type Verdict = boolean | MissingEntry;
type Judge = (message: Message, filter: EventFilter) => Verdict;

/** A neighbour that is deleted is told as failed first. */
function neighborVerdict(found: Neighbor, isThere: boolean, tunnel: TunnelFilter): Verdict {
  const { ifindex, destination: address } = found;
  const mac = tunnel.peerAt(address)?.vtepMac;
  const foundMac = isThere && found.state === NUD.PERMANENT ? found.mac : undefined;
  if (mac === foundMac) return false;
  return mac === undefined || { kind: 'neighbor', ifindex, address, mac };
}

/** Of an entry that leads to several places one may be gone: only the right one is missed. */
function fdbVerdict({ ifindex, mac, state, remote: found }: FdbEntry, isThere: boolean, tunnel: TunnelFilter): Verdict {
  const remote = tunnel.remoteOf(mac);
  if (!isThere && remote !== undefined && found === remote) return { kind: 'fdb', ifindex, mac, remote };
  return remote !== (isThere && state === NUD.PERMANENT ? found : undefined);
}

/**
 * Neighbours of the underlay come and go all the time: only our device's count, and of those what is as it should be needs no
 * pass. Most such news is the echo of our own writes.
 */
const neighborConcerns: Judge = (message, filter) => {
  const tunnel = filter.tunnels.get(message.payload.readInt32LE(INDEX));
  if (tunnel === undefined) return false;
  const isThere = message.type === RTM.NEWNEIGH;
  const neighbor = decodeNeighbor(message);
  if (neighbor !== undefined) return neighborVerdict(neighbor, isThere, tunnel);
  const entry = decodeFdb(message);
  return entry !== undefined && fdbVerdict(entry, isThere, tunnel);
};

const addressConcerns: Judge = ({ payload }, filter) => {
  const ifindex = payload.readInt32LE(INDEX);
  return filter.tunnels.has(ifindex) || filter.ownIfindexes.has(ifindex) || ifindex === filter.underlayIfindex;
};

const linkConcerns: Judge = (message, filter) => {
  const name = decodeLink(message)?.name;
  return name !== undefined && filter.linkNames.has(name);
};

function tunnelRouteVerdict(
  { destination, onlink, gateway, oif = 0 }: Route,
  isThere: boolean,
  tunnel: TunnelFilter,
): Verdict {
  const isWanted = tunnel.peerAt(destination.address)?.subnet.prefixLength === destination.prefixLength;
  const isOurs = onlink && gateway === destination.address;
  if (isWanted && isOurs && !isThere) return { kind: 'route', ifindex: oif, destination };
  return isWanted !== (isThere && isOurs);
}

/** A route that took the place of ours tells of its own device only. */
const routeConcerns: Judge = (message, filter) => {
  const route = decodeRoute(message);
  if (route?.table !== RT_TABLE_MAIN) return false;
  const isThere = message.type === RTM.NEWROUTE;
  if (route.oif !== undefined && filter.ownIfindexes.has(route.oif)) return true;
  const tunnel = route.oif === undefined ? undefined : filter.tunnels.get(route.oif);
  return tunnel === undefined
    ? underlayRouteConcerns(route, isThere, filter)
    : tunnelRouteVerdict(route, isThere, tunnel);
};

function underlayRouteConcerns(route: Route, isThere: boolean, filter: EventFilter): boolean {
  const { destination, gateway, protocol } = route;
  const isOurs = filter.networks.some((network) => cidrOverlaps(destination, network));
  if (!isOurs || destination.prefixLength === 0) return filter.followsRoutes && protocol !== RTPROT_WEFT;
  if (protocol === RTPROT_WEFT && filter.isBlackhole(destination)) return !isThere;
  const wanted = filter.directGateway(destination);
  // The echo of what we set, or of what we took away.
  if (isThere && protocol === RTPROT_WEFT) return wanted !== gateway;
  return isThere || protocol !== RTPROT_WEFT || wanted !== undefined;
}

/** With a deleted object the kernel drops its route, and tells nothing of that. */
const nexthopConcerns: Judge = (message, filter) => {
  const nexthop = decodeNexthop(message);
  const tunnel = nexthop && filter.tunnels.get(nexthop.oif);
  if (nexthop === undefined || tunnel === undefined) return false;
  const { id, oif: ifindex, gateway, onlink } = nexthop;
  const destination = tunnel.peerOfNexthop(id)?.subnet;
  const isThere = message.type === RTM.NEWNEXTHOP;
  if (destination === undefined) return isThere && nexthop.protocol === RTPROT_WEFT;
  if (!isThere) return { kind: 'route', ifindex, destination };
  return gateway !== destination.address || !onlink;
};

const JUDGES: ReadonlyMap<number, Judge> = new Map([
  [RTM.NEWNEIGH, neighborConcerns],
  [RTM.DELNEIGH, neighborConcerns],
  [RTM.NEWADDR, addressConcerns],
  [RTM.DELADDR, addressConcerns],
  [RTM.NEWLINK, linkConcerns],
  [RTM.DELLINK, linkConcerns],
  [RTM.NEWROUTE, routeConcerns],
  [RTM.DELROUTE, routeConcerns],
  [RTM.NEWNEXTHOP, nexthopConcerns],
  [RTM.DELNEXTHOP, nexthopConcerns],
]);

/** The same for what is told twice. */
function nameOf(entry: MissingEntry): string {
  if (entry.kind === 'route') return `route ${cidrKey(entry.destination)}`;
  return entry.kind === 'fdb' ? `fdb ${entry.ifindex} ${entry.mac}` : `neighbor ${entry.ifindex} ${entry.address}`;
}

/** What of a batch is not as it should be; `undefined` when all of it is. */
export function newsOf(messages: readonly Message[], filter: EventFilter): KernelNews | undefined {
  const missing = new Map<string, MissingEntry>();
  let isUnclear = false;
  for (const message of messages) {
    const verdict = JUDGES.get(message.type)?.(message, filter) ?? false;
    if (verdict === true) isUnclear = true;
    else if (verdict !== false) missing.set(nameOf(verdict), verdict);
  }
  return isUnclear || missing.size > 0 ? { missing: [...missing.values()], isUnclear } : undefined;
}

/** Tells when the kernel's state of the overlay is not, or may not be, as it should be. @throws {NetlinkError} */
export function watchKernel({ filter, onNews, strangers, onFatal }: KernelEventOptions): NetlinkWatch {
  return watchRoute({
    groups: GROUPS,
    receiveBufferBytes: RECEIVE_BUFFER_BYTES,
    onFatal,
    onEvents: ({ messages, overrun }) => {
      const wanted = filter();
      if (overrun) strangers.change();
      if (wanted === undefined) return;
      strangers.see(messages, wanted);
      const news = overrun ? { missing: [], isUnclear: true } : newsOf(messages, wanted);
      if (news !== undefined) onNews(news);
    },
  });
}
