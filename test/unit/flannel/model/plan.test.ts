import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ActualDevice } from '../../../../flannel/model/device.ts';
import type { InnerMtu } from '../../../../flannel/model/mtu.ts';
import type { VxlanDevice, VxlanOverlay, VxlanPeer } from '../../../../flannel/model/overlay.ts';
import { plan, type ActualOverlay } from '../../../../flannel/model/plan.ts';
import type { Step } from '../../../../flannel/model/step.ts';
import { cidr4, parseCidr4 } from '../../../../native/net/cidr.ts';
import { formatCidr, sameCidr, type IpAddress } from '../../../../native/net/ip.ts';
import { parseIpv4, type Ipv4 } from '../../../../native/net/ipv4.ts';
import { parseMac, type MacAddress } from '../../../../native/net/mac.ts';

const NETWORK = parseCidr4('10.5.0.0/16');

const device: VxlanDevice = {
  name: 'flannel.1',
  vni: 1,
  lowerIfindex: 2,
  local: parseIpv4('192.168.77.11'),
  port: 8472,
  learning: false,
  gbp: false,
  mac: parseMac('02:00:00:00:00:01'),
  mtu: 1450 as InnerMtu,
};

const actualDevice = (wanted: VxlanDevice, change: Partial<ActualDevice> = {}): ActualDevice => ({
  ifindex: 7,
  name: wanted.name,
  kind: 'vxlan',
  mac: wanted.mac,
  mtu: wanted.mtu,
  up: true,
  acceptRa: 0,
  vxlan: { ...wanted, l2miss: false, group: undefined },
  ...change,
});

const macOf = (number: number): MacAddress => parseMac(`02:aa:00:00:00:${number.toString(16).padStart(2, '0')}`);
const peerOf = (number: number, host = number): VxlanPeer => ({
  subnet: cidr4((NETWORK.address + number * 256) as Ipv4, 24),
  vtepMac: macOf(host),
  publicIp: (parseIpv4('192.168.77.0') + host) as Ipv4,
});

const desiredWith = (peers: readonly VxlanPeer[]): VxlanOverlay => ({
  device,
  address: parseIpv4('10.5.200.0'),
  network: NETWORK,
  peers,
  nexthopObjects: false,
});

const agreeing = (desired: VxlanOverlay): ActualOverlay => ({
  device: actualDevice(desired.device),
  addresses: [{ address: desired.address, prefixLength: 32 }],
  neighbors: desired.peers.map(({ subnet, vtepMac }) => ({ address: subnet.address, mac: vtepMac, permanent: true })),
  fdb: [...new Map(desired.peers.map(({ vtepMac, publicIp }) => [vtepMac, publicIp]))].map(([mac, remote]) => ({
    mac,
    remote,
    permanent: true,
  })),
  routes: desired.peers.map(({ subnet }) => ({
    destination: subnet,
    gateway: subnet.address,
    onlink: true,
    nexthopId: undefined,
    plain: true,
  })),
  nexthops: [],
});

const EMPTY: ActualOverlay = { device: undefined, addresses: [], neighbors: [], fdb: [], nexthops: [], routes: [] };

/** After a step on a route or an FDB entry. */
function afterEntry(
  actual: ActualOverlay,
  step: Extract<Step, { destination: unknown } | { remote: unknown }>,
): ActualOverlay {
  const { fdb, routes } = actual;
  if ('destination' in step) {
    const { destination } = step;
    const others = routes.filter((route) => !sameCidr(route.destination, destination));
    // The kernel refuses to add what is there.
    if (step.kind === 'add-route') expect(others).toHaveLength(routes.length);
    if (step.kind === 'remove-route') return { ...actual, routes: others };
    return {
      ...actual,
      routes: [
        ...others,
        { destination, gateway: destination.address, onlink: true, nexthopId: undefined, plain: true },
      ],
    };
  }
  const others = fdb.filter(({ mac }) => mac !== step.mac);
  const entry = { mac: step.mac, remote: step.remote, permanent: true };
  return { ...actual, fdb: step.kind === 'set-fdb' ? [...others, entry] : others };
}

type VxlanStep = Exclude<
  Step,
  | { nexthopId: unknown }
  | { destination: unknown }
  | { tunnel: unknown }
  | { privateKey: unknown }
  | { peer: unknown }
  | { publicKey: unknown }
