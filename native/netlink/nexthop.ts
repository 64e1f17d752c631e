import type { Ipv4 } from '../net/ipv4.ts';
import type { Ipv6 } from '../net/ipv6.ts';
import { attributesOf } from './attribute-reader.ts';
import { MessageWriter } from './attribute-writer.ts';
import { AF, isIpFamily, NLM_F, RTM, type Message } from './message.ts';

interface NexthopBase {
  /** Chosen by us, not 0. Both families share one space of ids. */
  readonly id: number;
  readonly oif: number;
  readonly protocol: number;
  readonly onlink: boolean;
}

/**
 * A nexthop object; a line of `ip nexthop`. 10,000 routes by objects are set 20 to 40 times faster than 10,000 routes that
 * each carry a gateway, since the kernel keeps the latter's gateways in one hash chain per device. IPv6 routes take only
 * objects of their own family, IPv4 routes those of both.
 */
export type Nexthop =
  | (NexthopBase & { readonly family: typeof AF.INET; readonly gateway: Ipv4 | undefined })
  | (NexthopBase & { readonly family: typeof AF.INET6; readonly gateway: Ipv6 | undefined });

const NHA = { ID: 1, OIF: 5, GATEWAY: 6 } as const;
const RTNH_F_ONLINK = 4;

/** struct nhmsg: u8 family, u8 scope, u8 protocol, u8 reserved, u32 flags. */
const NHMSG_BYTES = 8;
const PROTOCOL = 2;
const FLAGS = 4;

/** `ip nexthop replace id ID via GATEWAY dev IF onlink`. */
export function encodeNewNexthop(nexthop: Nexthop): Buffer {
  const flags = NLM_F.REQUEST | NLM_F.ACK | NLM_F.CREATE | NLM_F.REPLACE;
  const writer = new MessageWriter(RTM.NEWNEXTHOP, flags, NHMSG_BYTES)
    .fixedU8(0, nexthop.family)
    .fixedU8(PROTOCOL, nexthop.protocol)
    .fixedU32(FLAGS, nexthop.onlink ? RTNH_F_ONLINK : 0)
    .u32(NHA.ID, nexthop.id)
    .u32(NHA.OIF, nexthop.oif);
  if (nexthop.gateway !== undefined) writer.ip(NHA.GATEWAY, nexthop.gateway);
  return writer.finish();
}

/** `ip nexthop del id ID`: the routes over it go with it. ENOENT if there is none. */
export function encodeDelNexthop(id: number): Buffer {
  return new MessageWriter(RTM.DELNEXTHOP, NLM_F.REQUEST | NLM_F.ACK, NHMSG_BYTES).u32(NHA.ID, id).finish();
}

/** Dump of nexthop objects of both families, of one interface if given. */
export function encodeGetNexthops({ oif }: { readonly oif?: number | undefined } = {}): Buffer {
  const writer = new MessageWriter(RTM.GETNEXTHOP, NLM_F.REQUEST | NLM_F.DUMP, NHMSG_BYTES);
  if (oif !== undefined) writer.u32(NHA.OIF, oif);
  return writer.finish();
}

/**
 * Decodes RTM_NEWNEXTHOP and RTM_DELNEXTHOP over an interface; `undefined` for the rest: groups, black holes.
 * @throws {NetlinkError} EBADMSG.
 */
export function decodeNexthop(message: Message): Nexthop | undefined {
  if (message.type !== RTM.NEWNEXTHOP && message.type !== RTM.DELNEXTHOP) return undefined;
  const reader = attributesOf(message, NHMSG_BYTES, 'decode nexthop');
  const { payload } = message;
  const family = payload.readUInt8(0);
  if (!isIpFamily(family)) return undefined;
  let id: number | undefined;
  let oif: number | undefined;
  let gateway4: Ipv4 | undefined;
  let gateway6: Ipv6 | undefined;
  while (reader.next()) {
    if (reader.type === NHA.ID) id = reader.u32('NHA_ID');
    else if (reader.type === NHA.OIF) oif = reader.u32('NHA_OIF');
    else if (reader.type !== NHA.GATEWAY) continue;
    else if (family === AF.INET) gateway4 = reader.ipv4('NHA_GATEWAY');
    else gateway6 = reader.ipv6('NHA_GATEWAY');
  }
  if (id === undefined || oif === undefined) return undefined;
  const onlink = (payload.readUInt32LE(FLAGS) & RTNH_F_ONLINK) !== 0;
  const base = { id, oif, protocol: payload.readUInt8(PROTOCOL), onlink };
  return family === AF.INET ? { ...base, family, gateway: gateway4 } : { ...base, family, gateway: gateway6 };
}
