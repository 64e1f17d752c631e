import type { IpAddress } from '../net/ip.ts';
import type { MacAddress } from '../net/mac.ts';
import { attributesOf, type AttributeReader } from './attribute-reader.ts';
import { MessageWriter } from './attribute-writer.ts';
import { AF, familyOf, isIpFamily, NLM_F, RTM, type IpFamily, type Message } from './message.ts';

/** A neighbour (ARP or NDP entry); a line of `ip neigh`. */
export interface Neighbor {
  readonly ifindex: number;
  readonly destination: IpAddress;
  /** `undefined` while unresolved or failed. */
  readonly mac: MacAddress | undefined;
  /** {@link NUD} bits. */
  readonly state: number;
  /** {@link NTF} bits. */
  readonly flags: number;
}

/** A forwarding entry of a vxlan device or a bridge; a line of `bridge fdb`. */
export interface FdbEntry {
  readonly ifindex: number;
  readonly mac: MacAddress;
  /** The VTEP behind the MAC; `undefined` for a bridge's entries. */
  readonly remote: IpAddress | undefined;
  /** NUD bits. */
  readonly state: number;
  /** NTF bits; SELF for a vxlan device's own table, MASTER for its bridge's. */
  readonly flags: number;
  readonly vlan?: number;
  /** UDP port of the remote where it is not the device's own. */
  readonly port?: number;
  readonly vni?: number;
}

/** Neighbour states. */
export const NUD = {
  INCOMPLETE: 0x01,
  REACHABLE: 0x02,
  STALE: 0x04,
  DELAY: 0x08,
  PROBE: 0x10,
  FAILED: 0x20,
  NOARP: 0x40,
  PERMANENT: 0x80,
} as const;
/** Neighbour flags; an FDB entry of a vxlan device carries SELF. */
export const NTF = { USE: 0x01, SELF: 0x02, MASTER: 0x04, EXT_LEARNED: 0x10, ROUTER: 0x80 } as const;

const NDA = { DST: 1, LLADDR: 2, VLAN: 5, PORT: 6, VNI: 7, IFINDEX: 8 } as const;
const RTN_UNICAST = 1;

/** struct ndmsg: u8 family, u8 pad, u16 pad, s32 ifindex, u16 state, u8 flags, u8 type. */
const NDMSG_BYTES = 12;
const INDEX = 4;
const STATE = 8;
const FLAGS = 10;
const TYPE = 11;

function writeNeighbor(type: number, flags: number, entry: Neighbor): Buffer {
  const writer = new MessageWriter(type, flags, NDMSG_BYTES)
    .fixedU8(0, familyOf(entry.destination))
    .fixedU32(INDEX, entry.ifindex)
    .fixedU16(STATE, entry.state)
    .fixedU8(FLAGS, entry.flags)
    .fixedU8(TYPE, RTN_UNICAST)
    .ip(NDA.DST, entry.destination);
  if (entry.mac !== undefined) writer.mac(NDA.LLADDR, entry.mac);
  return writer.finish();
}

/** `ip neigh replace ADDRESS lladdr MAC dev IF nud permanent`. */
export function encodeReplaceNeighbor(entry: Neighbor): Buffer {
  return writeNeighbor(RTM.NEWNEIGH, NLM_F.REQUEST | NLM_F.ACK | NLM_F.CREATE | NLM_F.REPLACE, entry);
}

/** `ip neigh del ADDRESS dev IF`. ENOENT if there is none. */
export function encodeDelNeighbor(entry: Neighbor): Buffer {
  return writeNeighbor(RTM.DELNEIGH, NLM_F.REQUEST | NLM_F.ACK, entry);
}

export interface NeighborFilter {
  readonly family: IpFamily;
  readonly ifindex?: number | undefined;
}

/** Dump of a family's neighbours, of one interface if given (filtered by the kernel). */
export function encodeGetNeighbors({ family, ifindex }: NeighborFilter): Buffer {
  const writer = new MessageWriter(RTM.GETNEIGH, NLM_F.REQUEST | NLM_F.DUMP, NDMSG_BYTES).fixedU8(0, family);
  // In a strict dump the struct's own ifindex must be 0: the filter is an attribute.
  if (ifindex !== undefined) writer.u32(NDA.IFINDEX, ifindex);
  return writer.finish();
}