>;

const isVxlanStep = (step: Step): step is VxlanStep =>
  !['nexthopId', 'destination', 'tunnel', 'privateKey', 'peer', 'publicKey'].some((field) => field in step);

/** What the kernel would hold after a step. */
function after(actual: ActualOverlay, step: Step): ActualOverlay {
  if ('destination' in step || 'remote' in step) return afterEntry(actual, step);
  if (!isVxlanStep(step)) throw new RangeError(`no step of a plain vxlan device: ${step.kind}`);
  const { addresses, neighbors } = actual;
  switch (step.kind) {
    case 'delete-link':
      return EMPTY;
    case 'create-link':
      return { ...EMPTY, device: actualDevice(step.device) };
    case 'set-link':
      return { ...actual, device: actualDevice(device) };
    case 'add-address':
      return { ...actual, addresses: [...addresses, { address: step.address, prefixLength: 32 }] };
    case 'remove-address':
      return { ...actual, addresses: addresses.filter(({ address }) => address !== step.address) };
    case 'remove-neighbor':
    case 'set-neighbor': {
      const others = neighbors.filter(({ address }) => address !== step.address);
      const entry = step.kind === 'set-neighbor' ? [{ address: step.address, mac: step.mac, permanent: true }] : [];
      return { ...actual, neighbors: [...others, ...entry] };
    }
  }
}

const shown = (step: Step): string => {
  if ('destination' in step) return `${step.kind} ${formatCidr(step.destination)}`;
  return step.kind;
};

