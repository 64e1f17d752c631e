import { describe, expect, test } from 'vitest';
import type { Self } from '../../../../flannel/model/allocate.ts';
import type { KnownLease } from '../../../../flannel/model/lease.ts';
import { blockerText } from '../../../../flannel/model/lease-text.ts';
import type { HeldLease } from '../../../../flannel/model/renewal.ts';
import { decodeReservation } from '../../../../flannel/model/reservation.ts';
import { chooseRetake, type Retake } from '../../../../flannel/model/retake.ts';
import type { LeaseBackend } from '../../../../flannel/wire.ts';
import { parseIpv4 } from '../../../../native/net/ipv4.ts';
import { parseMac } from '../../../../native/net/mac.ts';
import { knownLease, leaseOf } from '../builders.ts';

const vxlan = (mac: string): LeaseBackend => ({
  kind: 'vxlan',
  ipv4: { vni: 1, vtepMac: parseMac(mac) },
  ipv6: undefined,
});
const self: Self = { nodeId: 'me', publicIp: parseIpv4('192.168.0.1'), publicIpv6: undefined };
const mine = { ip: '192.168.0.1', nodeId: 'me', backend: vxlan('02:00:00:00:00:01') };
const written = { value: 'v', createRevision: 5n, modRevision: 5n, etcdLeaseId: 7n };
const held: HeldLease = { key: '/p/subnets/10.5.1.0-24', lease: leaseOf('10.5.1.0/24', mine), ...written };

const own = (fields: object, more: Partial<KnownLease> = {}): KnownLease =>
  knownLease('10.5.1.0/24', { ...mine, ...fields }, { ...written, ...more });
const foreign = knownLease('10.5.1.0/24', { ip: '192.168.0.2', nodeId: 'b' }, { ...written, value: 'w' });
const reserved = (value: object, subnet = '10.5.1.0-24') =>
  decodeReservation(`/weft/reservations/${subnet}`, JSON.stringify({ v: 1, ...value }));

describe('a subnet that is not as it was left', () => {
  test.each<{ name: string; leases: KnownLease[]; reservations?: ReturnType<typeof reserved>[]; want: object }>([
    { name: 'is created where nobody is', leases: [], want: { kind: 'create' } },
    {
      name: 'is created beside others',
      leases: [knownLease('10.5.2.0/24', { nodeId: 'b' })],
      reservations: [reserved({ nodeId: 'b' }, '10.5.3.0-24')],
      want: { kind: 'create' },
    },
    {
      name: 'is created where it is kept for this host',
      leases: [],
      reservations: [reserved({ hostname: 'here' })],
      want: { kind: 'create' },
    },
    {
      name: 'is adopted when the value is another of ours',
      leases: [own({}, { value: 'w' })],
      want: { kind: 'adopt' },
    },
    { name: 'is adopted when it lost its etcd lease', leases: [own({}, { etcdLeaseId: 0n })], want: { kind: 'adopt' } },
    {
      name: 'is adopted from a flanneld on this host',
      leases: [own({ nodeId: undefined }, { value: 'w' })],
      want: { kind: 'adopt' },
    },
    {
      name: 'is blocked by another node',
      leases: [foreign],
      want: { kind: 'blocked', blocker: { kind: 'lease', by: foreign } },
    },
    {
      name: 'is blocked by a flannel host with our address',
      leases: [own({ nodeId: undefined, backend: vxlan('02:00:00:00:00:99') }, { value: 'w' })],
      want: { kind: 'blocked', blocker: { kind: 'twin' } },
    },
    {
      name: 'is blocked by a lease that overlaps',
      leases: [knownLease('10.5.0.0/20', { nodeId: 'b' }, { createRevision: 9n })],
      want: { kind: 'blocked', blocker: { kind: 'lease' } },
    },
    {
      name: 'is blocked by an older overlap, though ours is there',
      leases: [own({}, { value: 'w' }), knownLease('10.5.0.0/20', { nodeId: 'b' }, { createRevision: 2n })],
      want: { kind: 'blocked', blocker: { kind: 'lease' } },
    },
    {
      name: 'is adopted beside a younger overlap',
      leases: [own({}, { value: 'w' }), knownLease('10.5.0.0/20', { nodeId: 'b' }, { createRevision: 9n })],
      want: { kind: 'adopt' },
    },
    {
      name: 'is blocked by what is kept for another host',
      leases: [],
      reservations: [reserved({ nodeId: 'b' })],
      want: { kind: 'blocked', blocker: { kind: 'reservation' } },
    },
    {
      name: 'is left for another lease of this host, before anything else',
      leases: [knownLease('10.5.9.0/24', mine)],
      want: { kind: 'elsewhere' },
    },
    {
      name: 'is left for another lease of this host, though somebody is on the old one',
      leases: [foreign, knownLease('10.5.9.0/24', mine)],
      want: { kind: 'elsewhere' },
    },
  ])('$name', ({ leases, reservations = [], want }) => {
    const choice: Retake = chooseRetake({ held, leases, reservations, self, hostname: 'here' });
    expect(choice).toMatchObject(want);
  });
});

test.each([
  { blocker: { kind: 'lease', by: foreign } as const, want: 'node b at 192.168.0.2' },
  { blocker: { kind: 'lease', by: knownLease('10.5.1.0/24') } as const, want: 'a flannel host at 192.168.77.12' },
  {
    blocker: { kind: 'reservation', by: reserved({}) } as const,
    want: 'the reservation /weft/reservations/10.5.1.0-24',
  },
])('$want', ({ blocker, want }) => {
  expect(blockerText(blocker)).toBe(want);
});
