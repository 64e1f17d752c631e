import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changeLines, viewLines } from '../../../../flannel/commands/config-text.ts';
import { leaseFields, leaseLines, reservationLines } from '../../../../flannel/commands/lease-text.ts';
import { peerLines } from '../../../../flannel/commands/peers.ts';
import { statusLines } from '../../../../flannel/commands/status-text.ts';
import type { LeaseListing, LeaseRow } from '../../../../flannel/model/lease-row.ts';
import type { FlannelStatusDocument, PeerStatus } from '../../../../flannel/status-wire.ts';

const plain = { width: 80, paint: (_style: string, text: string): string => text };
const marked = { width: 80, paint: (style: string, text: string): string => `<${style}>${text}` };

const status: FlannelStatusDocument = {
  v: 1,
  startedAtUnixMs: 0,
  host: {
    nodeId: '0f3c7f1e-6c0e-4d8e-9d0b-0c9a4b7f2a11',
    hostname: 'web1',
    version: '0.1.0',
    pid: 77,
    interface: 'eth0',
    interfaceBecause: 'the default route leaves by it',
    ipv4: '192.168.77.11',
    publicIp: '203.0.113.9',
  },
  readiness: { ready: true },
  problems: [],
  lease: { subnets: ['10.5.1.0/24'], secondsLeft: 86_390, acquiredBy: 'node-id' },
  peers: { wanted: 2, programmed: 1, pending: 0, failed: 1, held: 0 },
  repairs: { 'add-route': 2, 'set-link': 1 },
  watch: {
    connected: true,
    endpoint: 'http://10.0.0.2:2379',
    lagMs: 3.2,
    revision: '42',
    resyncs: { start: 1, interval: 3 },
  },
  etcd: { endpoint: 'http://10.0.0.1:2379', endpoints: ['http://10.0.0.1:2379', 'http://10.0.0.2:2379'], prefix: '/p' },
  mtus: { underlay: 1500, overlayIpv4: 1450, subnetEnv: 1450 },
  firewall: { mode: 'nftables', inPlace: true },
  config: { key: '/p/config', text: '{"Network":"10.5.0.0/16"}', pendingRestart: ['Backend.VNI'] },
};

test.each([
  { firewall: { mode: 'none', inPlace: true }, want: 'no rules are wanted' },
  { firewall: { mode: 'none', inPlace: false, problem: 'no nft' }, want: 'not in place, no nft' },
  { firewall: { mode: 'iptables', why: 'iptables works', inPlace: true }, want: 'iptables (iptables works), in place' },
  {
    firewall: { mode: 'nftables', inPlace: true, repairs: 2, lastChangedBy: 'nft' },
    want: 'nftables, in place, 2 repairs, last changed by nft',
  },
  { firewall: { mode: 'nftables', inPlace: true, repairs: 0, lastChangedBy: 'nft' }, want: 'nftables, in place' },
])('the firewall: $want', ({ firewall, want }) => {
  expect(statusLines({ ...status, firewall }, { ...plain, nowUnixMs: 0 })).toContain(`firewall   ${want}`);
});

test('a status', () => {
  expect(statusLines(status, { ...plain, nowUnixMs: 61_000 })).toEqual([
    'host       web1, node 0f3c7f1e-6c0e-4d8e-9d0b-0c9a4b7f2a11, weft 0.1.0, pid 77,',
    '           up 1 min 1 s',
    'interface  eth0 192.168.77.11, peers are told 203.0.113.9, MTU 1500, the default',
    '           route leaves by it',
    'ready      yes',
    'lease      10.5.1.0/24, 23 h 59 min left, had before',
    'peers      2 wanted, 1 programmed, 1 failed',
    'MTU        overlay 1450, subnet.env 1450',
    'etcd       http://10.0.0.2:2379, connected, 3 ms behind, revision 42, 4 lists',
    '           (start 1, interval 3), 2 endpoints',
    'firewall   nftables, in place',
    'config     /p/config {"Network":"10.5.0.0/16"}; waits for a restart: Backend.VNI',
    'repairs    add-route 2, set-link 1',
    'problems   none',
  ]);
});