describe('steps of one change', () => {
  const two = desiredWith([peerOf(1), peerOf(2)]);
  const settled = agreeing(two);
  test.each<{ name: string; actual: ActualOverlay; want: string[] }>([
    { name: 'agreement needs none', actual: settled, want: [] },
    {
      name: 'nothing there: link, address, then ARP, FDB, route of each peer',
      actual: EMPTY,
      want: [
        'create-link',
        'add-address',
        'set-neighbor',
        'set-fdb',
        'add-route 10.5.1.0/24',
        'set-neighbor',
        'set-fdb',
        'add-route 10.5.2.0/24',
      ],
    },
    { name: 'a lost route', actual: { ...settled, routes: settled.routes.slice(1) }, want: ['add-route 10.5.1.0/24'] },
    { name: 'a lost neighbour', actual: { ...settled, neighbors: settled.neighbors.slice(1) }, want: ['set-neighbor'] },
    { name: 'a lost FDB entry', actual: { ...settled, fdb: settled.fdb.slice(1) }, want: ['set-fdb'] },
    { name: 'a lost address', actual: { ...settled, addresses: [] }, want: ['add-address'] },
    {
      name: 'a route that lost its onlink',
      actual: { ...settled, routes: settled.routes.map((route) => ({ ...route, onlink: false })) },
      want: ['replace-route 10.5.1.0/24', 'replace-route 10.5.2.0/24'],
    },
    {
      name: 'a route of another protocol',
      actual: { ...settled, routes: settled.routes.map((route, index) => ({ ...route, plain: index === 1 })) },
      want: ['replace-route 10.5.1.0/24'],
    },
    {
      name: 'a neighbour that is learned, not set',
      actual: { ...settled, neighbors: settled.neighbors.map((neighbor) => ({ ...neighbor, permanent: false })) },
      want: ['set-neighbor', 'set-neighbor'],
    },
    {
      name: 'a peer that left: route, FDB, ARP',
      actual: agreeing(desiredWith([peerOf(1), peerOf(2), peerOf(3)])),
      want: ['remove-route 10.5.3.0/24', 'remove-fdb', 'remove-neighbor'],
    },
    {
      name: 'a peer with a new MAC: the old FDB entry goes last',
      actual: agreeing(desiredWith([{ ...peerOf(1), vtepMac: macOf(99) }, peerOf(2)])),
      want: ['set-neighbor', 'set-fdb', 'remove-fdb'],
    },
    {
      name: 'a peer with a new address',
      actual: agreeing(desiredWith([{ ...peerOf(1), publicIp: parseIpv4('192.168.77.99') }, peerOf(2)])),
      want: ['set-fdb'],
    },
    {
      name: 'MTU and state are put right in place',
      actual: { ...settled, device: actualDevice(device, { mtu: 1400, up: false }) },
      want: ['set-link'],
    },
    {
      name: 'so is the MAC, with which the kernel drops the ARP entries',
      actual: { ...settled, device: actualDevice(device, { mac: macOf(5) }) },
      want: ['set-link', 'set-neighbor', 'set-neighbor'],
    },
    {
      name: 'an incompatible device starts from nothing',
      actual: { ...agreeing(desiredWith([peerOf(1)])), device: actualDevice({ ...device, vni: 7 }) },
      want: [
        'delete-link',
        'create-link',
        'add-address',
        'set-neighbor',
        'set-fdb',
        'add-route 10.5.1.0/24',
        'set-neighbor',
        'set-fdb',
        'add-route 10.5.2.0/24',
      ],
    },
    {
      name: 'an own address of a former subnet goes, one of another network stays',
      actual: {
        ...settled,
        addresses: [
          ...settled.addresses,
          { address: parseIpv4('10.5.9.0'), prefixLength: 32 },
          { address: parseIpv4('172.16.0.1'), prefixLength: 24 },
        ],
      },
      want: ['remove-address'],
    },
  ])('$name', ({ actual, want }) => {
    expect(plan(two, actual).map(shown)).toEqual(want);
  });

  test('what is not ours stays', () => {
    const foreign: ActualOverlay = {
      ...settled,
      neighbors: [
        ...settled.neighbors,
        { address: parseIpv4('10.5.9.9'), mac: macOf(9), permanent: false },
        { address: parseIpv4('192.168.0.9'), mac: macOf(9), permanent: true },
      ],
      fdb: [
        ...settled.fdb,
        { mac: parseMac('00:00:00:00:00:00'), remote: parseIpv4('192.168.77.40'), permanent: true },
        { mac: parseMac('01:00:5e:00:00:01'), remote: parseIpv4('192.168.77.40'), permanent: true },
        { mac: macOf(50), remote: parseIpv4('192.168.77.40'), permanent: false },
        { mac: macOf(51), remote: undefined, permanent: true },
      ],
      routes: [
        ...settled.routes,
        {
          destination: parseCidr4('10.5.99.0/24'),
          gateway: undefined,
          onlink: false,
          nexthopId: undefined,
          plain: true,
        },
        {
          destination: parseCidr4('192.168.0.0/16'),
          gateway: parseIpv4('10.5.1.0'),
          onlink: true,
          nexthopId: undefined,
          plain: true,
        },
        {
          destination: parseCidr4('10.0.0.0/8'),
          gateway: parseIpv4('10.5.1.0'),
          onlink: true,
          nexthopId: undefined,
          plain: true,
        },
      ],
    };
    expect(plan(two, foreign)).toEqual([]);
  });

  test('two leases of one host share one FDB entry', () => {
    const desired = desiredWith([peerOf(1, 8), peerOf(2, 8)]);
    const kinds = plan(desired, { ...EMPTY, device: actualDevice(device) }).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'set-fdb')).toHaveLength(1);
    expect(plan(desired, agreeing(desired))).toEqual([]);
  });
});

const arbitraryPeers = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 90 })), {
    selector: ([number]) => number,
    maxLength: 30,
  })
  .map((pairs) => pairs.map(([number, host]) => peerOf(number, host)));

/** A kernel in any state that our own writes and a meddler can leave it in. */
const arbitraryActual = fc
  .record({
    peers: arbitraryPeers,
    device: fc.constantFrom('none', 'other vni', 'wrong mtu', 'down', 'right'),
    lose: fc.constantFrom('neighbors', 'fdb', 'routes', 'addresses', 'nothing'),
    wrongGateway: fc.boolean(),
  })
  .map(({ peers, device: state, lose, wrongGateway }): ActualOverlay => {
    if (state === 'none') return EMPTY;
    const actual = agreeing(desiredWith(peers));
    const devices = {
      'other vni': actualDevice({ ...device, vni: 9 }),
      'wrong mtu': actualDevice(device, { mtu: 1280 }),
      down: actualDevice(device, { up: false }),
      right: actualDevice(device),
    };
    const routes = actual.routes.map((route, index) =>
      wrongGateway && index % 2 ? { ...route, gateway: undefined } : route,
    );
    return { ...actual, routes, device: devices[state], ...(lose === 'nothing' ? {} : { [lose]: [] }) };
  });

