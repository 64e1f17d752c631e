import { describe, expect, test } from 'vitest';
import type { KnownLease } from '../../../flannel/model/lease.ts';
import type { Step } from '../../../flannel/model/step.ts';
import { PeerReport, type ReportedPass } from '../../../flannel/peer-report.ts';
import { PeerView } from '../../../flannel/peer-view.ts';
import type { Section } from '../../../flannel/reconciler.ts';
import { parseCidr, parseIp } from '../../../native/net/ip.ts';
import { parseMac } from '../../../native/net/mac.ts';
import { NO_WIREGUARD_KEY } from '../../../native/net/wireguard-key.ts';
import { NetlinkError } from '../../../native/netlink/errors.ts';
import { knownLease } from './builders.ts';

const MAC = parseMac('02:00:00:00:00:02');
const MAC6 = parseMac('02:00:00:00:06:02');
const lease = knownLease('10.5.2.0/24&fc00:5:0:2::/64', {
  ip: '192.168.77.12',
  ipv6: 'fd00:77::12',
  nodeId: 'two',
  backend: { kind: 'vxlan', ipv4: { vni: 1, vtepMac: MAC }, ipv6: { vni: 1, vtepMac: MAC6 } },
});
const leases: ReadonlyMap<string, KnownLease> = new Map([[lease.key, lease]]);

function views(): PeerView[] {
  const self = {
    nodeId: 'one',
    publicIp: undefined,
    publicIpv6: undefined,
    backend: 'vxlan',
    vtepMac: undefined,
  } as const;
  const both = [
    new PeerView(
      { ...self, family: 'ipv4', network: parseCidr('10.5.0.0/16'), subnet: parseCidr('10.5.1.0/24') },
      { nexthopObjects: false },
    ),
    new PeerView(
      { ...self, family: 'ipv6', network: parseCidr('fc00:5::/48'), subnet: parseCidr('fc00:5:0:1::/64') },
      { nexthopObjects: false },
    ),
  ];
  for (const view of both) view.select(leases);
  return both;
}

const section = (steps: readonly Step[]): Section => ({
  steps,
  ifindex: 7,
  device: 'flannel.1',
  family: 'ipv4',
  routesBefore: 1,
  networksBefore: 1,
});

function pass(change: Partial<ReportedPass> = {}): ReportedPass {
  const desired = { tunnels: [], plain: [], direct: [], blackholes: [], mtus: { ipv4: 1450, ipv6: 1430 } };
  const sections: Section[] = [];
  return { desired, planned: sections, sections, failures: [], ...change };
}

const ENTRY = {
  subnets: ['10.5.2.0/24', 'fc00:5:0:2::/64'],
  nodeId: 'two',
  publicIp: '192.168.77.12',
  publicIpv6: 'fd00:77::12',
  backend: 'vxlan',
  vtepMac: MAC,
  vtepMacIpv6: MAC6,
  publicKey: undefined,
  via: 'vxlan',
  error: undefined,
};

test('a host of both families is one entry: pending, then programmed', () => {
  const report = new PeerReport('vxlan');
  expect(report.list(views(), leases, undefined)).toEqual([{ ...ENTRY, state: 'pending' }]);
  report.pass(pass());
  expect(report.list(views(), leases, undefined)).toEqual([{ ...ENTRY, state: 'programmed' }]);
});

const ROUTE = parseCidr('fc00:5:0:2::/64');

describe('a step that failed is told with its peer', () => {
  test.each<{ name: string; step: Step; fails: boolean }>([
    { name: 'its route', step: { kind: 'add-route', destination: ROUTE, nexthopId: undefined }, fails: true },
    { name: 'its neighbour', step: { kind: 'set-neighbor', address: parseIp('10.5.2.0'), mac: MAC }, fails: true },
    { name: 'its FDB entry', step: { kind: 'set-fdb', mac: MAC, remote: parseIp('192.168.77.12') }, fails: true },
    {
      name: 'the route of another',
      step: { kind: 'add-route', destination: parseCidr('10.5.9.0/24'), nexthopId: undefined },
      fails: false,
    },
  ])('$name', ({ step, fails }) => {
    const report = new PeerReport('vxlan');
    const error = new NetlinkError({ operation: 'add', errno: 17, target: 'x' });
    report.pass(pass({ failures: [{ step, error }] }));
    const [entry] = report.list(views(), leases, undefined);
    expect([entry?.state, entry?.error]).toEqual(fails ? ['failed', error.message] : ['programmed', undefined]);
    report.pass(pass());
    expect(report.list(views(), leases, undefined)[0]?.state).toBe('programmed');
  });
});

test('a device that cannot be made fails every peer', () => {
  const report = new PeerReport('vxlan');
  report.pass(pass());
  expect(report.list(views(), leases, 'no device')).toMatchObject([{ state: 'failed', error: 'no device' }]);
});

const LEAVING = parseCidr('10.5.9.0/24');

test.each<{ backend: string; step: Step }>([
  { backend: 'vxlan', step: { kind: 'remove-route', destination: LEAVING, gateway: undefined } },
  { backend: 'ipip', step: { kind: 'remove-tunnel-route', destination: LEAVING, gateway: undefined } },
  { backend: 'wireguard', step: { kind: 'remove-wireguard-peer', publicKey: NO_WIREGUARD_KEY, allowedIps: [LEAVING] } },
])('a peer whose removal is held is told, until it is done: $backend', ({ backend, step }) => {
  const report = new PeerReport(backend);
  const steps = [step];
  report.pass(pass({ planned: [section(steps)], sections: [section([])] }));
  expect(report.list([], new Map(), undefined)).toEqual([
    { subnets: ['10.5.9.0/24'], backend, via: backend, state: 'held' },
  ]);
  const done = [section(steps)];
  report.pass(pass({ planned: done, sections: done }));
  expect(report.list([], new Map(), undefined)).toEqual([]);
});

test('a peer that is routed directly', () => {
  const report = new PeerReport('vxlan');
  const peers = [{ subnet: parseCidr('10.5.2.0/24'), publicIp: parseIp('192.168.77.12') }];
  const direct = [{ family: 'ipv4', ifindex: 2, network: parseCidr('10.5.0.0/16'), peers } as const];
  report.pass(
    pass({ desired: { tunnels: [], direct, plain: [], blackholes: [], mtus: { ipv4: 1450, ipv6: undefined } } }),
  );
  expect(report.list(views(), leases, undefined)).toMatchObject([{ via: 'direct' }]);
  expect(new PeerReport('host-gw').list(views(), leases, undefined)).toMatchObject([{ via: 'direct' }]);
});