test('a status of an agent that has just started, with a problem', () => {
  const young: FlannelStatusDocument = {
    v: 1,
    startedAtUnixMs: 0,
    readiness: { ready: false, reason: 'no subnet is leased yet' },
    problems: [{ subject: 'etcd', sentence: 'nothing listens there' }],
    peers: { wanted: 0 },
    repairs: {},
    watch: { connected: false, resyncs: {} },
    mtus: {},
  };
  expect(statusLines(young, { ...marked, nowUnixMs: 2_000 })).toEqual([
    'host       up 2 s, no subnet yet',
    '<red>ready      no: no subnet is leased yet',
    'lease      none',
    'peers      0 wanted',
    'etcd       not connected',
    'repairs    none',
    '<yellow>problems   etcd: nothing listens there',
  ]);
});

const peers: readonly PeerStatus[] = [
  {
    subnets: ['10.5.2.0/24', 'fc00:5:0:2::/64'],
    publicIp: '192.168.77.12',
    publicIpv6: 'fd00:77::12',
    backend: 'vxlan',
    vtepMac: '02:00:00:00:00:02',
    vtepMacIpv6: '02:00:00:00:06:02',
    via: 'vxlan',
    state: 'programmed',
  },
  {
    subnets: ['10.5.3.0/24'],
    publicIp: '192.168.77.13',
    backend: 'vxlan',
    via: 'direct',
    state: 'failed',
    error: 'cannot add route 10.5.3.0/24: EEXIST (another route has it)',
  },
];

test('peers', () => {
  expect(peerLines(peers, marked)).toEqual([
    '<bold>SUBNET           HOST           VIA     MAC OR KEY         STATE',
    '<green>10.5.2.0/24      192.168.77.12  vxlan   02:00:00:00:00:02  programmed',
    '<green>fc00:5:0:2::/64  fd00:77::12            02:00:00:00:06:02',
    '<red>10.5.3.0/24      192.168.77.13  direct                     failed',
    '<red>  cannot add route 10.5.3.0/24: EEXIST (another route has it)',
  ]);
});

const row = (change: Partial<LeaseRow>): LeaseRow => ({
  key: '/p/subnets/10.5.1.0-24',
  subnets: ['10.5.1.0/24'],
  publicIp: '192.168.77.11',
  publicIpv6: undefined,
  backend: 'vxlan',
  nodeId: '0f3c7f1e-6c0e-4d8e-9d0b-0c9a4b7f2a11',
  hostname: 'web1',
  owner: 'alive',
  secondsLeft: 86_000,
  etcdLeaseId: '32695f',
  revision: '7',
  ...change,
});

const listing: LeaseListing = {
  leases: [
    row({}),
    row({ subnets: ['10.5.2.0/24'], hostname: undefined, owner: 'gone', secondsLeft: 60 }),
    row({ subnets: ['10.5.3.0/24'], hostname: undefined, nodeId: undefined, owner: 'unknown', secondsLeft: undefined }),
    row({
      subnets: ['10.5.4.0/24'],
      hostname: undefined,
      nodeId: undefined,
      backend: undefined,
      owner: 'reservation',
      etcdLeaseId: undefined,
    }),
  ],
  reservations: [
    { key: '/weft/reservations/10.5.9.0-24', subnets: ['10.5.9.0/24'], for: 'host db1', note: 'the old one' },
  ],
  counts: { ipv4: { total: '255', free: '250' } },
  problems: ['/p/subnets/junk: not a subnet key'],
};

test('leases', () => {
  expect([...leaseLines(listing, marked), ...reservationLines(listing, plain)]).toEqual([
    '<bold>SUBNET       HOST           OWNER                BACKEND  LEFT',
    '<green>10.5.1.0/24  192.168.77.11  web1                 vxlan    23 h 53 min',
    '<yellow>10.5.2.0/24  192.168.77.11  node 0f3c7f1e, gone  vxlan    1 min',
    '10.5.3.0/24  192.168.77.11  flanneld             vxlan    run out',
    '<dim>10.5.4.0/24  192.168.77.11  reserved                      for ever',
    '4 leases, 250 of 255 subnets free',
    '<yellow>/p/subnets/junk: not a subnet key',
    '',
    'RESERVED     FOR       NOTE',
    '10.5.9.0/24  host db1  the old one',
  ]);
});

