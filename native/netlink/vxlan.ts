import { isIpv6, type IpAddress } from '../net/ip.ts';
import type { AttributeReader } from './attribute-reader.ts';
import type { MessageWriter } from './attribute-writer.ts';

/** What IFLA_INFO_DATA of a vxlan device says; `ip -d link` prints the same words. */
export interface VxlanSettings {
  readonly vni: number;
  /** The underlay interface (`dev`); `undefined` when the device is bound to none. */
  readonly lowerIfindex: number | undefined;
  /** Source address of the outer packets, which decides their family; `undefined` when the kernel chooses. */
  readonly local: IpAddress | undefined;
  /** UDP port of the outer packets. Encoding 0 leaves it out: the kernel's default, 8472. */
  readonly port: number;
  readonly learning: boolean;
  /** Group Based Policy extension. */
  readonly gbp: boolean;
  /** Outer TTL; 0 is inherit. */
  readonly ttl?: number;
  readonly tos?: number;
  /** Answers ARP for the far side. */
  readonly proxy?: boolean;
  /** Route short circuit. */
  readonly rsc?: boolean;
  readonly l2miss?: boolean;
  readonly l3miss?: boolean;
  readonly udpZeroCsum6Tx?: boolean;
  readonly udpZeroCsum6Rx?: boolean;
  /** Multicast group or default remote. */
  readonly group?: IpAddress;
}

const IFLA_VXLAN = {
  ID: 1,
  GROUP: 2,
  LINK: 3,
  LOCAL: 4,
  TTL: 5,
  TOS: 6,
  LEARNING: 7,
  PROXY: 11,
  RSC: 12,
  L2MISS: 13,
  L3MISS: 14,
  PORT: 15,
  GROUP6: 16,
  LOCAL6: 17,
  UDP_ZERO_CSUM6_TX: 19,
  UDP_ZERO_CSUM6_RX: 20,
  GBP: 23,
} as const;

/** Writes the attributes in the order flannel sends them, so that a capture of weft reads like one of flannel. */
export function writeVxlanSettings(writer: MessageWriter, vxlan: VxlanSettings): void {
  writer.u32(IFLA_VXLAN.ID, vxlan.vni);
  if (vxlan.lowerIfindex !== undefined) writer.u32(IFLA_VXLAN.LINK, vxlan.lowerIfindex);
  const { local, group } = vxlan;
  if (local !== undefined) writer.ip(isIpv6(local) ? IFLA_VXLAN.LOCAL6 : IFLA_VXLAN.LOCAL, local);
  if (group !== undefined) writer.ip(isIpv6(group) ? IFLA_VXLAN.GROUP6 : IFLA_VXLAN.GROUP, group);
  const bytes: readonly (readonly [number, number | boolean | undefined])[] = [
    [IFLA_VXLAN.TTL, vxlan.ttl],
    [IFLA_VXLAN.TOS, vxlan.tos],
    [IFLA_VXLAN.LEARNING, vxlan.learning],
    [IFLA_VXLAN.PROXY, vxlan.proxy],
    [IFLA_VXLAN.RSC, vxlan.rsc],
    [IFLA_VXLAN.L2MISS, vxlan.l2miss],
    [IFLA_VXLAN.L3MISS, vxlan.l3miss],
    [IFLA_VXLAN.UDP_ZERO_CSUM6_TX, vxlan.udpZeroCsum6Tx],
    [IFLA_VXLAN.UDP_ZERO_CSUM6_RX, vxlan.udpZeroCsum6Rx],
  ];
  for (const [type, value] of bytes) writer.u8(type, Number(value ?? 0));
  if (vxlan.gbp) writer.flag(IFLA_VXLAN.GBP);
  if (vxlan.port !== 0) writer.u16be(IFLA_VXLAN.PORT, vxlan.port);
}

/** The one setting of a vxlan device that its learning is; the kernel keeps the others as they are. */
export function writeVxlanLearning(writer: MessageWriter, { learning }: { readonly learning: boolean }): void {
  writer.u8(IFLA_VXLAN.LEARNING, Number(learning));
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Reading = (settings: Writable<VxlanSettings>, reader: AttributeReader) => void;

/** How each attribute is read; the kernel may send newer ones, which are passed over. */
const READINGS: ReadonlyMap<number, Reading> = new Map<number, Reading>([
  [IFLA_VXLAN.ID, (s, r) => (s.vni = r.u32('IFLA_VXLAN_ID'))],
  [IFLA_VXLAN.GROUP, (s, r) => (s.group = r.ipv4('IFLA_VXLAN_GROUP'))],
  [IFLA_VXLAN.GROUP6, (s, r) => (s.group = r.ipv6('IFLA_VXLAN_GROUP6'))],
  [IFLA_VXLAN.LINK, (s, r) => (s.lowerIfindex = r.u32('IFLA_VXLAN_LINK'))],
  [IFLA_VXLAN.LOCAL, (s, r) => (s.local = r.ipv4('IFLA_VXLAN_LOCAL'))],
  [IFLA_VXLAN.LOCAL6, (s, r) => (s.local = r.ipv6('IFLA_VXLAN_LOCAL6'))],
  [IFLA_VXLAN.TTL, (s, r) => (s.ttl = r.u8('IFLA_VXLAN_TTL'))],
  [IFLA_VXLAN.TOS, (s, r) => (s.tos = r.u8('IFLA_VXLAN_TOS'))],
  [IFLA_VXLAN.LEARNING, (s, r) => (s.learning = r.u8('IFLA_VXLAN_LEARNING') !== 0)],
  [IFLA_VXLAN.PROXY, (s, r) => (s.proxy = r.u8('IFLA_VXLAN_PROXY') !== 0)],
  [IFLA_VXLAN.RSC, (s, r) => (s.rsc = r.u8('IFLA_VXLAN_RSC') !== 0)],
  [IFLA_VXLAN.L2MISS, (s, r) => (s.l2miss = r.u8('IFLA_VXLAN_L2MISS') !== 0)],
  [IFLA_VXLAN.L3MISS, (s, r) => (s.l3miss = r.u8('IFLA_VXLAN_L3MISS') !== 0)],
  [IFLA_VXLAN.PORT, (s, r) => (s.port = r.u16be('IFLA_VXLAN_PORT'))],
  [IFLA_VXLAN.UDP_ZERO_CSUM6_TX, (s, r) => (s.udpZeroCsum6Tx = r.u8('IFLA_VXLAN_UDP_ZERO_CSUM6_TX') !== 0)],
  [IFLA_VXLAN.UDP_ZERO_CSUM6_RX, (s, r) => (s.udpZeroCsum6Rx = r.u8('IFLA_VXLAN_UDP_ZERO_CSUM6_RX') !== 0)],
  [IFLA_VXLAN.GBP, (s) => (s.gbp = true)],
]);

/** Reads IFLA_INFO_DATA of a vxlan device. @throws {NetlinkError} EBADMSG naming the attribute. */
export function readVxlanSettings(reader: AttributeReader): VxlanSettings {
  const settings: Writable<VxlanSettings> = {
    vni: 0,
    lowerIfindex: undefined,
    local: undefined,
    port: 0,
    learning: false,
    gbp: false,
  };
  while (reader.next()) READINGS.get(reader.type)?.(settings, reader);
  return settings;
}
