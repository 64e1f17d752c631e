import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OverlayKernel } from '../../../flannel/io/kernel.ts';
import { newsOf, type KernelNews } from '../../../flannel/io/kernel-events.ts';
import { chooseUnderlay, type Underlay } from '../../../flannel/model/interface-choice.ts';
import type { Peer, VxlanOverlay, VxlanPeer } from '../../../flannel/model/overlay.ts';
import { parseNetworkConfig } from '../../../flannel/model/network-config.ts';
import { plan, type ActualOverlay } from '../../../flannel/model/plan.ts';
import { vxlanState } from '../../../flannel/backends/vxlan.ts';
import { parseCidr4 } from '../../../native/net/cidr.ts';
import type { IpAddress } from '../../../native/net/ip.ts';
import { parseIpv4 } from '../../../native/net/ipv4.ts';
import { parseMac } from '../../../native/net/mac.ts';
import { packageRoot } from '../../../native/host/package-root.ts';
import { RTNLGRP, type Message } from '../../../native/netlink/message.ts';
import { openRouteSocket, watchRoute, type NetlinkSocket } from '../../../native/netlink/socket.ts';
import { makeUnderlay, type TestNamespace, type TestUnderlay } from '../../support/netns.ts';
import { until } from '../../support/until.ts';

/** Host 1 of recording R01, whose underlay makeUnderlay builds again. */
const RECORDING = join(packageRoot(), 'test/fixtures/flannel/R01-v0.20.2-vxlan-masq/h1');
const config = parseNetworkConfig('{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan"}}');
const mac = parseMac('66:67:05:52:a6:9e');
const subnet = parseCidr4('10.5.89.0/24');
const peers: readonly VxlanPeer[] = [
  { subnet: parseCidr4('10.5.17.0/24'), vtepMac: parseMac('06:e2:40:46:20:58'), publicIp: parseIpv4('192.168.77.12') },
  { subnet: parseCidr4('10.5.80.0/24'), vtepMac: parseMac('52:46:5e:31:5e:b4'), publicIp: parseIpv4('192.168.77.13') },
];
const signal = AbortSignal.timeout(60_000);

let underlay: TestUnderlay;
let ns: TestNamespace;
let socket: NetlinkSocket;
let kernel: OverlayKernel;
let below: Underlay;

beforeEach(async () => {
  underlay = await makeUnderlay({ hosts: 1 });
  const [host] = underlay.hosts;
  ns = host!.namespace;
  socket = openRouteSocket({ netns: { kind: 'name', name: ns.name } });
  kernel = new OverlayKernel(socket, socket);
  const nothing = {
    iface: [],
    ifaceRegex: [],
    ifaceCanReach: undefined,
    publicIp: undefined,
    publicIpv6: undefined,
  };
  below = chooseUnderlay(await kernel.readHost([], signal), nothing, { ipv4: true, ipv6: false }).underlay;
});

afterEach(async () => {
  await socket[Symbol.asyncDispose]();
  await underlay[Symbol.asyncDispose]();
});

function desiredWith(chosen: readonly VxlanPeer[]): VxlanOverlay {
  const { backend } = config;
  if (backend.kind !== 'vxlan') throw new RangeError('expected vxlan');
  const state = vxlanState(
    {
      network: config,
      underlay: below,
      subnets: { ipv4: subnet, ipv6: undefined },
      macs: { ipv4: mac, ipv6: undefined },
      wireguardKey: undefined,
      peers: { ipv4: chosen.map((peer) => ({ ...peer, wireguard: undefined })), ipv6: undefined },
      routes: { ipv4: undefined, ipv6: undefined },
      defaultPort: kernel.defaultPort,
      nexthopObjects: false,
      blackhole: 'off',
    },
    backend,
  );
  return state.tunnels[0]!;
}

async function read(): Promise<ActualOverlay> {
  return kernel.readTunnel({ name: 'flannel.1', family: 'ipv4' }, signal);
}

/** One pass. @returns the kinds of steps it took, and the errors. */
async function reconcile(desired: VxlanOverlay): Promise<{ kinds: string[]; errors: string[] }> {
  const actual = await read();
  const steps = plan(desired, actual);
  const { failures } = await kernel.apply(steps, actual.device?.ifindex, signal);
  return { kinds: steps.map(({ kind }) => kind), errors: failures.map(({ error }) => error.message) };
}

