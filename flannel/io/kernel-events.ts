import { cidr4Overlaps, type Cidr4 } from '../../native/net/cidr.ts';
import { decodeLink } from '../../native/netlink/link.ts';
import { RTM, RTNLGRP, type Message } from '../../native/netlink/message.ts';
import { decodeRoute4 } from '../../native/netlink/route.ts';
import { watchRoute, type NetlinkWatch } from '../../native/netlink/socket.ts';
import type { NetlinkError } from '../../native/netlink/errors.ts';

/** What an event must concern to be of interest. */
export interface EventFilter {
  readonly deviceName: string;
  readonly deviceIfindex: number | undefined;
  readonly underlayName: string;
  readonly underlayIfindex: number | undefined;
  readonly network: Cidr4;
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

/** Neighbours of the underlay come and go all the time: only our device's count. */
const neighborConcerns: Judge = ({ payload }, filter) => payload.readInt32LE(INDEX) === filter.deviceIfindex;

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
  const route = decodeRoute4(message);
  if (route === undefined) return false;
  const isOnDevice = route.oif !== undefined && route.oif === filter.deviceIfindex;
  return isOnDevice || (route.destination.prefixLength > 0 && cidr4Overlaps(route.destination, filter.network));
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

/** Whether an event is about our device, what is on it, the interface below, or a route inside the network. */
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
