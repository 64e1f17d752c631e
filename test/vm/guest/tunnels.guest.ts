// WireGuard and ipip between two namespaces, set and read by our codecs; `wg` and `ip` are the judges.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { formatCidr, formatIp, parseCidr, parseIp, type Cidr } from '../../../native/net/ip.ts';
import { parseIpv4 } from '../../../native/net/ipv4.ts';
import { NO_WIREGUARD_KEY, wireguardKeyFromBytes, type WireguardKey } from '../../../native/net/wireguard-key.ts';
import { encodeNewAddress, IFA_F } from '../../../native/netlink/address.ts';
import { resolveFamily, type GenericFamily } from '../../../native/netlink/genetlink.ts';
import { decodeLink, encodeGetLink, encodeSetLink, type Link } from '../../../native/netlink/link.ts';
import { encodeNewIpip, encodeNewWireguard } from '../../../native/netlink/new-link.ts';
import { NETLINK } from '../../../native/netlink/message.ts';
import { encodeNewRoute, RT_SCOPE, RT_TABLE_MAIN, RTN, type Route } from '../../../native/netlink/route.ts';
import { openNetlink, openRouteSocket, type NetlinkSocket } from '../../../native/netlink/socket.ts';
import { decodeWireguard, type WireguardDevice, type WireguardPeer } from '../../../native/netlink/wireguard-device.ts';
import {
  encodeGetWireguard,
  encodeSetWireguard,
  WIREGUARD,
  type WireguardChange,
  type WireguardPeerChange,
} from '../../../native/netlink/wireguard.ts';
import { makeNamespace, type TestNamespace } from '../../support/netns.ts';

interface Host {
  readonly number: 1 | 2;
  readonly namespace: TestNamespace;
  readonly route: NetlinkSocket;
  readonly generic: NetlinkSocket;
  readonly underlay: { readonly four: string; readonly six: string };
  readonly privateKey: WireguardKey;
  readonly publicKey: WireguardKey;
}

let hosts: readonly [Host, Host];
let family: GenericFamily;

/** The raw key is the last 32 bytes of both DER forms. */
function keyPair(): { privateKey: WireguardKey; publicKey: WireguardKey } {
  const pair = generateKeyPairSync('x25519');
  return {
    privateKey: wireguardKeyFromBytes(pair.privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32)),
    publicKey: wireguardKeyFromBytes(pair.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)),
  };
}

async function makeHost(number: 1 | 2): Promise<Host> {
  const namespace = await makeNamespace(`h${number}`);
  const netns = { kind: 'name', name: namespace.name } as const;
  const underlay = { four: `192.168.77.${number}`, six: `fd00:77::${number}` };
  const route = openRouteSocket({ netns });
  const generic = openNetlink({ protocol: NETLINK.GENERIC, netns });
  return { number, namespace, route, generic, underlay, ...keyPair() };
}

async function done(socket: NetlinkSocket, messages: readonly Buffer[]): Promise<void> {
  const outcomes = await socket.transact(messages);
  assert.deepEqual(
    outcomes.filter(({ errno }) => errno !== 0),
    [],
  );
}

async function linkOf({ route }: Host, name: string): Promise<Link> {
  const link = decodeLink(await route.get(encodeGetLink({ name })));
  assert.ok(link);
  return link;
}

async function readWireguard({ generic }: Host, ifindex: number): Promise<WireguardDevice> {
  const device = decodeWireguard(family, await generic.dump(encodeGetWireguard(family, { ifindex })));
  assert.ok(device);
  return device;
}

/** Makes the device and leaves it down: it starts no handshake yet. */
async function addWireguard(host: Host, name: string, change: Omit<WireguardChange, 'ifindex'>): Promise<number> {
  await done(host.route, [encodeNewWireguard({ name, mtu: 1420 })]);
  const { ifindex } = await linkOf(host, name);
  await done(host.generic, encodeSetWireguard(family, { ...change, ifindex }));
  return ifindex;
}

const routeOver = (oif: number, destination: Cidr, gateway?: string): Route => ({
  destination,
  gateway: gateway === undefined ? undefined : parseIp(gateway),
  oif,
  table: RT_TABLE_MAIN,
  protocol: 80,
  scope: gateway === undefined && typeof destination.address === 'number' ? RT_SCOPE.LINK : RT_SCOPE.UNIVERSE,
  type: RTN.UNICAST,
  onlink: gateway !== undefined,
  priority: undefined,
  nexthopId: undefined,
  prefSource: undefined,
});