test('a lease', () => {
  expect(leaseFields({ ...row({}), value: '{"PublicIP":"192.168.77.11"}', agent: undefined }, plain)).toEqual([
    'subnet     10.5.1.0/24',
    'host       web1, 192.168.77.11',
    'node       0f3c7f1e-6c0e-4d8e-9d0b-0c9a4b7f2a11',
    'owner      its agent lives',
    'backend    vxlan',
    'left       23 h 53 min',
    'key        /p/subnets/10.5.1.0-24',
    'revision   7',
    'lease id   32695f',
    'value      {"PublicIP":"192.168.77.11"}',
  ]);
});

test('a configuration and its changes', () => {
  expect(viewLines({ Network: '10.5.0.0/16', Backend: { Type: 'vxlan', VNI: 1 } }, plain)).toEqual([
    'Network                       10.5.0.0/16',
    'Backend.Type                  vxlan',
    'Backend.VNI                   1',
  ]);
  expect(changeLines([{ key: 'Backend.VNI', from: 1, to: 7 }], plain)).toEqual([
    'KEY          FROM  TO',
    'Backend.VNI  1     7',
  ]);
  expect(changeLines([], plain)).toEqual(['nothing changes in its meaning']);
});

describe('whatever there is to tell fits 80 columns', () => {
  const text = fc.string({ unit: fc.constantFrom(...'abcxyz0123456789.:/-" '.split('')), maxLength: 120 });
  const maybe = fc.option(text, { nil: undefined });
  const fits = (lines: readonly string[]): void => {
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  };

  test('status', () => {
    const problem = fc.record({ subject: text, sentence: text });
    fc.assert(
      fc.property(fc.array(problem), text, fc.dictionary(text, fc.nat()), (problems, any, counts) => {
        const host = { nodeId: any, hostname: any, version: any, pid: 1, interface: any, interfaceBecause: any };
        const config = { key: any, text: any, pendingRestart: [any] };
        const lease = { subnets: [any, any], secondsLeft: 5 };
        const readiness = { ready: false, reason: any };
        fits(
          statusLines(
            { ...status, host, config, lease, readiness, problems, repairs: counts },
            { ...plain, nowUnixMs: 9e15 },
          ),
        );
      }),
    );
  });

  test('peers', () => {
    const peer = fc.record({
      subnets: fc.array(text, { maxLength: 2 }),
      backend: text,
      via: text,
      state: fc.constantFrom('programmed' as const, 'failed' as const, 'held' as const, 'pending' as const),
      publicIp: maybe,
      publicIpv6: maybe,
      vtepMac: maybe,
      error: maybe,
    });
    fc.assert(
      fc.property(fc.array(peer, { maxLength: 5 }), (list) => {
        fits(peerLines(list, plain));
      }),
    );
  });

  test('leases', () => {
    fc.assert(
      fc.property(text, maybe, fc.nat(), (any, other, secondsLeft) => {
        const leases = [row({ subnets: [any, any], publicIp: any, hostname: other, backend: any, secondsLeft })];
        const reservations = [{ key: any, subnets: [any], for: any, note: other }];
        const counts = { ipv4: { total: '4', free: '2' }, ipv6: { total: '1'.repeat(39), free: '1'.repeat(39) } };
        fits(leaseLines({ leases, reservations, counts, problems: [any] }, plain));
        fits(reservationLines({ leases, reservations, counts, problems: [] }, plain));
        fits(leaseFields({ ...row({ key: any, nodeId: any }), value: any, agent: undefined }, plain));
        fits(viewLines({ a: any, Backend: { b: any } }, plain));
        fits(changeLines([{ key: any, from: any, to: other }], plain));
      }),
    );
  });
});
