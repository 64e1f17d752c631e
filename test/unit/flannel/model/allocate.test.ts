import { describe, expect, test } from 'vitest';
import {
  chooseAcquisition,
  type Acquisition,
  type AcquisitionRequest,
  type Self,
} from '../../../../flannel/model/allocate.ts';
import { chooseSubnet4, chooseSubnet6 } from '../../../../flannel/model/free-subnet.ts';
import type { KnownLease } from '../../../../flannel/model/lease.ts';
import { subnetsText } from '../../../../flannel/model/lease-text.ts';
import { parseNetworkConfig, type NetworkConfig } from '../../../../flannel/model/network-config.ts';
import { cidr4, formatCidr4, parseCidr4 } from '../../../../native/net/cidr.ts';
import { parseIpv4, type Ipv4 } from '../../../../native/net/ipv4.ts';
import { parseCidr6, parseIpv6 } from '../../../../native/net/ipv6.ts';
import { decodeReservation, isReservedFor, type Reservation } from '../../../../flannel/model/reservation.ts';
import { reservationKey } from '../../../../flannel/wire.ts';
import type { Range4, Range6 } from '../../../../flannel/model/subnet-range.ts';
import { knownLease, pairOf } from '../builders.ts';

const configOf = (fields: object): NetworkConfig =>
  parseNetworkConfig(JSON.stringify({ Backend: { Type: 'vxlan' }, ...fields }));

const range4 = (fields: object): Range4 => configOf(fields).ipv4!;
const range6 = (fields: object): Range6 => configOf({ EnableIPv4: false, EnableIPv6: true, ...fields }).ipv6!;

const tight = configOf({ Network: '10.5.0.0/16', SubnetMin: '10.5.1.0', SubnetMax: '10.5.4.0' });

const lease = (subnets: string, ip: string, nodeId?: string): KnownLease => knownLease(subnets, { ip, nodeId });

type Asked = Pick<AcquisitionRequest, 'config' | 'leases' | 'self'> & Partial<AcquisitionRequest>;

const choose = (asked: Asked): Acquisition =>
  chooseAcquisition({
    reservations: [],
    hostname: 'here',
    previous: undefined,
    refused: [],
    random: () => 0,
    ...asked,
  });

describe('a free subnet', () => {
  test.each([
    { name: 'the first, when chance says 0', taken: [], random: 0, want: '10.5.1.0/24' },
    { name: 'the last, when chance is nearly 1', taken: [], random: 0.9999, want: '10.5.4.0/24' },
    { name: 'not a taken one', taken: ['10.5.1.0/24', '10.5.3.0/24'], random: 0, want: '10.5.2.0/24' },
    { name: 'not inside a wider lease', taken: ['10.5.0.0/22'], random: 0, want: '10.5.4.0/24' },
    { name: 'not around a narrower one', taken: ['10.5.1.128/25'], random: 0, want: '10.5.2.0/24' },
    { name: 'leases out of range cost nothing', taken: ['10.5.99.0/24', '11.0.0.0/8'], random: 0, want: '10.5.1.0/24' },
    { name: 'none when all are taken', taken: ['10.5.0.0/16'], random: 0.5, want: undefined },
  ])('$name', ({ taken, random, want }) => {
    const chosen = chooseSubnet4({ range: tight.ipv4!, taken: taken.map(parseCidr4), random: () => random });
    expect(chosen && formatCidr4(chosen)).toBe(want);
  });

  test('SubnetMin above SubnetMax leaves none', () => {
    const range = range4({ Network: '10.5.0.0/16', SubnetMin: '10.5.9.0', SubnetMax: '10.5.2.0' });
    expect(chooseSubnet4({ range, taken: [], random: () => 0.5 })).toBeUndefined();
  });

  test.each<{ name: string; taken: string[]; random: number; want: string | undefined }>([
    { name: 'the first', taken: [], random: 0, want: 'fc00:5:0:1::/64' },
    { name: 'the last of 65535', taken: [], random: 0.999_999_9, want: 'fc00:5:0:ffff::/64' },
    { name: 'not a taken one', taken: ['fc00:5:0:1::/64'], random: 0, want: 'fc00:5:0:2::/64' },
    { name: 'not inside a wider one', taken: ['fc00:5::/49'], random: 0, want: 'fc00:5:0:8000::/64' },
    { name: 'not around a narrower one', taken: ['fc00:5:0:1:2::/80'], random: 0, want: 'fc00:5:0:2::/64' },
    { name: 'others cost nothing', taken: ['fc00:6::/32', 'fc00:4::/32'], random: 0, want: 'fc00:5:0:1::/64' },
    { name: 'none when all are taken', taken: ['fc00::/16'], random: 0.5, want: undefined },
  ])('of IPv6: $name', ({ taken, random, want }) => {
    const range = range6({ IPv6Network: 'fc00:5::/48' });
    const ipv6 = chooseSubnet6({ range, taken: taken.map(parseCidr6), random: () => random });
    expect(ipv6 && subnetsText({ ipv4: undefined, ipv6 })).toBe(want);
  });

  test('of IPv6: a /8 of /126s is no more work than its leases', () => {
    const range = range6({ IPv6Network: 'fc00::/8', IPv6SubnetLen: 126 });
    const taken = [parseCidr6('fc00::/9')];
    const ipv6 = chooseSubnet6({ range, taken, random: () => 0 });
    expect(ipv6 && subnetsText({ ipv4: undefined, ipv6 })).toBe('fc80::/126');
  });

  test('every free subnet can be chosen', () => {
    const range = range4({ Network: '10.5.0.0/24' });
    const seen = new Set<string>();
    for (let step = 0; step < 100; step++) {
      const chosen = chooseSubnet4({ range, taken: [parseCidr4('10.5.0.128/26')], random: () => step / 100 });
      if (chosen !== undefined) seen.add(formatCidr4(chosen));
    }
    expect([...seen].sort()).toEqual(['10.5.0.192/26', '10.5.0.64/26']);
  });

  test('a range of four million costs no more than its leases', () => {
    const range = range4({ Network: '10.0.0.0/8', SubnetLen: 30 });
    const taken = Array.from({ length: 5000 }, (_, index) => cidr4((0x0a000004 + index * 4) as Ipv4, 30));
    const chosen = chooseSubnet4({ range, taken, random: () => 0 });
    expect(chosen && formatCidr4(chosen)).toBe('10.0.78.36/30');
  });
});

