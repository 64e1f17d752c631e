import type { IpAddress } from '../net/ip.ts';
import { attributesOf } from './attribute-reader.ts';
import { MessageWriter } from './attribute-writer.ts';
import { familyOf, isIpFamily, NLM_F, RTM, type IpFamily, type Message } from './message.ts';

/** An address of an interface; a line of `ip address`. */
export interface Address {
  readonly ifindex: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** RT_SCOPE_*: 0 universe, 200 site, 253 link, 254 host. */
  readonly scope: number;
  /** IPv4 only. */
  readonly label?: string | undefined;
  /** {@link IFA_F} bits. */
  readonly flags: number;
}

/**
 * PERMANENT is set on every address with no lifetime, DEPRECATED when the preferred one is over. The rest is of IPv6 (of IPv4 bit
 * 0x01 means "secondary"): TEMPORARY is a privacy address; TENTATIVE cannot be used yet, as duplicate detection runs, and
 * never can with DADFAILED; NODAD is asked for on adding, and such an address is usable at once.
 */
export const IFA_F = {
  TEMPORARY: 0x01,
  NODAD: 0x02,
  DADFAILED: 0x08,
  DEPRECATED: 0x20,
  TENTATIVE: 0x40,
  PERMANENT: 0x80,
} as const;

const IFA = { ADDRESS: 1, LOCAL: 2, LABEL: 3, FLAGS: 8 } as const;

/** struct ifaddrmsg: u8 family, u8 prefix length, u8 flags, u8 scope, u32 index. */
const IFADDRMSG_BYTES = 8;
const PREFIX_LENGTH = 1;
const FLAGS = 2;
const SCOPE = 3;
const INDEX = 4;

export interface AddressOfLink {
  readonly ifindex: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
  readonly scope?: number;
  /** {@link IFA_F} bits to ask for: `IFA_F.NODAD`. */
  readonly flags?: number;
}

function writeAddress(type: number, messageFlags: number, entry: AddressOfLink): Buffer {
  const { ifindex, address, prefixLength, scope = 0, flags = 0 } = entry;
  const writer = new MessageWriter(type, messageFlags, IFADDRMSG_BYTES)
    .fixedU8(0, familyOf(address))
    .fixedU8(PREFIX_LENGTH, prefixLength)
    .fixedU8(FLAGS, flags & 0xff)
    .fixedU8(SCOPE, scope)
    .fixedU32(INDEX, ifindex)
    .ip(IFA.LOCAL, address)
    .ip(IFA.ADDRESS, address);
  // The struct has room for eight bits; the kernel prefers the attribute.
  if (flags > 0xff) writer.u32(IFA.FLAGS, flags);
  return writer.finish();
}

/** `ip address add ADDRESS/LENGTH dev IF [nodad]`. EEXIST if the link has it. */
export function encodeNewAddress(entry: AddressOfLink): Buffer {
  return writeAddress(RTM.NEWADDR, NLM_F.REQUEST | NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL, entry);
}

/** `ip address del ADDRESS/LENGTH dev IF`. EADDRNOTAVAIL if the link has it not. */
export function encodeDelAddress(entry: AddressOfLink): Buffer {
  return writeAddress(RTM.DELADDR, NLM_F.REQUEST | NLM_F.ACK, entry);
}

export interface AddressFilter {
  readonly family: IpFamily;
  readonly ifindex?: number | undefined;
}

/** Dump of a family's addresses, of one interface if given; ENODEV if that is gone. */
export function encodeGetAddresses({ family, ifindex = 0 }: AddressFilter): Buffer {
  return new MessageWriter(RTM.GETADDR, NLM_F.REQUEST | NLM_F.DUMP, IFADDRMSG_BYTES)
    .fixedU8(0, family)
    .fixedU32(INDEX, ifindex)
    .finish();
}

/** Decodes RTM_NEWADDR and RTM_DELADDR; `undefined` for other types and families. @throws {NetlinkError} EBADMSG. */
export function decodeAddress(message: Message): Address | undefined {
  if (message.type !== RTM.NEWADDR && message.type !== RTM.DELADDR) return undefined;
  const reader = attributesOf(message, IFADDRMSG_BYTES, 'decode address');
  const { payload } = message;
  const family = payload.readUInt8(0);
  if (!isIpFamily(family)) return undefined;
  let local: IpAddress | undefined;
  let address: IpAddress | undefined;
  let label: string | undefined;
  let flags = payload.readUInt8(FLAGS);
  while (reader.next()) {
    if (reader.type === IFA.LOCAL) local = reader.ip(family, 'IFA_LOCAL');
    else if (reader.type === IFA.ADDRESS) address = reader.ip(family, 'IFA_ADDRESS');
    else if (reader.type === IFA.LABEL) label = reader.text();
    else if (reader.type === IFA.FLAGS) flags = reader.u32('IFA_FLAGS');
  }
  // On a point-to-point link IFA_ADDRESS is the far end; IPv6 tells IFA_LOCAL only there.
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
