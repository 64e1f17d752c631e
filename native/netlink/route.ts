import { cidr, formatIp, type Cidr, type IpAddress } from '../net/ip.ts';
import type { Ipv4 } from '../net/ipv4.ts';
import { ipv6FromBytes, ipv6ToBytes, type Ipv6 } from '../net/ipv6.ts';
import { attributesOf, type AttributeReader } from './attribute-reader.ts';
import { MessageWriter } from './attribute-writer.ts';
import { AF, familyOf, isIpFamily, malformed, NLM_F, RTM, type IpFamily, type Message } from './message.ts';

/** A route; a line of `ip -d route show table all`. */
export interface Route {
  /** Decides the route's family. */
  readonly destination: Cidr;
  /** Of the destination's family; for an IPv4 route also an IPv6 address. */
  readonly gateway: IpAddress | undefined;
  /** Outgoing interface. Encoding 0 sends an empty RTA_OIF, as flannel does for direct routes: the kernel finds the device. */
  readonly oif: number | undefined;
  readonly table: number;
  /** Who installed it: {@link RTPROT}, or a number of one's own. */
  readonly protocol: number;
  /** RT_SCOPE_*: 0 universe, 253 link, 254 host. */
  readonly scope: number;
  /** {@link RTN}. */
  readonly type: number;
  /** The gateway need not be reachable by the interface's own addresses. */
  readonly onlink: boolean;
  /**
   * Metric. `undefined`, like 0, leaves it to the kernel, whose own is 0 for IPv4 (and is then not told) and 1024 for IPv6 (always
   * told: {@link DEFAULT_PRIORITY6}). A delete without it takes an IPv4 route of metric 0, but an IPv6 route of any.
   */
  readonly priority: number | undefined;
  /** Encoding leaves gateway, oif and onlink out when set, for the kernel takes one or the other; a dump tells all of them. */
  readonly nexthopId: number | undefined;
  readonly prefSource: IpAddress | undefined;
}

/** What the kernel gives an IPv6 route that comes without a metric. */
export const DEFAULT_PRIORITY6 = 1024;
export const RT_TABLE_MAIN = 254;
export const RTPROT = { UNSPEC: 0, KERNEL: 2, BOOT: 3, STATIC: 4 } as const;
export const RTN = { UNSPEC: 0, UNICAST: 1, LOCAL: 2, BLACKHOLE: 6 } as const;
export const RT_SCOPE = { UNIVERSE: 0, LINK: 253, HOST: 254, NOWHERE: 255 } as const;

const RTA = { DST: 1, OIF: 4, GATEWAY: 5, PRIORITY: 6, PREFSRC: 7, TABLE: 15, VIA: 18, NH_ID: 30 } as const;
const RTNH_F_ONLINK = 4;

/** struct rtmsg: u8 family, dst_len, src_len, tos, table, protocol, scope, type; u32 flags. */
const RTMSG_BYTES = 12;
const DST_LEN = 1;
const TABLE = 4;
const PROTOCOL = 5;
const SCOPE = 6;
const TYPE = 7;
const FLAGS = 8;

function writeGateway(writer: MessageWriter, family: IpFamily, gateway: IpAddress): void {
  if (familyOf(gateway) === family) {
    writer.ip(RTA.GATEWAY, gateway);
  } else if (typeof gateway === 'bigint') {
    writer.bytes(RTA.VIA, Uint8Array.of(AF.INET6, 0, ...ipv6ToBytes(gateway)));
  } else {
    throw new RangeError(`an IPv6 route has no IPv4 gateway, such as ${formatIp(gateway)}`);
  }
}

function writeRoute(type: number, flags: number, route: Route): Buffer {
  const family = familyOf(route.destination.address);
  const viaNexthop = route.nexthopId !== undefined;
  const writer = new MessageWriter(type, flags, RTMSG_BYTES)
    .fixedU8(0, family)
    .fixedU8(DST_LEN, route.destination.prefixLength)
    // rtm_table is a byte; larger tables go in RTA_TABLE alone.
    .fixedU8(TABLE, route.table > 255 ? 0 : route.table)
    .fixedU8(PROTOCOL, route.protocol)
    .fixedU8(SCOPE, route.scope)
    .fixedU8(TYPE, route.type)
    .fixedU32(FLAGS, route.onlink && !viaNexthop ? RTNH_F_ONLINK : 0);
  if (route.destination.prefixLength > 0) writer.ip(RTA.DST, route.destination.address);
  if (route.prefSource !== undefined) writer.ip(RTA.PREFSRC, route.prefSource);
  if (route.gateway !== undefined && !viaNexthop) writeGateway(writer, family, route.gateway);
  if (route.priority !== undefined) writer.u32(RTA.PRIORITY, route.priority);
  if (route.table > 255) writer.u32(RTA.TABLE, route.table);
  if (route.nexthopId !== undefined) writer.u32(RTA.NH_ID, route.nexthopId);
  else if (route.oif !== undefined) writer.u32(RTA.OIF, route.oif);
  return writer.finish();
}

/** `ip route replace …`: also replaces a foreign route to the same destination, table and metric. */
export function encodeReplaceRoute(route: Route): Buffer {
  return writeRoute(RTM.NEWROUTE, NLM_F.REQUEST | NLM_F.ACK | NLM_F.CREATE | NLM_F.REPLACE, route);
}

