import { describe, expect, test } from 'vitest';
import { Departures, DEPARTURE_GRACE_MS } from '../../../../flannel/model/departures.ts';
import type { KnownLease, LeaseChange } from '../../../../flannel/model/lease.ts';
import { knownLease } from '../builders.ts';

const weft = knownLease('10.5.1.0/24&fc00:5:0:1::/64', { ip: '192.168.77.12', ipv6: 'fd00:77::12', nodeId: 'b' });
const other = knownLease('10.5.2.0/24', { ip: '192.168.77.13', nodeId: 'c' });
const flanneld = knownLease('10.5.3.0/24', { ip: '192.168.77.14' });

const removed = ({ key }: KnownLease): LeaseChange => ({ kind: 'removed', key });
const put = (lease: KnownLease): LeaseChange => ({ kind: 'put', lease });
const known = new Map([weft, other, flanneld].map((lease) => [lease.key, lease]));

function holding(...leases: KnownLease[]): Departures {
  const departures = new Departures();
  expect(departures.take(leases.map(removed), known, 1000)).toEqual([]);
  return departures;
}

test('a deletion is held for a while, and counts as a lease until then', () => {
  const departures = holding(weft);
  expect(departures.leases).toEqual([weft]);
  expect(departures.dueMs).toBe(1000 + DEPARTURE_GRACE_MS);
  expect(departures.due(999 + DEPARTURE_GRACE_MS)).toEqual([]);
  expect(departures.due(1000 + DEPARTURE_GRACE_MS)).toEqual([removed(weft)]);
  expect([departures.leases, departures.dueMs]).toEqual([[], undefined]);
});

test('the key that comes back is a put like any other, and nothing is due', () => {
  const departures = holding(weft);
  expect(departures.take([put(weft)], known, 1001)).toEqual([put(weft)]);
  expect([departures.leases, departures.dueMs]).toEqual([[], undefined]);
});

test.each([
  { name: 'a flanneld’s key, which nobody would put again', lease: flanneld },
  { name: 'a key that held no lease', lease: knownLease('10.5.9.0/24') },
])('$name is deleted at once', ({ lease }) => {
  expect(new Departures().take([removed(lease)], known, 1000)).toEqual([removed(lease)]);
});

describe('a new lease ends at once what it takes the place of', () => {
  test.each([
    { name: 'part of its subnet', lease: knownLease('10.5.1.128/25', { ip: '192.168.77.20', nodeId: 'x' }) },
    {
      name: 'its IPv6 subnet',
      lease: knownLease('10.5.77.0/24&fc00:5:0:1::/64', { ip: '192.168.77.20', ipv6: 'fd00:77::20' }),
    },
    { name: 'its address', lease: knownLease('10.5.77.0/24', { ip: '192.168.77.12', nodeId: 'x' }) },
    {
      name: 'its IPv6 address',
      lease: knownLease('10.5.77.0/24&fc00:5:0:77::/64', { ip: '192.168.77.20', ipv6: 'fd00:77::12' }),
    },
  ])('$name', ({ lease }) => {
    const departures = holding(weft, other);
    expect(departures.take([put(lease)], known, 1001)).toEqual([removed(weft), put(lease)]);
    expect(departures.leases).toEqual([other]);
  });
  test('another lease ends nothing', () => {
    const departures = holding(weft);
    const lease = knownLease('10.5.77.0/24', { ip: '192.168.77.20' });
    expect(departures.take([put(lease)], known, 1001)).toEqual([put(lease)]);
    expect(departures.leases).toEqual([weft]);
  });
});

test('a list ends what it has again, or has in its place, and keeps the rest', () => {
  const departures = holding(weft, other);
  departures.listed([weft, flanneld]);
  expect(departures.leases).toEqual([other]);
  departures.clear();
  expect(departures.dueMs).toBeUndefined();
});
