import type { Ipv4 } from '../net/ipv4.ts';
import type { AttributeReader } from './attribute-reader.ts';
import type { MessageWriter } from './attribute-writer.ts';

/** What IFLA_INFO_DATA of an ipip device says; `ip -d link` prints the same words. IPv4 in IPv4 only. */
export interface IpipSettings {
  /** The underlay interface (`dev`); `undefined` when the device is bound to none. */
  readonly lowerIfindex: number | undefined;
  /** Source of the outer packets; `undefined` is any. */
  readonly local: Ipv4 | undefined;
  /** Destination of the outer packets; `undefined` when each route's gateway is it. */
  readonly remote: Ipv4 | undefined;
  /** Outer TTL; 0 is inherit. */
  readonly ttl: number;
  /** Sets "don't fragment" on outer packets. `ip` refuses to switch it off where the TTL is not inherited. */
  readonly pmtuDiscovery: boolean;
}

const IFLA_IPTUN = { LINK: 1, LOCAL: 2, REMOTE: 3, TTL: 4, PMTUDISC: 10 } as const;

/** Writes what is set; an attribute left out is 0 to the kernel, but for PMTUDISC, which would be on. */
export function writeIpipSettings(writer: MessageWriter, ipip: IpipSettings): void {
  if (ipip.lowerIfindex !== undefined) writer.u32(IFLA_IPTUN.LINK, ipip.lowerIfindex);
  if (ipip.local !== undefined) writer.ipv4(IFLA_IPTUN.LOCAL, ipip.local);
  if (ipip.remote !== undefined) writer.ipv4(IFLA_IPTUN.REMOTE, ipip.remote);
  writer.u8(IFLA_IPTUN.TTL, ipip.ttl).u8(IFLA_IPTUN.PMTUDISC, Number(ipip.pmtuDiscovery));
}

/** The kernel tells all of them, and 0 for what was not set. */
const unlessZero = <T extends number>(value: T): T | undefined => (value === 0 ? undefined : value);

/** Reads IFLA_INFO_DATA of an ipip device. @throws {NetlinkError} EBADMSG naming the attribute. */
export function readIpipSettings(reader: AttributeReader): IpipSettings {
  let lowerIfindex: number | undefined;
  let local: Ipv4 | undefined;
  let remote: Ipv4 | undefined;
  let ttl = 0;
  let pmtuDiscovery = false;
  while (reader.next()) {
    if (reader.type === IFLA_IPTUN.LINK) lowerIfindex = unlessZero(reader.u32('IFLA_IPTUN_LINK'));
    else if (reader.type === IFLA_IPTUN.LOCAL) local = unlessZero(reader.ipv4('IFLA_IPTUN_LOCAL'));
    else if (reader.type === IFLA_IPTUN.REMOTE) remote = unlessZero(reader.ipv4('IFLA_IPTUN_REMOTE'));
    else if (reader.type === IFLA_IPTUN.TTL) ttl = reader.u8('IFLA_IPTUN_TTL');
    else if (reader.type === IFLA_IPTUN.PMTUDISC) pmtuDiscovery = reader.u8('IFLA_IPTUN_PMTUDISC') !== 0;
  }
  return { lowerIfindex, local, remote, ttl, pmtuDiscovery };
}
