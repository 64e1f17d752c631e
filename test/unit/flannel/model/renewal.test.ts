import { describe, expect, test } from 'vitest';
import type { Self } from '../../../../flannel/model/allocate.ts';
import type { KnownLease } from '../../../../flannel/model/lease.ts';
import type { LeaseBackend } from '../../../../flannel/wire.ts';
import { judgeOwnKey, nextKeepaliveMs, nextPutMs, type HeldLease } from '../../../../flannel/model/renewal.ts';
import { parseIpv4 } from '../../../../native/net/ipv4.ts';
import { parseIpv6 } from '../../../../native/net/ipv6.ts';
import { parseMac } from '../../../../native/net/mac.ts';
import { knownLease, leaseOf } from '../builders.ts';

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

  test.each([
    { name: '23 hours, as flanneld', ttlSeconds: 86_400, marginSeconds: 3600, random: 0, want: 82_800_000 },
    { name: 'a tenth less at most', ttlSeconds: 86_400, marginSeconds: 3600, random: 1, want: 74_520_000 },
    { name: 'half the time at least', ttlSeconds: 60, marginSeconds: 3600, random: 0, want: 30_000 },
  ])('a put for flanneld: $name', ({ ttlSeconds, marginSeconds, random, want }) => {
    expect(nextPutMs({ ttlSeconds, marginSeconds, random: () => random })).toBeCloseTo(want, 3);
  });

  const self: Self = { nodeId: 'me', publicIp: parseIpv4('192.168.0.1'), publicIpv6: undefined };
  const vxlan = (mac: string): LeaseBackend => ({
    kind: 'vxlan',
    ipv4: { vni: 1, vtepMac: parseMac(mac) },
    ipv6: undefined,
  });
  const ours = leaseOf('10.5.1.0/24', { ip: '192.168.0.1', nodeId: 'me', backend: vxlan('02:00:00:00:00:01') });
  const held: HeldLease = {
    key: '/k',
    lease: ours,
    value: 'v',
    createRevision: 5n,
    modRevision: 5n,
    etcdLeaseId: 7n,
  };
  const asWritten = { key: '/k', value: 'v', modRevision: 5n, etcdLeaseId: 7n };
  const seen = (change: Partial<KnownLease>, nodeId?: string, ip = '192.168.0.1'): KnownLease =>
    knownLease('10.5.1.0/24', { ip, nodeId }, { ...asWritten, ...change });
  const flanneld = (mac: string): KnownLease =>
    knownLease('10.5.1.0/24', { ip: '192.168.0.1', backend: vxlan(mac) }, { ...asWritten, value: 'w' });
  test.each([
    { name: 'as we wrote it', key: seen({}), want: 'ours' },
    { name: 'not there', key: undefined, want: 'gone' },
    { name: 'another value of ours', key: seen({ value: 'w' }, 'me'), want: 'altered' },
    { name: 'stripped of its lease', key: seen({ etcdLeaseId: 0n }, 'me'), want: 'altered' },
    { name: 'a flanneld with our address', key: seen({ value: 'w' }), want: 'altered' },
    {
      name: 'a flanneld on this host, with our device',
      key: flanneld('02:00:00:00:00:01'),
      want: 'altered',
    },
    { name: 'a flanneld of another host with our address', key: flanneld('02:00:00:00:00:99'), want: 'twin' },
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
