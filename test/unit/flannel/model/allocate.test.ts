import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseAcquisition, chooseSubnet } from '../../../../flannel/model/allocate.ts';
import type { KnownLease } from '../../../../flannel/model/lease.ts';
import { isLeasable, parseNetworkConfig, type NetworkConfig } from '../../../../flannel/model/network-config.ts';
import { cidr4, cidr4Overlaps, formatCidr4, parseCidr4, type Cidr4 } from '../../../../native/net/cidr.ts';
import { parseIpv4, type Ipv4 } from '../../../../native/net/ipv4.ts';

const configOf = (fields: object): NetworkConfig =>
  parseNetworkConfig(JSON.stringify({ Backend: { Type: 'vxlan' }, ...fields }));

const tight = configOf({ Network: '10.5.0.0/16', SubnetMin: '10.5.1.0', SubnetMax: '10.5.4.0' });

const lease = (subnet: string, publicIp: string, nodeId?: string): KnownLease => ({
  key: `/p/subnets/${subnet.replace('/', '-')}`,
  lease: {
    kind: 'foreign',
    subnet: parseCidr4(subnet),
    publicIp: parseIpv4(publicIp),
    backendType: undefined,
    nodeId,
  },
  value: '',
  createRevision: 1n,
  modRevision: 1n,
  etcdLeaseId: 1n,
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
    const chosen = chooseSubnet({ config: tight, taken: taken.map(parseCidr4), random: () => random });
    expect(chosen && formatCidr4(chosen)).toBe(want);
  });

  test('SubnetMin above SubnetMax leaves none', () => {
    const config = configOf({ Network: '10.5.0.0/16', SubnetMin: '10.5.9.0', SubnetMax: '10.5.2.0' });
    expect(chooseSubnet({ config, taken: [], random: () => 0.5 })).toBeUndefined();
  });

  const arbitraryCidr = fc
    .tuple(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 18, max: 30 }))
    .map(([low, length]) => cidr4((0x0a050000 + low) as Ipv4, length));

  test('never overlaps a lease, is in range, and is missing only when there is none', () => {
    const config = configOf({ Network: '10.5.0.0/16', SubnetLen: 22 });
    const all = Array.from({ length: 63 }, (_, index) => cidr4((0x0a050400 + index * 1024) as Ipv4, 22));
    fc.assert(
      fc.property(
        fc.array(arbitraryCidr, { maxLength: 80 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (taken, random) => {
          const chosen = chooseSubnet({ config, taken, random: () => random });
          const isFree = (subnet: Cidr4): boolean => !taken.some((other) => cidr4Overlaps(subnet, other));
          if (chosen === undefined) return !all.some(isFree);
          return isFree(chosen) && isLeasable(config, chosen);
        },
      ),
    );
  });

  test('every free subnet can be chosen', () => {
    const config = configOf({ Network: '10.5.0.0/24' });
    const seen = new Set<string>();
    for (let step = 0; step < 100; step++) {
      const chosen = chooseSubnet({ config, taken: [parseCidr4('10.5.0.128/26')], random: () => step / 100 });
      if (chosen !== undefined) seen.add(formatCidr4(chosen));
    }
    expect([...seen].sort()).toEqual(['10.5.0.192/26', '10.5.0.64/26']);
  });

  test('a range of four million costs no more than its leases', () => {
    const config = configOf({ Network: '10.0.0.0/8', SubnetLen: 30 });
    const taken = Array.from({ length: 5000 }, (_, index) => cidr4((0x0a000004 + index * 4) as Ipv4, 30));
    const chosen = chooseSubnet({ config, taken, random: () => 0 });
    expect(chosen && formatCidr4(chosen)).toBe('10.0.78.36/30');
  });
});

describe('how a lease is come by', () => {
  const self = { nodeId: 'me', publicIp: parseIpv4('192.168.0.1') };
  const other = lease('10.5.2.0/24', '192.168.0.2', 'other');
  const previous = parseCidr4('10.5.3.0/24');
  test.each([
    {
      name: 'own lease by node id, also from another address',
      leases: [other, lease('10.5.1.0/24', '192.168.0.9', 'me')],
      want: { kind: 'reuse', suspect: 'me' },
    },
    {
      name: 'own lease by node id and address is beyond doubt',
      leases: [lease('10.5.1.0/24', '192.168.0.1', 'me')],
      want: { kind: 'reuse', suspect: undefined },
    },
    {
      name: 'a flanneld’s lease with our address is ours, as flannel has it',
      leases: [other, lease('10.5.4.0/24', '192.168.0.1')],
      want: { kind: 'reuse', suspect: undefined },
    },
    {
      name: 'another node’s lease with our address is looked at first',
      leases: [lease('10.5.4.0/24', '192.168.0.1', 'twin')],
      want: { kind: 'reuse', suspect: 'twin' },
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
  ])('$name', ({ leases, want }) => {
    expect(chooseAcquisition({ config: tight, leases, self, previous, random: () => 0 })).toMatchObject(want);
  });

  test('the first lease in key order counts', () => {
    const leases = [lease('10.5.1.0/24', '192.168.0.1'), lease('10.5.2.0/24', '192.168.0.1')];
    const choice = chooseAcquisition({ config: tight, leases, self, previous: undefined, random: () => 0 });
    expect(choice).toMatchObject({ kind: 'reuse', held: leases[0] });
  });
});
