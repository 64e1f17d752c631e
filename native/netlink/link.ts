import type { MacAddress } from '../net/mac.ts';
import { attributesOf, type AttributeReader } from './attribute-reader.ts';
import { MessageWriter } from './attribute-writer.ts';
import { readIpipSettings, type IpipSettings } from './ipip.ts';
import { IFINFOMSG_BYTES, IFLA, IFLA_INFO } from './link-attributes.ts';
import { AF, NLM_F, RTM, type Message } from './message.ts';
import { readVxlanSettings, writeVxlanLearning, type VxlanSettings } from './vxlan.ts';

export type { IpipSettings } from './ipip.ts';
export type { VxlanSettings } from './vxlan.ts';

/** Operational state in the words of `ip link` (RFC 2863). */
export const OPERSTATES = ['UNKNOWN', 'NOTPRESENT', 'DOWN', 'LOWERLAYERDOWN', 'TESTING', 'DORMANT', 'UP'] as const;
export type Operstate = (typeof OPERSTATES)[number];

/** An interface as the kernel tells it; `ip -d link show`. */
export interface Link {
  readonly ifindex: number;
  readonly name: string;
  /** `undefined` where the hardware address has not six bytes (tunnels, InfiniBand). */
  readonly mac: MacAddress | undefined;
  readonly mtu: number;
  readonly txQueueLength: number | undefined;
  /** IFF_UP: set up by an administrator, whatever the carrier says. */
  readonly up: boolean;
  /** IFF_* bits. */
  readonly flags: number;
  /** `vxlan`, `veth`, `bridge`…; `undefined` for hardware and loopback. */
  readonly kind: string | undefined;
  /** The bridge or bond it belongs to. */
  readonly masterIfindex: number | undefined;
  /** IFLA_LINK: a veth's peer, a vlan's parent; in namespace {@link Link.linkNetnsid} if that is set. */
  readonly lowerIfindex: number | undefined;
  readonly linkNetnsid: number | undefined;
  readonly vxlan: VxlanSettings | undefined;
  readonly ipip: IpipSettings | undefined;
  readonly operstate: Operstate;
}

/** Leaves the counters out: half of a dump's bytes. */
const RTEXT_FILTER_SKIP_STATS = 8;
/** Offsets in struct ifinfomsg. */
const INDEX = 4;
const FLAGS = 8;
const CHANGE = 12;
const IFF_UP = 1;

export interface LinkChange {
  readonly up?: boolean | undefined;
  readonly mtu?: number | undefined;
  readonly mac?: MacAddress | undefined;
  /** 0 releases the link from its master. */
  readonly masterIfindex?: number | undefined;
  /** Moves the link: the namespace of a process… */
  readonly netnsPid?: number | undefined;
  /** …or of an open descriptor. */
  readonly netnsFd?: number | undefined;
  readonly name?: string | undefined;
  readonly txQueueLength?: number | undefined;
}

/** `ip link set dev IF [up|down] [mtu N] [address MAC] [master M] [netns …] [name NEW] [txqueuelen N]`. */
export function encodeSetLink(ifindex: number, change: LinkChange): Buffer {
  const writer = new MessageWriter(RTM.NEWLINK, NLM_F.REQUEST | NLM_F.ACK, IFINFOMSG_BYTES).fixedU32(INDEX, ifindex);
  if (change.up !== undefined) writer.fixedU32(FLAGS, change.up ? IFF_UP : 0).fixedU32(CHANGE, IFF_UP);
  if (change.name !== undefined) writer.zeroTerminated(IFLA.IFNAME, change.name);
  if (change.mac !== undefined) writer.mac(IFLA.ADDRESS, change.mac);
  writeNumbers(writer, [
    [IFLA.MTU, change.mtu],
    [IFLA.TXQLEN, change.txQueueLength],
    [IFLA.MASTER, change.masterIfindex],
    [IFLA.NET_NS_PID, change.netnsPid],
    [IFLA.NET_NS_FD, change.netnsFd],
  ]);
  return writer.finish();
}

function writeNumbers(writer: MessageWriter, numbers: readonly (readonly [number, number | undefined])[]): void {
  for (const [type, value] of numbers) if (value !== undefined) writer.u32(type, value);
}

/** `ip link set dev IF type vxlan [no]learning`. */
export function encodeSetVxlanLearning(ifindex: number, setting: { readonly learning: boolean }): Buffer {
  return new MessageWriter(RTM.NEWLINK, NLM_F.REQUEST | NLM_F.ACK, IFINFOMSG_BYTES)
    .fixedU32(INDEX, ifindex)
    .nested(IFLA.LINKINFO, (info) => {
      info.text(IFLA_INFO.KIND, 'vxlan').nested(IFLA_INFO.DATA, (data) => {
        writeVxlanLearning(data, setting);
      });
    })
    .finish();
}