const ping = (from: Host, to: string): string =>
  from.namespace.run('ping', '-n', '-c', '2', '-i', '0.2', '-W', '5', to);

/** A device in the columns of `wg show DEV dump`. */
function asWgPrints(device: WireguardDevice): string[][] {
  const endpoint = (one: WireguardDevice['peers'][number]['endpoint']): string => {
    if (one === undefined) return '(none)';
    const address = formatIp(one.address);
    return address.includes(':') ? `[${address}]:${one.port}` : `${address}:${one.port}`;
  };
  return [
    [
      device.privateKey ?? '(none)',
      device.publicKey ?? '(none)',
      String(device.listenPort),
      device.fwmark === 0 ? 'off' : `0x${device.fwmark.toString(16)}`,
    ],
    ...device.peers.map((peer) => [
      peer.publicKey,
      peer.presharedKey ?? '(none)',
      endpoint(peer.endpoint),
      peer.allowedIps.map(formatCidr).join(',') || '(none)',
      String(Math.floor((peer.lastHandshakeMs ?? 0) / 1000)),
      String(peer.rxBytes),
      String(peer.txBytes),
      peer.persistentKeepaliveSeconds === 0 ? 'off' : String(peer.persistentKeepaliveSeconds),
    ]),
  ];
}

const wgDump = ({ namespace }: Host, name: string): string[][] =>
  namespace
    .run('wg', 'show', name, 'dump')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));

before(async () => {
  hosts = [await makeHost(1), await makeHost(2)];
  const [one, two] = hosts;
  one.namespace.ip(`link add eth0 type veth peer name eth0 netns ${two.namespace.name}`);
  for (const { namespace, underlay } of hosts) {
    namespace.ip(`addr add ${underlay.four}/24 dev eth0`);
    namespace.ip(`addr add ${underlay.six}/64 dev eth0 nodad`);
    namespace.ip('link set eth0 up');
  }
  family = await resolveFamily(one.generic, WIREGUARD);
});

after(async () => {
  for (const { route, generic, namespace } of hosts) {
    route.close();
    generic.close();
    await namespace[Symbol.asyncDispose]();
  }
});

/** What of a peer is told and not set. */
type PeerNews = Pick<WireguardPeer, 'lastHandshakeMs' | 'rxBytes' | 'txBytes'>;

/** The other host as a peer, over either underlay. */
function peerOf(other: Host, underlay: 'four' | 'six', listenPort: number): Omit<WireguardPeer, keyof PeerNews> {
  return {
    publicKey: other.publicKey,
    presharedKey: wireguardKeyFromBytes(new Uint8Array(32).fill(7)),
    endpoint: { address: parseIp(other.underlay[underlay]), port: listenPort },
    persistentKeepaliveSeconds: 25,
    allowedIps: [parseCidr(`10.5.${other.number}.0/24`), parseCidr(`fc00:5:0:${other.number}::/64`)],
  };
}