/** Lines without interface index and blanks at the end, in an order of their own. */
const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.replace(/^\d+: /, '').trimEnd())
    .filter((line) => line !== '')
    .sort();

const recorded = (file: string): string[] => linesOf(readFileSync(join(RECORDING, file), 'utf8'));

test('the kernel shows what it shows with real flanneld', async () => {
  expect(await reconcile(desiredWith(peers))).toMatchObject({ errors: [] });
  expect(linesOf(ns.ip('-d link show dev flannel.1'))).toEqual(recorded('ip-d-link.flannel.1.txt'));
  expect(linesOf(ns.ip('route show'))).toEqual(recorded('ip-route.txt'));
  expect(linesOf(ns.ip('neigh show dev flannel.1 nud permanent'))).toEqual(recorded('neigh.txt'));
  expect(linesOf(ns.run('bridge', 'fdb', 'show', 'dev', 'flannel.1'))).toEqual(recorded('fdb.txt'));
  expect(ns.ip('-4 addr show dev flannel.1')).toContain('inet 10.5.89.0/32 scope global flannel.1');
});

describe('damage by hand is put right by one pass', () => {
  test.each([
    { name: 'nothing', damage: [], want: [] },
    { name: 'a route deleted', damage: ['ip route del 10.5.17.0/24'], want: ['add-route'] },
    { name: 'a neighbour deleted', damage: ['ip neigh del 10.5.17.0 dev flannel.1'], want: ['set-neighbor'] },
    {
      name: 'a neighbour with another MAC',
      damage: ['ip neigh replace 10.5.17.0 lladdr 02:00:00:00:00:99 dev flannel.1 nud permanent'],
      want: ['set-neighbor'],
    },
    {
      name: 'an FDB entry deleted',
      damage: ['bridge fdb del 06:e2:40:46:20:58 dev flannel.1 dst 192.168.77.12 self'],
      want: ['set-fdb'],
    },
    {
      name: 'an FDB entry to another host',
      damage: ['bridge fdb replace 06:e2:40:46:20:58 dev flannel.1 dst 192.168.77.99 self permanent'],
      want: ['set-fdb'],
    },
    {
      name: 'a route by another protocol',
      damage: ['ip route replace 10.5.17.0/24 via 10.5.17.0 dev flannel.1 onlink proto static'],
      want: ['replace-route'],
    },
    {
      name: 'the address deleted, with which the kernel drops neighbours and routes',
      damage: ['ip addr del 10.5.89.0/32 dev flannel.1'],
      want: ['add-address', 'set-neighbor', 'add-route', 'set-neighbor', 'add-route'],
    },
    { name: 'the MTU changed', damage: ['ip link set flannel.1 mtu 1400'], want: ['set-link'] },
    {
      name: 'the MAC changed, with which the kernel drops neighbours',
      damage: ['ip link set flannel.1 address 02:00:00:00:00:77'],
      want: ['set-link', 'set-neighbor', 'set-neighbor'],
    },
    { name: 'learning switched on', damage: ['ip link set flannel.1 type vxlan learning'], want: ['set-link'] },
    {
      name: 'the device down',
      damage: ['ip link set flannel.1 down'],
      want: ['set-link', 'set-neighbor', 'add-route', 'set-neighbor', 'add-route'],
    },
    {
      name: 'a stale peer of a former run',
      damage: [
        'ip neigh add 10.5.33.0 lladdr 02:00:00:00:00:33 dev flannel.1 nud permanent',
        'bridge fdb add 02:00:00:00:00:33 dev flannel.1 dst 192.168.77.33 self permanent',
        'ip route add 10.5.33.0/24 via 10.5.33.0 dev flannel.1 onlink',
      ],
      want: ['remove-route', 'remove-fdb', 'remove-neighbor'],
    },
    {
      name: 'the address of a former subnet',
      damage: ['ip addr add 10.5.7.0/32 dev flannel.1'],
      want: ['remove-address'],
    },
    {
      name: 'the device deleted',
      damage: ['ip link del flannel.1'],
      want: [
        'create-link',
        'add-address',
        'set-neighbor',
        'set-fdb',
        'add-route',
        'set-neighbor',
        'set-fdb',
        'add-route',
      ],
    },
  ])('$name', async ({ damage, want }) => {
    const desired = desiredWith(peers);
    await reconcile(desired);
    for (const command of damage) ns.run(...command.split(' '));
    expect(await reconcile(desired)).toEqual({ kinds: want, errors: [] });
    expect(await reconcile(desired)).toEqual({ kinds: [], errors: [] });
    expect(linesOf(ns.ip('route show'))).toEqual(recorded('ip-route.txt'));
    expect(ns.ip('link show dev flannel.1')).toContain(mac);
  });
});