/** `ip link del dev IF`. ENODEV if it is gone already. */
export function encodeDelLink(ifindex: number): Buffer {
  return new MessageWriter(RTM.DELLINK, NLM_F.REQUEST | NLM_F.ACK, IFINFOMSG_BYTES).fixedU32(INDEX, ifindex).finish();
}

/** Dump of all interfaces, without counters. */
export function encodeGetLinks(): Buffer {
  return new MessageWriter(RTM.GETLINK, NLM_F.REQUEST | NLM_F.DUMP, IFINFOMSG_BYTES)
    .u32(IFLA.EXT_MASK, RTEXT_FILTER_SKIP_STATS)
    .finish();
}

/**
 * Dump of all interfaces of another namespace, which this one knows by `netnsid` (see nsid.ts), with their counters: `ip link
 * show` there, without going there. Needs CAP_NET_ADMIN over that namespace.
 */
export function encodeGetLinksOf(netnsid: number): Buffer {
  return new MessageWriter(RTM.GETLINK, NLM_F.REQUEST | NLM_F.DUMP, IFINFOMSG_BYTES)
    .u32(IFLA.TARGET_NETNSID, netnsid)
    .finish();
}

/** One interface by name or index; the kernel answers ENODEV if there is none. */
export function encodeGetLink(which: { readonly name: string } | { readonly ifindex: number }): Buffer {
  const writer = new MessageWriter(RTM.GETLINK, NLM_F.REQUEST | NLM_F.ACK, IFINFOMSG_BYTES);
  if ('ifindex' in which) writer.fixedU32(INDEX, which.ifindex);
  else writer.zeroTerminated(IFLA.IFNAME, which.name);
  return writer.u32(IFLA.EXT_MASK, RTEXT_FILTER_SKIP_STATS).finish();
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Settings stay `undefined` for a kind that has none we know. */
function readLinkInfo(info: AttributeReader): Pick<Link, 'kind' | 'vxlan' | 'ipip'> {
  let kind: string | undefined;
  let vxlan: VxlanSettings | undefined;
  let ipip: IpipSettings | undefined;
  while (info.next()) {
    if (info.type === IFLA_INFO.KIND) kind = info.text();
    // The kernel puts KIND before DATA, which has no meaning without it.
    else if (info.type === IFLA_INFO.DATA && kind === 'vxlan') vxlan = readVxlanSettings(info.nested());
    else if (info.type === IFLA_INFO.DATA && kind === 'ipip') ipip = readIpipSettings(info.nested());
  }
  return { kind, vxlan, ipip };
}

type Reading = (link: Writable<Link>, reader: AttributeReader) => void;

const READINGS: ReadonlyMap<number, Reading> = new Map<number, Reading>([
  [IFLA.IFNAME, (link, r) => (link.name = r.text())],
  [IFLA.ADDRESS, (link, r) => (link.mac = r.length === 6 ? r.mac('IFLA_ADDRESS') : undefined)],
  [IFLA.MTU, (link, r) => (link.mtu = r.u32('IFLA_MTU'))],
  [IFLA.LINK, (link, r) => (link.lowerIfindex = r.u32('IFLA_LINK'))],
  [IFLA.MASTER, (link, r) => (link.masterIfindex = r.u32('IFLA_MASTER'))],
  [IFLA.TXQLEN, (link, r) => (link.txQueueLength = r.u32('IFLA_TXQLEN'))],
  [IFLA.OPERSTATE, (link, r) => (link.operstate = OPERSTATES[r.u8('IFLA_OPERSTATE')] ?? 'UNKNOWN')],
  [IFLA.LINKINFO, (link, r) => Object.assign(link, readLinkInfo(r.nested()))],
  [IFLA.LINK_NETNSID, (link, r) => (link.linkNetnsid = r.s32('IFLA_LINK_NETNSID'))],
]);

/**
 * Decodes RTM_NEWLINK and RTM_DELLINK. `undefined` for any other type and for family AF_BRIDGE: those tell of a bridge's port,
 * and a DELLINK of that family means that the port left its bridge, not that the link is gone. @throws {NetlinkError} EBADMSG.
 */
export function decodeLink(message: Message): Link | undefined {
  if (message.type !== RTM.NEWLINK && message.type !== RTM.DELLINK) return undefined;
  const reader = attributesOf(message, IFINFOMSG_BYTES, 'decode link');
  if (message.payload.readUInt8(0) !== AF.UNSPEC) return undefined;
  const flags = message.payload.readUInt32LE(FLAGS);
  const link: Writable<Link> = {
    ifindex: message.payload.readInt32LE(INDEX),
    name: '',
    mac: undefined,
    mtu: 0,
    txQueueLength: undefined,
    up: (flags & IFF_UP) !== 0,
    flags,
    kind: undefined,
    masterIfindex: undefined,
    lowerIfindex: undefined,
    linkNetnsid: undefined,
    vxlan: undefined,
    ipip: undefined,
    operstate: 'UNKNOWN',
  };
  while (reader.next()) READINGS.get(reader.type)?.(link, reader);
  return link;
}
