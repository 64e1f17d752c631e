import { attributesOf, type AttributeReader } from './attribute-reader.ts';
import { MessageWriter } from './attribute-writer.ts';
import { NLM_F, RTM, type Message } from './message.ts';

/** struct if_stats_msg: u8 family, u8 pad, u16 pad, u32 ifindex, u32 filter mask. */
const IF_STATS_MSG_BYTES = 12;
const FILTER_MASK = 8;
const IFLA_STATS_LINK_64 = 1;
/** struct ifinfomsg, whose index is at the same place. */
const IFINFOMSG_BYTES = 16;
const IFLA_STATS64 = 23;
const IFINDEX = 4;

/** The members of struct rtnl_link_stats64 in their order, up to the last that every kernel since 4.7 has. */
export const LINK_COUNTERS = [
  'receivePackets',
  'transmitPackets',
  'receiveBytes',
  'transmitBytes',
  'receiveErrors',
  'transmitErrors',
  'receiveDropped',
  'transmitDropped',
  'multicast',
  'collisions',
  'receiveLengthErrors',
  'receiveOverErrors',
  'receiveCrcErrors',
  'receiveFrameErrors',
  'receiveFifoErrors',
  'receiveMissedErrors',
  'transmitAbortedErrors',
  'transmitCarrierErrors',
  'transmitFifoErrors',
  'transmitHeartbeatErrors',
  'transmitWindowErrors',
  'receiveCompressed',
  'transmitCompressed',
] as const;

/** Place of each counter in {@link LinkStats}. */
export const LINK_COUNTER = Object.freeze(
  Object.fromEntries(LINK_COUNTERS.map((name, index) => [name, index])),
) as Readonly<Record<(typeof LINK_COUNTERS)[number], number>>;

/** Counters of one interface since it was made; `ip -s -s link show`. */
export interface LinkStats {
  readonly ifindex: number;
  /** {@link LINK_COUNTERS}; above 2^53 the last digits are lost. */
  readonly counters: Float64Array;
}

/** Dump of the 64-bit counters of all interfaces and of nothing else: 232 bytes an interface, where a dump of links has 1,700. */
export function encodeGetStats(): Buffer {
  return new MessageWriter(RTM.GETSTATS, NLM_F.REQUEST | NLM_F.DUMP, IF_STATS_MSG_BYTES)
    .fixedU32(FILTER_MASK, 1 << (IFLA_STATS_LINK_64 - 1))
    .finish();
}

const WORD = 2 ** 32;

function countersIn(reader: AttributeReader, type: number): Float64Array | undefined {
  while (reader.next()) {
    if (reader.type !== type) continue;
    const bytes = reader.bytes();
    const counters = new Float64Array(LINK_COUNTERS.length).fill(Number.NaN);
    const known = Math.min(counters.length, Math.floor(bytes.length / 8));
    for (let index = 0; index < known; index += 1)
      counters[index] = bytes.readUInt32LE(index * 8) + bytes.readUInt32LE(index * 8 + 4) * WORD;
    return counters;
  }
  return undefined;
}

/**
 * Decodes RTM_NEWSTATS, and the counters of RTM_NEWLINK where they were not left out. `undefined` for other types and where there are
 * none. @throws {NetlinkError} EBADMSG.
 */
export function decodeLinkStats(message: Message): LinkStats | undefined {
  const isStats = message.type === RTM.NEWSTATS;
  if (!isStats && message.type !== RTM.NEWLINK) return undefined;
  const reader = attributesOf(message, isStats ? IF_STATS_MSG_BYTES : IFINFOMSG_BYTES, 'decode link counters');
  const counters = countersIn(reader, isStats ? IFLA_STATS_LINK_64 : IFLA_STATS64);
  return counters === undefined ? undefined : { ifindex: message.payload.readInt32LE(IFINDEX), counters };
}