test('what is not ours is never touched', async () => {
  const foreign = [
    'ip link add other0 type bridge',
    'ip link set other0 up',
    'ip route add 10.5.99.0/24 dev other0',
    'ip route add 192.168.200.0/24 via 10.5.17.0 dev flannel.1 onlink',
    'ip route add 10.5.44.0/24 via 10.5.17.0 dev flannel.1 onlink metric 50',
    'ip neigh add 192.168.77.40 lladdr 02:00:00:00:00:40 dev eth0 nud permanent',
    'ip addr add 172.16.9.1/24 dev flannel.1',
    'bridge fdb append 00:00:00:00:00:00 dev flannel.1 dst 192.168.77.40 self permanent',
  ];
  await reconcile(desiredWith(peers));
  for (const command of foreign) ns.run(...command.split(' '));
  const before = [ns.ip('route show'), ns.ip('neigh show'), ns.run('bridge', 'fdb'), ns.ip('-4 addr')];
  expect(await reconcile(desiredWith(peers))).toEqual({ kinds: [], errors: [] });
  await reconcile(desiredWith([]));
  await reconcile(desiredWith(peers));
  const after = [ns.ip('route show'), ns.ip('neigh show'), ns.run('bridge', 'fdb'), ns.ip('-4 addr')];
  expect(after.map(linesOf)).toEqual(before.map(linesOf));
});

test('a route of somebody else to a peer’s subnet is told and left alone', async () => {
  ns.ip('route add 10.5.17.0/24 via 192.168.77.1 dev eth0');
  const { errors } = await reconcile(desiredWith(peers));
  expect(errors).toEqual([
    'cannot add route 10.5.17.0/24: EEXIST (a route of somebody else to this subnet is in the way: see `ip route show`)',
  ]);
  expect(ns.ip('route show')).toContain('10.5.17.0/24 via 192.168.77.1 dev eth0');
  expect(ns.ip('route show')).toContain('10.5.80.0/24 via 10.5.80.0 dev flannel.1 onlink');
});

describe('a device of that name which cannot be used is made anew', () => {
  test.each([
    { name: 'a bridge', command: 'ip link add flannel.1 type bridge' },
    { name: 'another VNI', command: 'ip link add flannel.1 type vxlan id 7 dev eth0 local 192.168.77.11 dstport 8472' },
    {
      name: 'another port',
      command: 'ip link add flannel.1 type vxlan id 1 dev eth0 local 192.168.77.11 dstport 4789',
    },
    { name: 'no interface below', command: 'ip link add flannel.1 type vxlan id 1 local 192.168.77.11 dstport 8472' },
    { name: 'gbp', command: 'ip link add flannel.1 type vxlan id 1 dev eth0 local 192.168.77.11 dstport 8472 gbp' },
  ])('$name', async ({ command }) => {
    ns.run(...command.split(' '));
    const { kinds, errors } = await reconcile(desiredWith(peers));
    expect([kinds.slice(0, 2), errors]).toEqual([['delete-link', 'create-link'], []]);
    expect(linesOf(ns.ip('-d link show dev flannel.1'))).toEqual(recorded('ip-d-link.flannel.1.txt'));
  });

  test('a compatible one is taken over as it is', async () => {
    ns.run(
      ...'ip link add flannel.1 address 02:11:22:33:44:55 type vxlan id 1 dev eth0 local 192.168.77.11 dstport 8472 nolearning'.split(
        ' ',
      ),
    );
    const ifindex = (await kernel.findLink('flannel.1', signal))?.ifindex;
    const { kinds, errors } = await reconcile(desiredWith([]));
    expect([kinds, errors]).toEqual([['set-link', 'add-address'], []]);
    expect((await kernel.findLink('flannel.1', signal))?.ifindex).toBe(ifindex);
  });
});

test('another device with the same VNI and port is named as the reason', async () => {
  ns.run(...'ip link add other0 type vxlan id 1 dev eth0 dstport 8472'.split(' '));
  const { errors } = await reconcile(desiredWith(peers));
  expect(errors).toEqual([
    'cannot create link flannel.1: EEXIST (another vxlan device has VNI 1 and port 8472: delete it, or change VNI or Port)',
  ]);
});

