import type { IpAddress } from '../net/ip.ts';
import { NetlinkError, ERRNO } from './errors.ts';

/** Bytes of `struct nlmsghdr`: u32 length, u16 type, u16 flags, u32 sequence, u32 port id, in the host's (little-endian) order. */
export const HEADER_BYTES = 16;

/** Netlink protocols, as linux/netlink.h numbers them. */
export const NETLINK = { ROUTE: 0, NETFILTER: 12, GENERIC: 16 } as const;
export type NetlinkProtocol = (typeof NETLINK)[keyof typeof NETLINK];

/** Message types of rtnetlink, as linux/rtnetlink.h names them. */
export const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
  NEWROUTE: 24,
  DELROUTE: 25,
  GETROUTE: 26,
  NEWNEIGH: 28,
  DELNEIGH: 29,
  GETNEIGH: 30,
  NEWNSID: 88,
  DELNSID: 89,
  GETNSID: 90,
  NEWSTATS: 92,
  GETSTATS: 94,
  NEWNEXTHOP: 104,
  DELNEXTHOP: 105,
  GETNEXTHOP: 106,
} as const;

/** Multicast groups of rtnetlink, for {@link watchRoute}. */
export const RTNLGRP = {
  LINK: 1,
  NEIGH: 3,
  IPV4_IFADDR: 5,
  IPV4_ROUTE: 7,
  IPV6_IFADDR: 9,
  IPV6_ROUTE: 11,
  NEXTHOP: 32,
} as const;

/** Header flags. REPLACE, EXCL, CREATE and APPEND belong to NEW requests, DUMP to GET requests. */
export const NLM_F = {
  REQUEST: 0x1,
  ACK: 0x4,
  DUMP_INTR: 0x10,
  REPLACE: 0x100,
  EXCL: 0x200,
  DUMP: 0x300,
  CREATE: 0x400,
  APPEND: 0x800,
} as const;

/** Address families. */
export const AF = { UNSPEC: 0, INET: 2, BRIDGE: 7, INET6: 10 } as const;

/** The family of what has IP addresses. */
export type IpFamily = typeof AF.INET | typeof AF.INET6;

/** AF_INET or AF_INET6. */
export function familyOf(address: IpAddress): IpFamily {
  return typeof address === 'bigint' ? AF.INET6 : AF.INET;
}

/** Narrows the family byte of a message. */
export function isIpFamily(family: number): family is IpFamily {
  return family === AF.INET || family === AF.INET6;
}

/** Types below this are netlink's own: NOOP, ERROR, DONE, OVERRUN. */
export const FIRST_PROTOCOL_TYPE = 16;

/** One message without its length: `payload` starts at the fixed part (ifinfomsg, rtmsg…) and shares memory with the datagram. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  /** The sender's port id; 0 is the kernel. */
  readonly pid: number;
  readonly payload: Buffer;
}

/** Netlink aligns messages and attributes to 4 bytes. */
export function aligned(bytes: number): number {
  return (bytes + 3) & ~3;
}

/** What a decoder throws: EBADMSG, naming the place and what is wrong there. */
export function malformed(operation: string, place: string, what: string): NetlinkError {
  return new NetlinkError({ operation, errno: ERRNO.EBADMSG, target: place, kernelMessage: what });
}

/** The messages in what one or more receives gave, one at a time. @throws {NetlinkError} EBADMSG when a length runs past the end. */
export function* eachMessage(buffer: Buffer): Generator<Message, void, undefined> {
  let offset = 0;
  while (offset < buffer.length) {
    const left = buffer.length - offset;
    const length = left < HEADER_BYTES ? 0 : buffer.readUInt32LE(offset);
    if (length < HEADER_BYTES || length > left) {
      throw malformed('decode message', `header at byte ${offset}`, `length ${length} with ${left} bytes left`);
    }
    yield {
      type: buffer.readUInt16LE(offset + 4),
      flags: buffer.readUInt16LE(offset + 6),
      seq: buffer.readUInt32LE(offset + 8),
      pid: buffer.readUInt32LE(offset + 12),
      payload: buffer.subarray(offset + HEADER_BYTES, offset + length),
    };
    offset += aligned(length);
  }
}

/** {@link eachMessage}, all of them. */
export function splitMessages(buffer: Buffer): Message[] {
  return [...eachMessage(buffer)];
}