describe('how a lease is come by', () => {
  const self: Self = { nodeId: 'me', publicIp: parseIpv4('192.168.0.1'), publicIpv6: undefined };
  const other = lease('10.5.2.0/24', '192.168.0.2', 'other');
  const previous = pairOf('10.5.3.0/24');
  const mine = knownLease('10.5.1.0/24', { ip: '192.168.0.1', nodeId: 'me' }, { createRevision: 3n });
  test.each([
    {
      name: 'own lease by node id, also from another address',
      leases: [other, lease('10.5.1.0/24', '192.168.0.9', 'me')],
      want: { kind: 'reuse', suspects: [{ lease: { nodeId: 'me' } }] },
    },
    {
      name: 'own lease by node id and address is beyond doubt',
      leases: [lease('10.5.1.0/24', '192.168.0.1', 'me')],
      want: { kind: 'reuse', suspects: [] },
    },
    {
      name: 'a flanneld’s lease with our address is ours, as flannel has it',
      leases: [other, lease('10.5.4.0/24', '192.168.0.1')],
      want: { kind: 'reuse', suspects: [] },
    },
    {
      name: 'another node’s lease with our address is looked at first',
      leases: [lease('10.5.4.0/24', '192.168.0.1', 'twin')],
      want: { kind: 'reuse', suspects: [{ lease: { nodeId: 'twin' } }] },
    },
    {
      name: 'an older lease of another node with our address is looked at, though we have one',
      leases: [mine, knownLease('10.5.4.0/24', { ip: '192.168.0.1', nodeId: 'twin' }, { createRevision: 2n })],
      want: { kind: 'reuse', held: mine, suspects: [{ lease: { nodeId: 'twin' } }] },
    },
    {
      name: 'a younger one of another node with our address is its own affair',
      leases: [mine, knownLease('10.5.4.0/24', { ip: '192.168.0.1', nodeId: 'twin' }, { createRevision: 4n })],
      want: { kind: 'reuse', held: mine, suspects: [] },
    },
    {
      name: 'an own lease that overlaps an older one is given up',
      leases: [mine, knownLease('10.5.0.0/20', { ip: '192.168.0.7' }, { createRevision: 2n })],
      want: { kind: 'discard', held: mine },
    },
    {
      name: 'an own lease that a younger one overlaps is kept',
      leases: [mine, knownLease('10.5.0.0/20', { ip: '192.168.0.7' }, { createRevision: 4n })],
      want: { kind: 'reuse', held: mine },
    },
    {
      name: 'not what etcd just refused, although nobody is seen there',
      leases: [],
      refused: [pairOf('10.5.3.0/24'), pairOf('10.5.1.0/24')],
      want: { kind: 'create', subnets: pairOf('10.5.2.0/24'), because: 'free' },
    },
    {
      name: 'an own lease that does not fit any more is given up',
      leases: [lease('10.5.99.0/24', '192.168.0.1', 'me')],
      want: { kind: 'discard' },
    },
    { name: 'the previous subnet when it is free', leases: [other], want: { kind: 'create', because: 'previous' } },
    {
      name: 'a free one when the previous is taken',
      leases: [lease('10.5.3.0/24', '192.168.0.2', 'other')],
      want: { kind: 'create', because: 'free' },
    },
    {
      name: 'a free one when the previous is overlapped',
      leases: [lease('10.5.3.128/25', '192.168.0.2', 'other')],
      want: { kind: 'create', because: 'free' },
    },
    { name: 'none when the range is full', leases: [lease('10.5.0.0/16', '192.168.0.2')], want: { kind: 'full' } },
  ])('$name', ({ leases, refused = [], want }) => {
    expect(choose({ refused, config: tight, leases, self, previous })).toMatchObject(want);
  });

  test('the first lease in key order counts', () => {
    const leases = [lease('10.5.1.0/24', '192.168.0.1'), lease('10.5.2.0/24', '192.168.0.1')];
    const choice = choose({ config: tight, leases, self });
    expect(choice).toMatchObject({ kind: 'reuse', held: leases[0] });
  });
});

