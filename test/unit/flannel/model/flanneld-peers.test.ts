import { describe, expect, test } from 'vitest';
import { observeFlanneld, touchAfterMs, type FlanneldPeers } from '../../../../flannel/model/flanneld-peers.ts';
import type { KnownLease, LeaseUpdate } from '../../../../flannel/model/lease.ts';
import { knownLease } from '../builders.ts';

const HOUR_MS = 3_600_000;
const flanneld = (subnet: string, etcdLeaseId = 1n): KnownLease => knownLease(subnet, {}, { etcdLeaseId });
const weft = (subnet: string): KnownLease => knownLease(subnet, { nodeId: 'n' });
const snapshot = (...leases: KnownLease[]): LeaseUpdate => ({
  kind: 'snapshot',
  leases,
  revision: 1n,
  reason: 'start',
});
const put = (lease: KnownLease): LeaseUpdate => ({ kind: 'delta', changes: [{ kind: 'put', lease }], revision: 2n });
const removed = (key: string): LeaseUpdate => ({ kind: 'delta', changes: [{ kind: 'removed', key }], revision: 3n });

function observe(updates: readonly (readonly [hour: number, update: LeaseUpdate])[]): {
  keys: string[];
  started: boolean[];
} {
  let known: FlanneldPeers | undefined;
  const started: boolean[] = [];
  for (const [hour, update] of updates) {
    const news = observeFlanneld(known, update, { ownKey: '/p/subnets/10.5.99.0-24', nowMs: hour * HOUR_MS });
    known = news.peers;
    started.push(news.started);
  }
  return { keys: [...(known?.keys() ?? [])], started };
}

const one = '/p/subnets/10.5.1.0-24';

describe('hosts of real flanneld', () => {
  test.each<{ name: string; updates: [number, LeaseUpdate][]; keys: string[]; started: boolean[] }>([
    {
      name: 'are those without our key, on an etcd lease, and not ourselves',
      updates: [
        [
          0,
          snapshot(flanneld('10.5.1.0/24'), weft('10.5.2.0/24'), flanneld('10.5.3.0/24', 0n), flanneld('10.5.99.0/24')),
        ],
      ],
      keys: [one],
      started: [false],
    },
    {
      name: 'start with a new key',
      updates: [
        [0, snapshot()],
        [1, put(flanneld('10.5.1.0/24'))],
      ],
      keys: [one],
      started: [false, true],
    },
    {
      name: 'start with a put on a new etcd lease',
      updates: [
        [0, snapshot()],
        [1, put(flanneld('10.5.1.0/24', 1n))],
        [2, put(flanneld('10.5.1.0/24', 2n))],
      ],
      keys: [one],
      started: [false, true, true],
    },
    {
      name: 'renew after 23 hours, which is no start',
      updates: [
        [0, snapshot()],
        [1, put(flanneld('10.5.1.0/24', 1n))],
        [24, put(flanneld('10.5.1.0/24', 2n))],
      ],
      keys: [one],
      started: [false, true, false],
    },
    {
      name: 'may have started when their last put is not known',
      updates: [
        [0, snapshot(flanneld('10.5.1.0/24', 1n))],
        [2, put(flanneld('10.5.1.0/24', 2n))],
      ],
      keys: [one],
      started: [false, true],
    },
    {
      name: 'do not start in every list',
      updates: [
        [0, snapshot(flanneld('10.5.1.0/24'))],
        [1, snapshot(flanneld('10.5.1.0/24'))],
      ],
      keys: [one],
      started: [false, false],
    },
    {
      name: 'that came while a watch was broken have started',
      updates: [
        [0, snapshot()],
        [1, snapshot(flanneld('10.5.1.0/24'))],
      ],
      keys: [one],
      started: [false, true],
    },
    {
      name: 'are none any more when they are weft’s',
      updates: [
        [0, snapshot(flanneld('10.5.1.0/24'))],
        [1, put(weft('10.5.1.0/24'))],
      ],
      keys: [],
      started: [false, false],
    },
    {
      name: 'leave with their key',
      updates: [
        [0, snapshot(flanneld('10.5.1.0/24'))],
        [1, removed(one)],
      ],
      keys: [],
      started: [false, false],
    },
  ])('$name', ({ updates, keys, started }) => {
    expect(observe(updates)).toEqual({ keys, started });
  });
});

test.each([
  { hosts: 3, random: 0, want: 2_000 },
  { hosts: 3, random: 1, want: 8_000 },
  { hosts: 1_000, random: 1, want: 22_000 },
])('with $hosts hosts the early put comes after $want ms at chance $random', ({ hosts, random, want }) => {
  expect(touchAfterMs(hosts, () => random)).toBe(want);
});