test('a peer comes, changes and goes', async () => {
  await reconcile(desiredWith(peers.slice(0, 1)));
  const [, second] = peers;
  const moved = { ...second!, publicIp: parseIpv4('192.168.77.14'), vtepMac: parseMac('02:00:00:00:00:14') };
  for (const state of [peers, [peers[0]!, moved], peers.slice(0, 1)]) {
    expect((await reconcile(desiredWith(state))).errors).toEqual([]);
    expect((await reconcile(desiredWith(state))).kinds).toEqual([]);
  }
  expect(ns.run('bridge', 'fdb', 'show', 'dev', 'flannel.1').trim().split('\n')).toHaveLength(1);
});

test('the interface below is found again after it was made anew', async () => {
  ns.ip('link del eth0');
  expect(await kernel.readUnderlay(below, signal)).toBeUndefined();
  ns.ip('link add eth0 type bridge');
  ns.ip('link set eth0 mtu 1400 up');
  ns.ip('addr add 192.168.77.11/24 dev eth0');
  const again = await kernel.readUnderlay(below, signal);
  expect(again).toMatchObject({ name: 'eth0', mtu: 1400 });
  expect(again?.ifindex).not.toBe(below.ifindex);
});

describe('events', () => {
  test('of our own writes are no reason for a pass, those of a meddler are', async () => {
    const desired = desiredWith(peers);
    await reconcile(desiredWith([]));
    const device = await kernel.findLink('flannel.1', signal);
    const filter = {
      linkNames: new Set(['eth0', 'flannel.1']),
      underlayIfindex: below.ifindex,
      tunnels: new Map([
        [
          device!.ifindex,
          {
            peerAt: (address: IpAddress): Peer | undefined => {
              const peer = peers.find(({ subnet: { address: first } }) => first === address);
              return peer && { ...peer, wireguard: undefined };
            },
            peerOfNexthop: (): undefined => undefined,
            remoteOf: (vtep: string): IpAddress | undefined => peers.find(({ vtepMac }) => vtepMac === vtep)?.publicIp,
          },
        ],
      ]),
      networks: [config.ipv4!.network],
      directGateway: (): undefined => undefined,
      isBlackhole: (): boolean => false,
      ownIfindexes: new Set<number>(),
      followsRoutes: false,
    };
    const heard: Message[] = [];
    using _watch = watchRoute({
      netns: { kind: 'name', name: ns.name },
      groups: [RTNLGRP.LINK, RTNLGRP.NEIGH, RTNLGRP.IPV4_IFADDR, RTNLGRP.IPV4_ROUTE],
      onFatal: (error) => {
        throw error;
      },
      onEvents: ({ messages }) =>
        heard.push(...messages.map((message) => ({ ...message, payload: Buffer.from(message.payload) }))),
    });
    const news = async (atLeast: number): Promise<KernelNews | undefined> => {
      await until(() => heard.length >= atLeast, { what: `${atLeast} events` });
      return newsOf(heard.splice(0), filter);
    };
    await reconcile(desired);
    expect(await news(6)).toBeUndefined();
    ns.ip('neigh add 192.168.77.40 lladdr 02:00:00:00:00:40 dev eth0');
    expect(await news(1)).toBeUndefined();
    for (const { command, missing } of [
      { command: 'ip route del 10.5.17.0/24', missing: ['route'] },
      { command: 'ip neigh del 10.5.17.0 dev flannel.1', missing: ['neighbor'] },
      { command: 'bridge fdb del 06:e2:40:46:20:58 dev flannel.1 dst 192.168.77.12 self', missing: ['fdb'] },
      { command: 'ip addr del 10.5.89.0/32 dev flannel.1', missing: [] },
      { command: 'ip link set flannel.1 mtu 1400', missing: [] },
      { command: 'ip route add 10.5.17.0/24 dev eth0', missing: [] },
      { command: 'ip link del flannel.1', missing: [] },
    ]) {
      ns.run(...command.split(' '));
      const told = await news(1);
      if (missing.length === 0) expect(told?.isUnclear, command).toBe(true);
      else expect([told?.missing.map(({ kind }) => kind), told?.isUnclear], command).toEqual([missing, false]);
    }
  });
});