describe('how a lease of two families is come by', () => {
  const dual = configOf({
    Network: '10.5.0.0/16',
    SubnetMax: '10.5.3.0',
    EnableIPv6: true,
    IPv6Network: 'fc00:5::/48',
    IPv6SubnetMax: 'fc00:5:0:2::',
  });
  const self: Self = { nodeId: 'me', publicIp: parseIpv4('192.168.0.1'), publicIpv6: parseIpv6('fd00:77::1') };
  const previous = pairOf('10.5.3.0/24&fc00:5:0:2::/64');
  const created = (subnets: string, because: string) => ({ kind: 'create', subnets: pairOf(subnets), because });
  test.each([
    { name: 'the previous pair', leases: [], want: created('10.5.3.0/24&fc00:5:0:2::/64', 'previous') },
    {
      name: 'no half of the previous pair',
      leases: [lease('10.5.9.0/24&fc00:5:0:2::/64', '192.168.0.2')],
      want: created('10.5.1.0/24&fc00:5:0:1::/64', 'free'),
    },
    {
      name: 'the previous half of a cluster that gained a family',
      leases: [],
      previous: pairOf('10.5.2.0/24'),
      want: created('10.5.2.0/24&fc00:5:0:1::/64', 'previous'),
    },
    {
      name: 'none when one family is full',
      leases: [lease('10.5.9.0/24&fc00:5::/48', '192.168.0.2')],
      want: { kind: 'full' },
    },
    {
      name: 'an own lease of one family is given up',
      leases: [lease('10.5.1.0/24', '192.168.0.1')],
      want: { kind: 'discard' },
    },
    {
      name: 'an own lease of both is kept',
      leases: [lease('10.5.1.0/24&fc00:5:0:1::/64', '192.168.0.1')],
      want: { kind: 'reuse' },
    },
  ])('$name', ({ leases, previous: wish = previous, want }) => {
    expect(choose({ config: dual, leases, self, previous: wish })).toMatchObject(want);
  });
});