void describe('wireguard', () => {
  const port = 51_820;
  const indexes = new Map<Host, number>();

  void test('what was set is read back, and `wg show dump` prints the same', async () => {
    for (const host of hosts) {
      const other = hosts[2 - host.number];
      assert.ok(other);
      const settings = peerOf(other, 'four', port);
      const peer = { ...settings, replaceAllowedIps: true };
      const change = { privateKey: host.privateKey, listenPort: port, fwmark: 0x5745, peers: [peer] };
      const ifindex = await addWireguard(host, 'flannel-wg', change);
      indexes.set(host, ifindex);
      const read = await readWireguard(host, ifindex);
      assert.deepEqual(read, {
        ifindex,
        name: 'flannel-wg',
        privateKey: host.privateKey,
        publicKey: host.publicKey,
        listenPort: port,
        fwmark: 0x5745,
        peers: [{ ...settings, lastHandshakeMs: undefined, rxBytes: 0n, txBytes: 0n }],
      });
      assert.deepEqual(wgDump(host, 'flannel-wg'), asWgPrints(await readWireguard(host, ifindex)));
      assert.equal((await linkOf(host, 'flannel-wg')).kind, 'wireguard');
    }
  });

  void test('pings of both families go through; handshake and counters are told', async () => {
    for (const host of hosts) {
      const other = hosts[2 - host.number];
      const ifindex = indexes.get(host);
      assert.ok(other !== undefined && ifindex !== undefined);
      await done(host.route, [
        encodeSetLink(ifindex, { up: true }),
        encodeNewAddress({ ifindex, address: parseIp(`10.5.${host.number}.0`), prefixLength: 32 }),
        encodeNewAddress({
          ifindex,
          address: parseIp(`fc00:5:0:${host.number}::`),
          prefixLength: 128,
          flags: IFA_F.NODAD,
        }),
        encodeNewRoute(routeOver(ifindex, parseCidr(`10.5.${other.number}.0/24`))),
        encodeNewRoute(routeOver(ifindex, parseCidr(`fc00:5:0:${other.number}::/64`))),
      ]);
    }
    const [one] = hosts;
    ping(one, '10.5.2.0');
    ping(one, 'fc00:5:0:2::');
    const [peer] = (await readWireguard(one, indexes.get(one) ?? 0)).peers;
    assert.ok(peer?.lastHandshakeMs !== undefined && Math.abs(peer.lastHandshakeMs - Date.now()) < 60_000);
    assert.ok(peer.rxBytes > 0n && peer.txBytes > 0n);
    assert.deepEqual(wgDump(one, 'flannel-wg'), asWgPrints(await readWireguard(one, indexes.get(one) ?? 0)));
  });

  void test('an IPv6 endpoint carries as well', async () => {
    for (const host of hosts) {
      const other = hosts[2 - host.number];
      const ifindex = indexes.get(host);
      assert.ok(other !== undefined && ifindex !== undefined);
      await done(host.generic, encodeSetWireguard(family, { ifindex, peers: [peerOf(other, 'six', port)] }));
    }
    const [one, two] = hosts;
    ping(one, '10.5.2.0');
    const { peers } = await readWireguard(one, indexes.get(one) ?? 0);
    assert.deepEqual(peers[0]?.endpoint, { address: parseIp(two.underlay.six), port });
  });

  void test('flags: update only, remove, replaced and added networks, no preshared key, replaced peers', async () => {
    const [one] = hosts;
    const ifindex = await addWireguard(one, 'flags', { privateKey: keyPair().privateKey });
    const [first, second] = [keyPair().publicKey, keyPair().publicKey];
    const set = (change: Omit<WireguardChange, 'ifindex'>): Promise<void> =>
      done(one.generic, encodeSetWireguard(family, { ...change, ifindex }));
    const networks = async (): Promise<Record<string, string[]>> =>
      Object.fromEntries(
        (await readWireguard(one, ifindex)).peers.map(({ publicKey, allowedIps }) => [
          publicKey,
          allowedIps.map(formatCidr).toSorted(),
        ]),
      );
    const [a, b] = [parseCidr('10.6.1.0/24'), parseCidr('10.6.2.0/24')];

    await set({ peers: [{ publicKey: second, updateOnly: true, allowedIps: [a] }] });
    assert.deepEqual(await networks(), {});
    await set({ peers: [{ publicKey: first, presharedKey: one.publicKey, allowedIps: [a] }] });
    await set({ peers: [{ publicKey: first, presharedKey: NO_WIREGUARD_KEY, allowedIps: [b] }] });
    assert.deepEqual(await networks(), { [first]: ['10.6.1.0/24', '10.6.2.0/24'] });
    assert.equal((await readWireguard(one, ifindex)).peers[0]?.presharedKey, undefined);
    await set({ peers: [{ publicKey: first, replaceAllowedIps: true, allowedIps: [b] }] });
    assert.deepEqual(await networks(), { [first]: ['10.6.2.0/24'] });
    await set({ peers: [{ publicKey: second, allowedIps: [b] }] });
    assert.deepEqual(await networks(), { [first]: [], [second]: ['10.6.2.0/24'] }, 'a network has one peer');
    await set({ peers: [{ publicKey: first, remove: true }] });
    assert.deepEqual(Object.keys(await networks()), [second]);
    await set({ replacePeers: true, peers: [{ publicKey: first, allowedIps: [a] }] });
    assert.deepEqual(await networks(), { [first]: ['10.6.1.0/24'] });
    await set({ privateKey: NO_WIREGUARD_KEY });
    assert.equal((await readWireguard(one, ifindex)).privateKey, undefined);
  });

  void test('1,000 peers, and one with 2,000 networks, are set in parts and read back whole', async () => {
    const [one] = hosts;
    const name = 'many';
    const peerNumber = (n: number): WireguardPeerChange => {
      const key = new Uint8Array(32).fill(9);
      key.set([n & 255, n >> 8]);
      const second = `${n >> 8}.${n & 255}`;
      return {
        publicKey: wireguardKeyFromBytes(key),
        endpoint: { address: parseIp(`192.168.${second}`), port },
        persistentKeepaliveSeconds: 0,
        allowedIps: [parseCidr(`10.${second}.0/24`), parseCidr(`fc00:5:0:${n.toString(16)}::/64`)],
      };
    };
    const wide = {
      ...peerNumber(1_000),
      allowedIps: Array.from({ length: 2_000 }, (_, n) => parseCidr(`11.${n >> 8}.${n & 255}.0/24`)),
    };
    const peers = [...Array.from({ length: 1_000 }, (_, n) => peerNumber(n)), wide];
    await done(one.route, [encodeNewWireguard({ name })]);
    const { ifindex } = await linkOf(one, name);
    const messages = encodeSetWireguard(family, { ifindex, privateKey: one.privateKey, replacePeers: true, peers });
    assert.ok(messages.length > 5);
    await done(one.generic, messages);
    const inOrder = (
      list: readonly { publicKey: WireguardKey; allowedIps?: readonly Cidr[] | undefined }[],
    ): string[] =>
      list
        .map(({ publicKey, allowedIps = [] }) => `${publicKey} ${allowedIps.map(formatCidr).toSorted().join()}`)
        .toSorted();
    const read = await readWireguard(one, ifindex);
    assert.equal(read.peers.length, 1_001);
    assert.deepEqual(inOrder(read.peers), inOrder(peers));
    assert.deepEqual(wgDump(one, name), asWgPrints(read));
  });

  void test('what is not there, and what is no wireguard device, has its own error', async () => {
    const [one] = hosts;
    const eth0 = await linkOf(one, 'eth0');
    const request = (ifindex: number): Promise<unknown> => one.generic.dump(encodeGetWireguard(family, { ifindex }));
    await assert.rejects(request(4242), { name: 'NetlinkError', code: 'ENODEV' });
    await assert.rejects(request(eth0.ifindex), { name: 'NetlinkError', code: 'EOPNOTSUPP' });
  });
});

