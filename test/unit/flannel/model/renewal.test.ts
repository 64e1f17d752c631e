import { describe, expect, test } from 'vitest';
import type { Self } from '../../../../flannel/model/allocate.ts';
import type { KnownLease } from '../../../../flannel/model/lease.ts';
import { judgeOwnKey, nextKeepaliveMs, type HeldLease } from '../../../../flannel/model/renewal.ts';
import { parseIpv4 } from '../../../../native/net/ipv4.ts';
import { parseIpv6 } from '../../../../native/net/ipv6.ts';
import { knownLease } from '../builders.ts';

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

  const self: Self = { nodeId: 'me', publicIp: parseIpv4('192.168.0.1'), publicIpv6: undefined };
  const held: HeldLease = { key: '/k', value: 'v', modRevision: 5n, etcdLeaseId: 7n };
  const asWritten = { key: '/k', value: 'v', modRevision: 5n, etcdLeaseId: 7n };
  const seen = (change: Partial<KnownLease>, nodeId?: string, ip = '192.168.0.1'): KnownLease =>
    knownLease('10.5.1.0/24', { ip, nodeId }, { ...asWritten, ...change });
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

  const self6: Self = { nodeId: 'me', publicIp: undefined, publicIpv6: parseIpv6('fd00:77::11') };
  const seen6 = (ipv6: string, nodeId?: string): KnownLease =>
    knownLease('&fc00:5:0:1::/64', { ipv6, nodeId }, { ...asWritten, value: 'w' });
  test.each([
    { name: 'a flannel host with our IPv6 address', key: seen6('fd00:77::11'), want: 'altered' },
    { name: 'a flannel host elsewhere', key: seen6('fd00:77::12'), want: 'foreign' },
    { name: 'another node, even with our address', key: seen6('fd00:77::11', 'other'), want: 'foreign' },
  ])('own key of a host of IPv6 alone: $name', ({ key, want }) => {
    expect(judgeOwnKey(held, key, self6)).toBe(want);
  });
});
