import { describe, expect, test } from 'vitest';
import type { KnownLease } from '../../../../flannel/model/lease.ts';
import { judgeOwnKey, nextKeepaliveMs, type HeldLease } from '../../../../flannel/model/renewal.ts';
import { parseCidr4 } from '../../../../native/net/cidr.ts';
import { parseIpv4 } from '../../../../native/net/ipv4.ts';

describe('renewal', () => {
  test.each([
    { name: 'a fresh lease: ten minutes at most', secondsLeft: 86_400, random: 1, want: 600_000 },
    { name: 'less by chance', secondsLeft: 86_400, random: 0, want: 400_000 },
    { name: 'a sixth of what is left', secondsLeft: 600, marginSeconds: 60, random: 1, want: 100_000 },
    { name: 'a second inside the margin', secondsLeft: 50, marginSeconds: 60, random: 1, want: 1000 },
    { name: 'nothing left', secondsLeft: 0, random: 1, want: 0 },
  ])('$name', ({ secondsLeft, marginSeconds = 3600, random, want }) => {
    expect(nextKeepaliveMs({ secondsLeft, marginSeconds, random: () => random })).toBeCloseTo(want, 3);
  });

  const self = { nodeId: 'me', publicIp: parseIpv4('192.168.0.1') };
  const held: HeldLease = { key: '/k', value: 'v', modRevision: 5n, etcdLeaseId: 7n };
  const seen = (change: Partial<KnownLease>, nodeId?: string, ip = '192.168.0.1'): KnownLease => ({
    key: '/k',
    value: 'v',
    createRevision: 5n,
    modRevision: 5n,
    etcdLeaseId: 7n,
    lease: {
      kind: 'foreign',
      subnet: parseCidr4('10.5.1.0/24'),
      publicIp: parseIpv4(ip),
      backendType: undefined,
      nodeId,
    },
    ...change,
  });
  test.each([
    { name: 'as we wrote it', key: seen({}), want: 'ours' },
    { name: 'not there', key: undefined, want: 'gone' },
    { name: 'another value of ours', key: seen({ value: 'w' }, 'me'), want: 'altered' },
    { name: 'stripped of its lease', key: seen({ etcdLeaseId: 0n }, 'me'), want: 'altered' },
    { name: 'a flanneld with our address', key: seen({ value: 'w' }), want: 'altered' },
    { name: 'a flanneld elsewhere', key: seen({ value: 'w' }, undefined, '192.168.0.9'), want: 'foreign' },
    { name: 'another node, even with our address', key: seen({ value: 'w' }, 'other'), want: 'foreign' },
    { name: 'us at a former address', key: seen({ value: 'w' }, 'me', '192.168.0.9'), want: 'altered' },
  ])('own key: $name', ({ key, want }) => {
    expect(judgeOwnKey(held, key, self)).toBe(want);
  });
});