void describe('ipip', () => {
  void test('what was set is read back, `ip -d link` prints the same, and pings go through', async () => {
    for (const host of hosts) {
      const other = hosts[2 - host.number];
      assert.ok(other);
      const lower = await linkOf(host, 'eth0');
      const local = parseIpv4(host.underlay.four);
      const ipip = { lowerIfindex: lower.ifindex, local, remote: undefined, ttl: 64, pmtuDiscovery: true };
      await done(host.route, [encodeNewIpip({ name: 'flannel.ipip', mtu: 1480, ipip })]);
      const link = await linkOf(host, 'flannel.ipip');
      assert.equal(link.kind, 'ipip');
      assert.equal(link.mtu, 1480);
      assert.deepEqual(link.ipip, ipip);
      const [shown] = JSON.parse(host.namespace.ip('-d -j link show flannel.ipip')) as Record<string, unknown>[];
      assert.partialDeepStrictEqual(shown, {
        mtu: 1480,
        link: 'eth0',
        linkinfo: {
          info_kind: 'ipip',
          info_data: { remote: 'any', local: host.underlay.four, ttl: 64, pmtudisc: true },
        },
      });
      await done(host.route, [
        encodeSetLink(link.ifindex, { up: true }),
        encodeNewAddress({ ifindex: link.ifindex, address: parseIp(`10.7.${host.number}.0`), prefixLength: 32 }),
        encodeNewRoute(routeOver(link.ifindex, parseCidr(`10.7.${other.number}.0/24`), other.underlay.four)),
      ]);
    }
    ping(hosts[0], '10.7.2.0');
  });

  void test('a device to one peer, without path MTU discovery', async () => {
    const [one] = hosts;
    const remote = parseIpv4('192.168.77.99');
    const ipip = { lowerIfindex: undefined, local: undefined, remote, ttl: 0, pmtuDiscovery: false };
    await done(one.route, [encodeNewIpip({ name: 'to99', ipip })]);
    assert.deepEqual((await linkOf(one, 'to99')).ipip, ipip);
  });

  void test('the device that the module brings along is not ours and reads as it is', async () => {
    const [one] = hosts;
    const { ipip } = await linkOf(one, 'tunl0');
    assert.deepEqual(ipip, {
      lowerIfindex: undefined,
      local: undefined,
      remote: undefined,
      ttl: 0,
      pmtuDiscovery: false,
    });
  });
});