/** `ip route add …`. EEXIST if there is one to the same destination, table and metric. */
export function encodeNewRoute(route: Route): Buffer {
  return writeRoute(RTM.NEWROUTE, NLM_F.REQUEST | NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL, route);
}

/** `ip route del …`: takes only what matches; protocol 0, type 0 and scope 255 match any. ESRCH if none does. */
export function encodeDelRoute(route: Route): Buffer {
  return writeRoute(RTM.DELROUTE, NLM_F.REQUEST | NLM_F.ACK, route);
}

export interface RouteFilter {
  readonly family: IpFamily;
  readonly oif?: number | undefined;
  readonly table?: number | undefined;
  readonly protocol?: number | undefined;
}

/** Dump of a family's routes, filtered by the kernel (strict checking); ENODEV if `oif` is gone, ENOENT if `table` never held a route. */
export function encodeGetRoutes({ family, oif, table = 0, protocol = 0 }: RouteFilter): Buffer {
  const writer = new MessageWriter(RTM.GETROUTE, NLM_F.REQUEST | NLM_F.DUMP, RTMSG_BYTES)
    .fixedU8(0, family)
    .fixedU8(TABLE, table > 255 ? 0 : table)
    .fixedU8(PROTOCOL, protocol);
  if (table > 255) writer.u32(RTA.TABLE, table);
  if (oif !== undefined) writer.u32(RTA.OIF, oif);
  return writer.finish();
}

/** `ip route get TARGET`: which interface and source address a packet would take. ENETUNREACH or EHOSTUNREACH without a route. */
export function encodeGetRoute(target: IpAddress): Buffer {
  const family = familyOf(target);
  return new MessageWriter(RTM.GETROUTE, NLM_F.REQUEST | NLM_F.ACK, RTMSG_BYTES)
    .fixedU8(0, family)
    .fixedU8(DST_LEN, family === AF.INET ? 32 : 128)
    .ip(RTA.DST, target)
    .finish();
}

interface RouteAttributes {
  address: IpAddress;
  gateway: IpAddress | undefined;
  oif: number | undefined;
  table: number;
  priority: number | undefined;
  nexthopId: number | undefined;
  prefSource: IpAddress | undefined;
}

/** The gateway of an IPv4 route that is no IPv4 address: struct rtvia, u16 family and the address. */
function readVia(reader: AttributeReader): Ipv6 | undefined {
  const bytes = reader.bytes();
  return bytes.length === 18 && bytes[0] === AF.INET6 ? ipv6FromBytes(bytes.subarray(2)) : undefined;
}

function readAttributes(reader: AttributeReader, family: IpFamily, table: number): RouteAttributes {
  const read: RouteAttributes = {
    address: family === AF.INET ? (0 as Ipv4) : (0n as Ipv6),
    gateway: undefined,
    oif: undefined,
    table,
    priority: undefined,
    nexthopId: undefined,
    prefSource: undefined,
  };
  while (reader.next()) {
    // A chain and no table of functions: this is the loop that a dump of 10,000 routes runs 50,000 times.
    if (reader.type === RTA.DST) read.address = reader.ip(family, 'RTA_DST');
    else if (reader.type === RTA.OIF) read.oif = reader.u32('RTA_OIF');
    else if (reader.type === RTA.GATEWAY) read.gateway = reader.ip(family, 'RTA_GATEWAY');
    else if (reader.type === RTA.TABLE) read.table = reader.u32('RTA_TABLE');
    else if (reader.type === RTA.PRIORITY) read.priority = reader.u32('RTA_PRIORITY');
    else if (reader.type === RTA.NH_ID) read.nexthopId = reader.u32('RTA_NH_ID');
    else if (reader.type === RTA.PREFSRC) read.prefSource = reader.ip(family, 'RTA_PREFSRC');
    else if (reader.type === RTA.VIA) read.gateway = readVia(reader);
  }
  return read;
}

/**
 * Decodes RTM_NEWROUTE and RTM_DELROUTE; `undefined` for other types and families. A multipath route has neither gateway nor
 * oif here. @throws {NetlinkError} EBADMSG.
 */
export function decodeRoute(message: Message): Route | undefined {
  if (message.type !== RTM.NEWROUTE && message.type !== RTM.DELROUTE) return undefined;
  const reader = attributesOf(message, RTMSG_BYTES, 'decode route');
  const { payload } = message;
  const family = payload.readUInt8(0);
  if (!isIpFamily(family)) return undefined;
  const prefixLength = payload.readUInt8(DST_LEN);
  const longest = family === AF.INET ? 32 : 128;
  if (prefixLength > longest)
    throw malformed('decode route', 'rtm_dst_len', `${prefixLength}, expected 0 to ${longest}`);
  const { address, gateway, oif, table, priority, nexthopId, prefSource } = readAttributes(
    reader,
    family,
    payload.readUInt8(TABLE),
  );
  return {
    destination: cidr(address, prefixLength),
    gateway,
    oif,
    table,
    protocol: payload.readUInt8(PROTOCOL),
    scope: payload.readUInt8(SCOPE),
    type: payload.readUInt8(TYPE),
    onlink: (payload.readUInt32LE(FLAGS) & RTNH_F_ONLINK) !== 0,
    priority,
    nexthopId,
    prefSource,
  };
}
