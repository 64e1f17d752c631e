import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { VxlanOverlay } from '../../../../flannel/model/overlay.ts';
import { plan, type ActualOverlay } from '../../../../flannel/model/plan.ts';
import { parseCidr4 } from '../../../../native/net/cidr.ts';
import { parseIpv4 } from '../../../../native/net/ipv4.ts';
import { parseMac } from '../../../../native/net/mac.ts';
import {
  device,
  actualDevice,
  macOf,
  peerOf,
  desiredWith,
  agreeing,
  EMPTY,
  after,
  shown,
  arbitraryPeers,
  arbitraryActual,
  sorted,
} from './plan-kernel.ts';

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
