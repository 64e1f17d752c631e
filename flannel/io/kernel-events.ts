import { cidrOverlaps, type Cidr, type IpAddress } from '../../native/net/ip.ts';
import type { MacAddress } from '../../native/net/mac.ts';
import type { NetlinkError } from '../../native/netlink/errors.ts';
import { decodeLink } from '../../native/netlink/link.ts';
import { RTM, RTNLGRP, type Message } from '../../native/netlink/message.ts';
import { decodeFdb, decodeNeighbor, NUD } from '../../native/netlink/neighbor.ts';
import { decodeRoute, RT_TABLE_MAIN, type Route } from '../../native/netlink/route.ts';
import { watchRoute, type NetlinkWatch } from '../../native/netlink/socket.ts';
import type { Peer } from '../model/overlay.ts';
import { RTPROT_WEFT } from './steps.ts';

/** What is expected of one of our devices. */
export interface TunnelFilter {
  /** The peer whose subnet starts at an address. */
  readonly peerAt: (address: IpAddress) => Peer | undefined;
  /** Where a VTEP MAC has to lead, of any peer. */
  readonly remoteOf: (mac: MacAddress) => IpAddress | undefined;
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

export interface KernelEventOptions {
  /** Asked for every batch: indexes change when devices are made anew. */
  readonly filter: () => EventFilter | undefined;
  readonly onChange: () => void;
  readonly onFatal: (error: NetlinkError) => void;
}

const GROUPS = [
  RTNLGRP.LINK,
  RTNLGRP.NEIGH,
  RTNLGRP.IPV4_IFADDR,
  RTNLGRP.IPV4_ROUTE,
  RTNLGRP.IPV6_IFADDR,
  RTNLGRP.IPV6_ROUTE,
];
/** A mass change of another program must not be a loss at once; a loss costs one more pass. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** ndmsg, ifaddrmsg and ifinfomsg all have their interface index here. */
const INDEX = 4;

type Judge = (message: Message, filter: EventFilter) => boolean;

/**
 * Neighbours of the underlay come and go all the time: only our device's count, and of those what is as it should be needs no
 * pass. Most such news is the echo of our own writes.
 */
const neighborConcerns: Judge = (message, filter) => {
  const tunnel = filter.tunnels.get(message.payload.readInt32LE(INDEX));
  if (tunnel === undefined) return false;
  const isThere = message.type === RTM.NEWNEIGH;
  const neighbor = decodeNeighbor(message);
  if (neighbor !== undefined) {
    const wanted = tunnel.peerAt(neighbor.destination)?.vtepMac;
    const found = isThere && neighbor.state === NUD.PERMANENT ? neighbor.mac : undefined;
    return wanted !== found;
  }
  const entry = decodeFdb(message);
  if (entry === undefined) return false;
  const found = isThere && entry.state === NUD.PERMANENT ? entry.remote : undefined;
  return tunnel.remoteOf(entry.mac) !== found;
};

const addressConcerns: Judge = ({ payload }, filter) => {
  const ifindex = payload.readInt32LE(INDEX);
  return filter.tunnels.has(ifindex) || filter.ownIfindexes.has(ifindex) || ifindex === filter.underlayIfindex;
};

const linkConcerns: Judge = (message, filter) => {
  const name = decodeLink(message)?.name;
  return name !== undefined && filter.linkNames.has(name);
};

/** A route that took the place of ours tells of its own device only. */
const routeConcerns: Judge = (message, filter) => {
  const route = decodeRoute(message);
  if (route?.table !== RT_TABLE_MAIN) return false;
  const isThere = message.type === RTM.NEWROUTE;
  if (route.oif !== undefined && filter.ownIfindexes.has(route.oif)) return true;
  const tunnel = route.oif === undefined ? undefined : filter.tunnels.get(route.oif);
  if (tunnel === undefined) return underlayRouteConcerns(route, isThere, filter);
  const peer = tunnel.peerAt(route.destination.address);
  const isWanted = peer?.subnet.prefixLength === route.destination.prefixLength;
  const isRight = isThere && route.onlink && route.gateway === route.destination.address;
  return isWanted !== isRight;
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

const JUDGES: ReadonlyMap<number, Judge> = new Map([
  [RTM.NEWNEIGH, neighborConcerns],
  [RTM.DELNEIGH, neighborConcerns],
  [RTM.NEWADDR, addressConcerns],
  [RTM.DELADDR, addressConcerns],
  [RTM.NEWLINK, linkConcerns],
  [RTM.DELLINK, linkConcerns],
  [RTM.NEWROUTE, routeConcerns],
  [RTM.DELROUTE, routeConcerns],
]);

/** Whether an event tells of something that is not as it should be: our device, what is on it, the interface below, a route. */
export function concernsOverlay(message: Message, filter: EventFilter): boolean {
  return JUDGES.get(message.type)?.(message, filter) ?? false;
}

/** Wakes the loop when the kernel's state of the overlay may have changed. @throws {NetlinkError} */
export function watchKernel({ filter, onChange, onFatal }: KernelEventOptions): NetlinkWatch {
  return watchRoute({
    groups: GROUPS,
    receiveBufferBytes: RECEIVE_BUFFER_BYTES,
    onFatal,
    onEvents: ({ messages, overrun }) => {
      const wanted = filter();
      if (wanted === undefined) return;
      if (overrun || messages.some((message) => concernsOverlay(message, wanted))) onChange();
    },
  });
}
