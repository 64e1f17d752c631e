import type { Ipv4 } from '../net/ipv4.ts';
import { attributesOf } from './attribute-reader.ts';
import { MessageWriter } from './attribute-writer.ts';
import { AF, NLM_F, RTM, type Message } from './message.ts';

/** An IPv4 address of an interface; a line of `ip -4 address`. */
export interface Address4 {
  readonly ifindex: number;
  readonly address: Ipv4;
  readonly prefixLength: number;
  /** RT_SCOPE_*: 0 universe, 253 link, 254 host. */
  readonly scope: number;
  readonly label?: string | undefined;
  /** IFA_F_* bits; {@link IFA_F.PERMANENT} is set on every address with no lifetime. */
  readonly flags: number;
}

export const IFA_F = { TEMPORARY: 0x01, DEPRECATED: 0x20, PERMANENT: 0x80 } as const;

const IFA = { ADDRESS: 1, LOCAL: 2, LABEL: 3, FLAGS: 8 } as const;

/** struct ifaddrmsg: u8 family, u8 prefix length, u8 flags, u8 scope, u32 index. */
const IFADDRMSG_BYTES = 8;
const PREFIX_LENGTH = 1;
const FLAGS = 2;
const SCOPE = 3;
const INDEX = 4;

export interface AddressOfLink {
  readonly ifindex: number;
  readonly address: Ipv4;
  readonly prefixLength: number;
  readonly scope?: number;
}

function writeAddress(type: number, flags: number, entry: AddressOfLink): Buffer {
  return new MessageWriter(type, flags, IFADDRMSG_BYTES)
    .fixedU8(0, AF.INET)
    .fixedU8(PREFIX_LENGTH, entry.prefixLength)
    .fixedU8(SCOPE, entry.scope ?? 0)
    .fixedU32(INDEX, entry.ifindex)
    .ipv4(IFA.LOCAL, entry.address)
    .ipv4(IFA.ADDRESS, entry.address)
    .finish();
}

/** `ip address add ADDRESS/LENGTH dev IF`. EEXIST if the link has it. */
export function encodeNewAddress4(entry: AddressOfLink): Buffer {
  return writeAddress(RTM.NEWADDR, NLM_F.REQUEST | NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL, entry);
}

/** `ip address del ADDRESS/LENGTH dev IF`. EADDRNOTAVAIL if the link has it not. */
export function encodeDelAddress4(entry: AddressOfLink): Buffer {
  return writeAddress(RTM.DELADDR, NLM_F.REQUEST | NLM_F.ACK, entry);
}

/** Dump of IPv4 addresses, of one interface if given; ENODEV if that is gone. */
export function encodeGetAddresses4({ ifindex = 0 }: { readonly ifindex?: number | undefined } = {}): Buffer {
  return new MessageWriter(RTM.GETADDR, NLM_F.REQUEST | NLM_F.DUMP, IFADDRMSG_BYTES)
    .fixedU8(0, AF.INET)
    .fixedU32(INDEX, ifindex)
    .finish();
}

/** Decodes RTM_NEWADDR and RTM_DELADDR; `undefined` for other types and families. @throws {NetlinkError} EBADMSG. */
export function decodeAddress4(message: Message): Address4 | undefined {
  if (message.type !== RTM.NEWADDR && message.type !== RTM.DELADDR) return undefined;
  const reader = attributesOf(message, IFADDRMSG_BYTES, 'decode address');
  const { payload } = message;
  if (payload.readUInt8(0) !== AF.INET) return undefined;
  let local: Ipv4 | undefined;
  let address: Ipv4 | undefined;
  let label: string | undefined;
  let flags = payload.readUInt8(FLAGS);
  while (reader.next()) {
    if (reader.type === IFA.LOCAL) local = reader.ipv4('IFA_LOCAL');
    else if (reader.type === IFA.ADDRESS) address = reader.ipv4('IFA_ADDRESS');
    else if (reader.type === IFA.LABEL) label = reader.text();
    else if (reader.type === IFA.FLAGS) flags = reader.u32('IFA_FLAGS');
  }
  // On a point-to-point link IFA_ADDRESS is the far end.
  const own = local ?? address;
  if (own === undefined) return undefined;
  return {
    ifindex: payload.readUInt32LE(INDEX),
    address: own,
    prefixLength: payload.readUInt8(PREFIX_LENGTH),
    scope: payload.readUInt8(SCOPE),
    label,
    flags,
  };
}
