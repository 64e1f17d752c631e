import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { selectPeers, type SelfInOverlay } from '../../../../flannel/model/select-peers.ts';
import type { KnownLease } from '../../../../flannel/model/lease.ts';
import { cidr4, parseCidr4 } from '../../../../native/net/cidr.ts';
import { cidrOverlaps, formatCidr } from '../../../../native/net/ip.ts';
import { parseIpv4, type Ipv4 } from '../../../../native/net/ipv4.ts';
import { parseMac } from '../../../../native/net/mac.ts';
import { knownLease } from '../builders.ts';

const VTEP = parseMac('02:00:00:00:00:01');
const self: SelfInOverlay = {
  family: 'ipv4',
  backend: 'vxlan',
  nodeId: 'me',
  publicIp: parseIpv4('192.168.77.11'),
  publicIpv6: undefined,
  network: parseCidr4('10.4.0.0/14'),
  subnet: parseCidr4('10.5.50.0/24'),
  vtepMac: VTEP,
};

interface Fields {
  readonly ip?: string;
  readonly mac?: string;
  readonly nodeId?: string;
  readonly created?: number;
  readonly modified?: number;
}

const vxlan = (subnet: string, { ip, mac, nodeId, created = 1, modified = created }: Fields = {}): KnownLease => {
  const data = { vni: 1, vtepMac: parseMac(mac ?? '02:00:00:00:00:02') };
  const backend = { kind: 'vxlan', ipv4: data, ipv6: undefined } as const;
  return knownLease(
    subnet,
    { nodeId, backend, ...(ip === undefined ? {} : { ip }) },
    { createRevision: BigInt(created), modRevision: BigInt(modified) },
  );
};

const hostGateway = (subnet: string): KnownLease => knownLease(subnet, { backend: { kind: 'host-gw' } });

describe('who is a peer', () => {
  test.each<{ name: string; leases: KnownLease[]; peers: string[]; problems: number }>([
    { name: 'another host', leases: [vxlan('10.5.1.0/24')], peers: ['10.5.1.0/24'], problems: 0 },
    { name: 'not a lease of another backend', leases: [hostGateway('10.5.1.0/24')], peers: [], problems: 0 },
    { name: 'not this host by node id', leases: [vxlan('10.5.1.0/24', { nodeId: 'me' })], peers: [], problems: 0 },
    {
      name: 'not this host by address',
      leases: [vxlan('10.5.1.0/24', { ip: '192.168.77.11' })],
      peers: [],
      problems: 0,
    },
    { name: 'nobody on our own subnet', leases: [vxlan('10.5.50.0/24')], peers: [], problems: 1 },
    { name: 'nobody inside our own subnet', leases: [vxlan('10.5.50.128/25')], peers: [], problems: 1 },
    { name: 'nobody outside the Network', leases: [vxlan('8.8.8.0/24')], peers: [], problems: 1 },
    { name: 'nobody with more than the Network', leases: [vxlan('10.0.0.0/13')], peers: [], problems: 1 },
    { name: 'nobody with our own MAC', leases: [vxlan('10.5.1.0/24', { mac: VTEP })], peers: [], problems: 1 },
    {
      name: 'of overlapping leases the first comer',
      leases: [
        vxlan('10.5.0.0/23', { created: 5 }),
        vxlan('10.5.1.0/24', { ip: '192.168.77.13', mac: '02:00:00:00:00:03', created: 2 }),
      ],
      peers: ['10.5.1.0/24'],
      problems: 1,
    },
    {
      name: 'of hosts with one MAC the one that wrote last',
      leases: [vxlan('10.5.1.0/24', { modified: 9 }), vxlan('10.5.2.0/24', { ip: '192.168.77.13', modified: 3 })],
      peers: ['10.5.1.0/24'],
      problems: 1,
    },
    {
      name: 'a host with two leases in both',
      leases: [vxlan('10.5.1.0/24', { modified: 9 }), vxlan('10.5.2.0/24', { modified: 3 })],
      peers: ['10.5.1.0/24', '10.5.2.0/24'],
      problems: 0,
    },
  ])('$name', ({ leases, peers, problems }) => {
    const selection = selectPeers(leases, self);
    expect(selection.peers.map(({ subnet }) => formatCidr(subnet))).toEqual(peers);
    expect(selection.problems).toHaveLength(problems);
  });

  test('a problem names both sides', () => {
    const { problems } = selectPeers(
      [vxlan('10.5.1.0/24', { modified: 9 }), vxlan('10.5.2.0/24', { ip: '192.168.77.13', modified: 3 })],
      self,
    );
    expect(problems[0]).toEqual({
      key: '/p/subnets/10.5.2.0-24',
      reason:
        '10.5.2.0/24 has the VTEP MAC 02:00:00:00:00:02 of the host at 192.168.77.12, which wrote its lease later',
    });
  });
});

test.each(['00:00:00:00:00:00', '01:00:5e:00:00:01', '33:33:00:00:00:01', 'ff:ff:ff:ff:ff:ff'])(
  'nobody with the VTEP MAC %s, which no host can have',
  (mac) => {
    const { peers, problems } = selectPeers([vxlan('10.5.1.0/24', { mac }), vxlan('10.5.2.0/24')], self);
    expect(peers.map(({ subnet }) => formatCidr(subnet))).toEqual(['10.5.2.0/24']);
    expect(problems.map(({ reason }) => reason)).toEqual([
      `10.5.1.0/24 has the VTEP MAC ${mac}, which no host can have: expected one of a single device, such as 02:00:00:00:00:01`,
    ]);
  },
);

const arbitraryLease = fc
  .record({
    low: fc.integer({ min: 0, max: 255 }),
    length: fc.integer({ min: 20, max: 26 }),
    host: fc.integer({ min: 1, max: 20 }),
    mac: fc.integer({ min: 1, max: 20 }),
    created: fc.integer({ min: 1, max: 1_000_000 }),
  })
  .map(({ low, length, host, mac, created }) =>
    vxlan(formatCidr(cidr4((0x0a060000 + low * 64) as Ipv4, length)), {
      ip: `192.168.88.${host}`,
      mac: `02:00:00:00:01:${mac.toString(16).padStart(2, '0')}`,
      created,
    }),
  );
const arbitraryLeases = fc
  .uniqueArray(arbitraryLease, { selector: ({ createRevision }) => createRevision, maxLength: 25 })
  .map((leases) => [...new Map(leases.map((lease) => [lease.key, lease])).values()]);

test('peers never contradict each other', () => {
  fc.assert(
    fc.property(arbitraryLeases, (leases) => {
      const { peers, problems } = selectPeers(leases, self);
      expect(peers.length + problems.length).toBe(leases.length);
      for (const [index, a] of peers.entries()) {
        for (const b of peers.slice(index + 1)) {
          expect(cidrOverlaps(a.subnet, b.subnet)).toBe(false);
          if (a.vtepMac === b.vtepMac) expect(a.publicIp).toBe(b.publicIp);
        }
      }
    }),
  );
});

test('the order in which leases are known does not matter', () => {
  fc.assert(
    fc.property(arbitraryLeases, (leases) => {
      expect(selectPeers(leases.toReversed(), self).peers).toEqual(selectPeers(leases, self).peers);
    }),
  );
});