const byValue = (a: IpAddress, b: IpAddress): number => (a < b ? -1 : Number(a > b));

const sorted = (actual: ActualOverlay): unknown => ({
  ...actual,
  addresses: actual.addresses.toSorted((a, b) => byValue(a.address, b.address)),
  neighbors: actual.neighbors.toSorted((a, b) => byValue(a.address, b.address)),
  fdb: actual.fdb.toSorted((a, b) => (a.mac < b.mac ? -1 : 1)),
  routes: actual.routes.toSorted((a, b) => byValue(a.destination.address, b.destination.address)),
});

test('plan(x, x) = []', () => {
  fc.assert(
    fc.property(arbitraryPeers, (peers) => plan(desiredWith(peers), agreeing(desiredWith(peers))).length === 0),
  );
});

test('applying plan(d, a) to a gives d', () => {
  fc.assert(
    fc.property(arbitraryPeers, arbitraryActual, (peers, actual) => {
      const desired = desiredWith(peers);
      const result = plan(desired, actual).reduce(after, actual);
      expect(sorted(result)).toEqual(sorted(agreeing(desired)));
      expect(plan(desired, result)).toEqual([]);
    }),
  );
});

test('additions come before removals, and a route never before its ARP entry', () => {
  fc.assert(
    fc.property(arbitraryPeers, arbitraryActual, (peers, actual) => {
      const steps = plan(desiredWith(peers), actual);
      const lastAddition = steps.findLastIndex(({ kind }) => kind.startsWith('set-') || kind.startsWith('add-'));
      const firstRemoval = steps.findIndex(({ kind }) => kind.startsWith('remove-'));
      expect(firstRemoval === -1 || lastAddition < firstRemoval).toBe(true);
      for (const [index, step] of steps.entries()) {
        if (step.kind !== 'add-route') continue;
        const late = steps.findIndex(
          (other) => other.kind === 'set-neighbor' && other.address === step.destination.address,
        );
        expect(late).toBeLessThan(index);
      }
    }),
  );
});

describe('nexthop objects', () => {
  const peers = [peerOf(1), peerOf(2)];
  const desired: VxlanOverlay = { ...desiredWith(peers), nexthopObjects: true };
  const plain = agreeing(desiredWith(peers));
  const settled: ActualOverlay = {
    ...plain,
    nexthops: peers.map(({ subnet }) => ({ id: Number(subnet.address), gateway: subnet.address, onlink: true })),
    routes: plain.routes.map((route) => ({ ...route, nexthopId: Number(route.destination.address) })),
  };

  test.each<{ name: string; desired: VxlanOverlay; actual: ActualOverlay; want: string[] }>([
    { name: 'agreement needs none', desired, actual: settled, want: [] },
    {
      name: 'switched on: object and route of each peer',
      desired,
      actual: plain,
      want: ['set-nexthop', 'replace-route 10.5.1.0/24', 'set-nexthop', 'replace-route 10.5.2.0/24'],
    },
    {
      name: 'switched off: the routes first, then the objects nobody needs',
      desired: desiredWith(peers),
      actual: settled,
      want: ['replace-route 10.5.1.0/24', 'replace-route 10.5.2.0/24', 'remove-nexthop', 'remove-nexthop'],
    },
    {
      name: 'a deleted object, with which the kernel drops its route',
      desired,
      actual: { ...settled, nexthops: settled.nexthops.slice(1), routes: settled.routes.slice(1) },
      want: ['set-nexthop', 'add-route 10.5.1.0/24'],
    },
    {
      name: 'a peer that left: its route before its object',
      desired: { ...desiredWith(peers.slice(1)), nexthopObjects: true },
      actual: settled,
      want: ['remove-route 10.5.1.0/24', 'remove-nexthop', 'remove-fdb', 'remove-neighbor'],
    },
  ])('$name', ({ desired: wanted, actual, want }) => {
    expect(plan(wanted, actual).map(shown)).toEqual(want);
  });
});

test('a device that takes router advertisements is told not to', () => {
  const desired = desiredWith([]);
  const actual = { ...agreeing(desired), device: actualDevice(device, { acceptRa: 2 }) };
  expect(plan(desired, actual)).toEqual([{ kind: 'set-link', correction: { acceptRa: 0 } }]);
});
