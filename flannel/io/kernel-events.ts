import { cidr4Overlaps, type Cidr4 } from '../../native/net/cidr.ts';
import { isCidr6 } from '../../native/net/ip.ts';
import type { Ipv4 } from '../../native/net/ipv4.ts';
import type { MacAddress } from '../../native/net/mac.ts';
import type { NetlinkError } from '../../native/netlink/errors.ts';
import { decodeLink } from '../../native/netlink/link.ts';
import { RTM, RTNLGRP, type Message } from '../../native/netlink/message.ts';
import { decodeFdb, decodeNeighbor, NUD } from '../../native/netlink/neighbor.ts';
import { decodeRoute } from '../../native/netlink/route.ts';
import { watchRoute, type NetlinkWatch } from '../../native/netlink/socket.ts';
import type { Peer } from '../model/overlay.ts';

/** What an event must concern to be of interest. */
export interface EventFilter {
  readonly deviceName: string;
  readonly deviceIfindex: number | undefined;
  readonly underlayName: string;
  readonly underlayIfindex: number | undefined;
  readonly network: Cidr4;
  /** The peer whose subnet starts at an address. */
  readonly peerAt: (address: Ipv4) => Peer | undefined;
  /** Where a VTEP MAC has to lead, of any peer. */
  readonly remoteOf: (mac: MacAddress) => Ipv4 | undefined;
}

export interface KernelEventOptions {
  /** Asked for every batch: indexes change when devices are made anew. */
  readonly filter: () => EventFilter | undefined;
  readonly onChange: () => void;
  readonly onFatal: (error: NetlinkError) => void;
}

const GROUPS = [RTNLGRP.LINK, RTNLGRP.NEIGH, RTNLGRP.IPV4_IFADDR, RTNLGRP.IPV4_ROUTE];
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
  if (message.payload.readInt32LE(INDEX) !== filter.deviceIfindex) return false;
  const isThere = message.type === RTM.NEWNEIGH;
  const neighbor = decodeNeighbor(message);
  if (neighbor !== undefined) {
    if (typeof neighbor.destination !== 'number') return false;
    const wanted = filter.peerAt(neighbor.destination)?.vtepMac;
    const found = isThere && neighbor.state === NUD.PERMANENT ? neighbor.mac : undefined;
    return wanted !== found;
  }
  const entry = decodeFdb(message);
  if (entry === undefined) return false;
  const found = isThere && entry.state === NUD.PERMANENT ? entry.remote : undefined;
  return filter.remoteOf(entry.mac) !== found;
};

const addressConcerns: Judge = ({ payload }, filter) => {
  const ifindex = payload.readInt32LE(INDEX);
  return ifindex === filter.deviceIfindex || ifindex === filter.underlayIfindex;
};

const linkConcerns: Judge = (message, filter) => {
  const name = decodeLink(message)?.name;
  return name === filter.deviceName || name === filter.underlayName;
};

/** A route that took the place of ours tells of its own device only. */
const routeConcerns: Judge = (message, filter) => {
  const route = decodeRoute(message);
  if (route === undefined || isCidr6(route.destination)) return false;
  if (route.oif === undefined || route.oif !== filter.deviceIfindex) {
    return route.destination.prefixLength > 0 && cidr4Overlaps(route.destination, filter.network);
  }
  const peer = filter.peerAt(route.destination.address);
  const isWanted = peer?.subnet.prefixLength === route.destination.prefixLength;
  const isThere = message.type === RTM.NEWROUTE && route.onlink && route.gateway === route.destination.address;
  return isWanted !== isThere;
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