/** Decodes RTM_NEWNEIGH and RTM_DELNEIGH of AF_INET and AF_INET6; `undefined` for the rest. @throws {NetlinkError} EBADMSG. */
export function decodeNeighbor(message: Message): Neighbor | undefined {
  if (message.type !== RTM.NEWNEIGH && message.type !== RTM.DELNEIGH) return undefined;
  const reader = attributesOf(message, NDMSG_BYTES, 'decode neighbour');
  const { payload } = message;
  const family = payload.readUInt8(0);
  if (!isIpFamily(family)) return undefined;
  let destination: IpAddress | undefined;
  let mac: MacAddress | undefined;
  while (reader.next()) {
    if (reader.type === NDA.DST) destination = reader.ip(family, 'NDA_DST');
    else if (reader.type === NDA.LLADDR && reader.length === 6) mac = reader.mac('NDA_LLADDR');
  }
  if (destination === undefined) return undefined;
  return {
    ifindex: payload.readInt32LE(INDEX),
    destination,
    mac,
    state: payload.readUInt16LE(STATE),
    flags: payload.readUInt8(FLAGS),
  };
}

interface FdbRequest {
  readonly type: number;
  readonly flags: number;
  readonly state: number;
}

function writeFdb({ type, flags, state }: FdbRequest, entry: FdbEntry): Buffer {
  const writer = new MessageWriter(type, flags, NDMSG_BYTES)
    .fixedU8(0, AF.BRIDGE)
    .fixedU32(INDEX, entry.ifindex)
    .fixedU16(STATE, state)
    .fixedU8(FLAGS, entry.flags);
  if (entry.remote !== undefined) writer.ip(NDA.DST, entry.remote);
  writer.mac(NDA.LLADDR, entry.mac);
  if (entry.vlan !== undefined) writer.u16(NDA.VLAN, entry.vlan);
  if (entry.vni !== undefined) writer.u32(NDA.VNI, entry.vni);
  if (entry.port !== undefined) writer.u16be(NDA.PORT, entry.port);
  return writer.finish();
}

/** `bridge fdb replace MAC dev IF dst REMOTE self permanent`: takes the place of an entry with the same MAC. */
export function encodeReplaceFdb(entry: FdbEntry): Buffer {
  const flags = NLM_F.REQUEST | NLM_F.ACK | NLM_F.CREATE | NLM_F.REPLACE;
  return writeFdb({ type: RTM.NEWNEIGH, flags, state: entry.state }, entry);
}

/** `bridge fdb del MAC dev IF dst REMOTE self`; without a remote all of the MAC's go. ENOENT if there is none. */
export function encodeDelFdb(entry: FdbEntry): Buffer {
  return writeFdb({ type: RTM.DELNEIGH, flags: NLM_F.REQUEST | NLM_F.ACK, state: 0 }, entry);
}

/** Dump of one device's entries; `bridge fdb show dev IF`. */
export function encodeGetFdb({ ifindex }: { readonly ifindex: number }): Buffer {
  return new MessageWriter(RTM.GETNEIGH, NLM_F.REQUEST | NLM_F.DUMP, NDMSG_BYTES)
    .fixedU8(0, AF.BRIDGE)
    .fixedU32(INDEX, ifindex)
    .finish();
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function readAttribute(entry: Writable<Partial<FdbEntry>>, reader: AttributeReader): void {
  if (reader.type === NDA.DST) entry.remote = reader.ipOfAnyFamily('NDA_DST');
  else if (reader.type === NDA.LLADDR) entry.mac = reader.mac('NDA_LLADDR');
  else if (reader.type === NDA.VLAN) entry.vlan = reader.u16('NDA_VLAN');
  else if (reader.type === NDA.PORT) entry.port = reader.u16be('NDA_PORT');
  else if (reader.type === NDA.VNI) entry.vni = reader.u32('NDA_VNI');
}

/** Decodes RTM_NEWNEIGH and RTM_DELNEIGH of AF_BRIDGE that carry a MAC; `undefined` for the rest. @throws {NetlinkError} EBADMSG. */
export function decodeFdb(message: Message): FdbEntry | undefined {
  if (message.type !== RTM.NEWNEIGH && message.type !== RTM.DELNEIGH) return undefined;
  const reader = attributesOf(message, NDMSG_BYTES, 'decode FDB entry');
  const { payload } = message;
  if (payload.readUInt8(0) !== AF.BRIDGE) return undefined;
  const read: Writable<Partial<FdbEntry>> = {};
  while (reader.next()) readAttribute(read, reader);
  const { mac, remote, ...rest } = read;
  if (mac === undefined) return undefined;
  return {
    ifindex: payload.readInt32LE(INDEX),
    mac,
    remote,
    state: payload.readUInt16LE(STATE),
    flags: payload.readUInt8(FLAGS),
    ...rest,
  };
}