describe('hosts of IPv6 alone', () => {
  const only6 = configOf({ EnableIPv4: false, EnableIPv6: true, IPv6Network: 'fc00:5::/48' });
  const self: Self = { nodeId: 'me', publicIp: undefined, publicIpv6: parseIpv6('fd00:77::1') };
  const choose6 = (leases: readonly KnownLease[]): Acquisition => choose({ config: only6, leases, self });

  test('are not one another because all of them are 0.0.0.0', () => {
    const other = knownLease('&fc00:5:0:1::/64', { ipv6: 'fd00:77::2' });
    expect(choose6([other])).toEqual({ kind: 'create', subnets: pairOf('&fc00:5:0:2::/64'), because: 'free' });
  });

  test('are known by node id, then by IPv6 address', () => {
    const byNode = knownLease('&fc00:5:0:1::/64', { ipv6: 'fd00:77::9', nodeId: 'me' });
    const byAddress = knownLease('&fc00:5:0:2::/64', { ipv6: 'fd00:77::1' });
    expect(choose6([byAddress, byNode])).toMatchObject({ kind: 'reuse', held: byNode, suspects: [byNode] });
    expect(choose6([byAddress])).toMatchObject({ kind: 'reuse', held: byAddress, suspects: [] });
  });
});

describe('reservations', () => {
  const self: Self = { nodeId: 'me', publicIp: parseIpv4('192.168.0.1'), publicIpv6: undefined };
  const kept = (subnets: string, value: object): Reservation =>
    decodeReservation(reservationKey(pairOf(subnets)), JSON.stringify({ v: 1, ...value }));
  const previous = pairOf('10.5.2.0/24');
  test.each([
    {
      name: 'for this host by node id is taken before the previous subnet',
      reservations: [kept('10.5.4.0/24', { nodeId: 'me', publicIp: '192.168.0.9' })],
      want: { kind: 'create', subnets: pairOf('10.5.4.0/24'), because: 'reserved' },
    },
    {
      name: 'for this host by address',
      reservations: [kept('10.5.4.0/24', { publicIp: '192.168.0.1' })],
      want: { subnets: pairOf('10.5.4.0/24'), because: 'reserved' },
    },
    {
      name: 'for this host by host name',
      reservations: [kept('10.5.4.0/24', { hostname: 'here' })],
      want: { subnets: pairOf('10.5.4.0/24'), because: 'reserved' },
    },
    {
      name: 'for this host, but held by another',
      reservations: [kept('10.5.4.0/24', { nodeId: 'me' })],
      leases: [lease('10.5.4.0/24', '192.168.0.7')],
      want: { subnets: previous, because: 'previous' },
    },
    {
      name: 'for this host, but not of the network',
      reservations: [kept('10.9.4.0/24', { nodeId: 'me' })],
      want: { subnets: previous, because: 'previous' },
    },
    {
      name: 'for another host is not taken, even as the previous subnet',
      reservations: [kept('10.5.2.0/24', { nodeId: 'other', publicIp: '192.168.0.1', hostname: 'here' })],
      want: { subnets: pairOf('10.5.1.0/24'), because: 'free' },
    },
    {
      name: 'of a wider block for another host',
      reservations: [kept('10.5.0.0/22', { publicIp: '192.168.0.7' })],
      want: { subnets: pairOf('10.5.4.0/24'), because: 'free' },
    },
    {
      name: 'for nobody',
      reservations: [kept('10.5.0.0/22', { note: 'printers' }), kept('10.5.4.0/24', {})],
      want: { kind: 'full' },
    },
    {
      name: 'does not move a host that has a lease',
      reservations: [kept('10.5.4.0/24', { nodeId: 'me' })],
      leases: [lease('10.5.1.0/24', '192.168.0.1', 'me')],
      want: { kind: 'reuse', held: { key: '/p/subnets/10.5.1.0-24' } },
    },
  ])('$name', ({ reservations, leases = [], want }) => {
    expect(choose({ config: tight, leases, self, previous, reservations })).toMatchObject(want);
  });

  test('of one family is completed by a free subnet of the other', () => {
    const fields = { Network: '10.5.0.0/16', EnableIPv6: true, IPv6Network: 'fc00:5::/48' };
    const reservations = [kept('10.5.9.0/24', { nodeId: 'me' })];
    const choice = choose({ config: configOf(fields), leases: [], self, reservations });
    expect(choice).toMatchObject({ subnets: pairOf('10.5.9.0/24&fc00:5:0:1::/64'), because: 'reserved' });
  });

  test('a value that cannot be read keeps the subnet from everybody', () => {
    const reservation = decodeReservation('/weft/reservations/10.5.4.0-24', '{"v":1,"publicIp":"1.2.3"}');
    expect(isReservedFor(reservation, { ...self, hostname: 'here' })).toBe(false);
    expect(reservation.subnets).toEqual(pairOf('10.5.4.0/24'));
  });
});
