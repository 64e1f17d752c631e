import fc from 'fast-check';
import { test } from 'vitest';
import { pairsOverlap } from '../../flannel/model/allocate.ts';
import { chooseSubnet4, chooseSubnet6 } from '../../flannel/model/free-subnet.ts';
import { isLeasable, parseNetworkConfig, type NetworkConfig } from '../../flannel/model/network-config.ts';
import { cidr4, cidr4Overlaps, type Cidr4 } from '../../native/net/cidr.ts';
import type { Ipv4 } from '../../native/net/ipv4.ts';
import { parseCidr6, type Cidr6, type Ipv6 } from '../../native/net/ipv6.ts';
import { holds } from './holds.ts';

const configOf = (fields: object): NetworkConfig =>
  parseNetworkConfig(JSON.stringify({ Backend: { Type: 'vxlan' }, ...fields }));

const arbitraryCidr = fc
  .tuple(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 18, max: 30 }))
  .map(([low, length]) => cidr4((0x0a050000 + low) as Ipv4, length));

test('never overlaps a lease, is in range, and is missing only when there is none', () => {
  const config = configOf({ Network: '10.5.0.0/16', SubnetLen: 22 });
  const range = config.ipv4!;
  const all = Array.from({ length: 63 }, (_, index) => cidr4((0x0a050400 + index * 1024) as Ipv4, 22));
  holds(
    fc.tuple(fc.array(arbitraryCidr, { maxLength: 80 }), fc.double({ min: 0, max: 0.999, noNaN: true })),
    ([taken, random]) => {
      const chosen = chooseSubnet4({ range, taken, random: () => random });
      const isFree = (subnet: Cidr4): boolean => !taken.some((other) => cidr4Overlaps(subnet, other));
      if (chosen === undefined) return !all.some(isFree);
      return isFree(chosen) && isLeasable(config, { ipv4: chosen, ipv6: undefined });
    },
  );
});

const arbitraryCidr6 = fc
  .tuple(fc.integer({ min: 0, max: 0xff }), fc.integer({ min: 120, max: 126 }))
  .map(([low, prefixLength]): Cidr6 => {
    const address = (0xfc00_0005n << 96n) + BigInt(low);
    return { address: (address - (address % (1n << BigInt(128 - prefixLength)))) as Ipv6, prefixLength };
  });

test('of IPv6 keeps the same promise', () => {
  const config = configOf({ EnableIPv4: false, EnableIPv6: true, IPv6Network: 'fc00:5::/120', IPv6SubnetLen: 124 });
  const range = config.ipv6!;
  const all = Array.from({ length: 15 }, (_, index) => parseCidr6(`fc00:5::${(index + 1).toString(16)}0/124`));
  const pair = (ipv6: Cidr6) => ({ ipv4: undefined, ipv6 });
  holds(
    fc.tuple(fc.array(arbitraryCidr6, { maxLength: 30 }), fc.double({ min: 0, max: 0.999, noNaN: true })),
    ([taken, random]) => {
      const chosen = chooseSubnet6({ range, taken, random: () => random });
      const isFree = (ipv6: Cidr6): boolean => !taken.some((other) => pairsOverlap(pair(ipv6), pair(other)));
      if (chosen === undefined) return !all.some(isFree);
      return isFree(chosen) && isLeasable(config, pair(chosen));
    },
  );
});
