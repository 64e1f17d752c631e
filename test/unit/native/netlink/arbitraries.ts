import fc from 'fast-check';
import { cidr4, type Cidr4 } from '../../../../native/net/cidr.ts';
import { formatCidr, type Cidr, type IpAddress } from '../../../../native/net/ip.ts';
import { ipv4FromBytes, type Ipv4 } from '../../../../native/net/ipv4.ts';
import { cidr6, ipv6FromBytes, type Cidr6, type Ipv6 } from '../../../../native/net/ipv6.ts';
import { macFromBytes, type MacAddress } from '../../../../native/net/mac.ts';
import { wireguardKeyFromBytes, type WireguardKey } from '../../../../native/net/wireguard-key.ts';
import type { IpipSettings, VxlanSettings } from '../../../../native/netlink/link.ts';
import type { NewIpip } from '../../../../native/netlink/new-link.ts';
import { AF } from '../../../../native/netlink/message.ts';
import type { FdbEntry, Neighbor } from '../../../../native/netlink/neighbor.ts';
import type { Nexthop } from '../../../../native/netlink/nexthop.ts';
import type { Route } from '../../../../native/netlink/route.ts';
import type { Endpoint } from '../../../../native/netlink/socket-address.ts';

const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });

export const u8 = upTo(0xff);
export const u16 = upTo(0xffff);
export const u32 = upTo(0xffffffff);
export const ifindex = fc.integer({ min: 1, max: 0x7fffffff });
export const ipv4: fc.Arbitrary<Ipv4> = u32.map((value) => value as Ipv4);
export const mac: fc.Arbitrary<MacAddress> = fc.uint8Array({ minLength: 6, maxLength: 6 }).map(macFromBytes);
export const network: fc.Arbitrary<Cidr4> = fc.tuple(ipv4, upTo(32)).map(([address, length]) => cidr4(address, length));
export const ipv6: fc.Arbitrary<Ipv6> = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => value as Ipv6);
export const network6: fc.Arbitrary<Cidr6> = fc
  .tuple(ipv6, upTo(128))
  .map(([address, length]) => cidr6(address, length));
export const ip: fc.Arbitrary<IpAddress> = fc.oneof(ipv4, ipv6);
export const anyNetwork: fc.Arbitrary<Cidr> = fc.oneof(network, network6);
/** What an independent reader left as four or sixteen bytes. */
export const ipOfBytes = (bytes: Uint8Array): IpAddress =>
  bytes.length === 4 ? ipv4FromBytes(bytes) : ipv6FromBytes(bytes);
export const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
export const linkName: fc.Arbitrary<string> = fc.stringMatching(/^[a-z][a-z0-9.-]{0,14}$/);

export const routeOf = (destination: fc.Arbitrary<Cidr>, address: fc.Arbitrary<IpAddress>): fc.Arbitrary<Route> =>
  fc.record({
    destination,
    gateway: maybe(address),
    oif: maybe(ifindex),
    table: fc.oneof(fc.integer({ min: 1, max: 255 }), fc.integer({ min: 256, max: 0xffffffff })),
    protocol: u8,
    scope: u8,
    type: u8,
    onlink: fc.boolean(),
    priority: maybe(u32),
    nexthopId: fc.constant(undefined),
    prefSource: maybe(address),
  });
export const route = fc.oneof(routeOf(network, ipv4), routeOf(network6, ipv6));

export const neighbor: fc.Arbitrary<Neighbor> = fc.record({
  ifindex,
  destination: ip,
  mac: maybe(mac),
  state: u16,
  flags: u8,
});
export const forwarding: fc.Arbitrary<FdbEntry> = fc.record(
  { ifindex, mac, remote: maybe(ip), state: u16, flags: u8, vlan: u16, port: u16, vni: u32 },
  { requiredKeys: ['ifindex', 'mac', 'remote', 'state', 'flags'] },
);

const vxlanSettings: fc.Arbitrary<VxlanSettings> = fc.record({
  vni: u32,
  lowerIfindex: maybe(u32),
  local: maybe(ip),
  port: u16,
  learning: fc.boolean(),
  gbp: fc.boolean(),
  ttl: u8,
  tos: u8,
  proxy: fc.boolean(),
  rsc: fc.boolean(),
  l2miss: fc.boolean(),
  l3miss: fc.boolean(),
  udpZeroCsum6Tx: fc.boolean(),
  udpZeroCsum6Rx: fc.boolean(),
});
export const newVxlan = fc.record({
  name: linkName,
  mac: maybe(mac),
  mtu: u32,
  txQueueLength: maybe(u32),
  vxlan: vxlanSettings,
});

const someIpv4 = fc.integer({ min: 1, max: 0xffffffff }).map((value) => value as Ipv4);
const ipip: fc.Arbitrary<IpipSettings> = fc.record({
  lowerIfindex: maybe(ifindex),
  local: maybe(someIpv4),
  remote: maybe(someIpv4),
  ttl: u8,
  pmtuDiscovery: fc.boolean(),
});
export const newIpip: fc.Arbitrary<NewIpip> = fc.record({ name: linkName, mtu: u32, ipip });

/** Never all zeros: that is no key. */
export const wireguardKey: fc.Arbitrary<WireguardKey> = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => wireguardKeyFromBytes(Uint8Array.from(bytes, (byte, index) => (index === 0 ? byte | 1 : byte))));
export const endpoint: fc.Arbitrary<Endpoint> = fc.oneof(
  fc.record({ address: ipv4, port: u16 }),
  fc.record({ address: ipv6, port: u16 }),
  fc.record({ address: ipv6, port: u16, scopeId: ifindex }),
);
interface WireguardSettings {
  readonly ifindex: number;
  readonly privateKey: WireguardKey;
  readonly listenPort: number;
  readonly fwmark: number;
  readonly peers: {
    readonly publicKey: WireguardKey;
    readonly presharedKey: WireguardKey | undefined;
    readonly endpoint: Endpoint | undefined;
    readonly persistentKeepaliveSeconds: number;
    readonly allowedIps: Cidr[];
  }[];
}

/** @param size of the lists of peers, and of the networks of each. */
export const wireguardDeviceOf = (size: fc.ArrayConstraints): fc.Arbitrary<WireguardSettings> => {
  const peer = fc.record({
    publicKey: wireguardKey,
    presharedKey: maybe(wireguardKey),
    endpoint: maybe(endpoint),
    persistentKeepaliveSeconds: u16,
    allowedIps: fc.uniqueArray(anyNetwork, { ...size, selector: formatCidr }),
  });
  return fc.record({
    ifindex,
    privateKey: wireguardKey,
    listenPort: u16,
    fwmark: u32,
    peers: fc.uniqueArray(peer, { ...size, selector: ({ publicKey }) => publicKey }),
  });
};
export const wireguardDevice = wireguardDeviceOf({});

const common = { id: u32, oif: ifindex, protocol: u8, onlink: fc.boolean() };
export const nexthop: fc.Arbitrary<Nexthop> = fc.oneof(
  fc.record({ ...common, family: fc.constant(AF.INET), gateway: maybe(ipv4) }),
  fc.record({ ...common, family: fc.constant(AF.INET6), gateway: maybe(ipv6) }),
);

export const addressEntry = fc.record({
  ifindex,
  address: ip,
  prefixLength: fc.integer({ min: 0, max: 32 }),
  scope: u8,
  flags: u32,
});
