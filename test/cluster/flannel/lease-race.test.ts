import { describe, expect, test } from 'vitest';
import { pairsOverlap, type Self } from '../../../flannel/model/allocate.ts';
import { subnetsText } from '../../../flannel/model/lease-text.ts';
import { decodeLease } from '../../../flannel/wire.ts';
import { addIpv4, formatIpv4, parseIpv4 } from '../../../native/net/ipv4.ts';
import { freshEtcd } from './fresh-etcd.ts';
import { host, host6, PREFIX, startKeeper, type Kept } from './keepers.ts';

const fresh = freshEtcd();

const ipv4Host = (index: number): Self => host(`node-${index}`, formatIpv4(addIpv4(parseIpv4('172.20.1.0'), index)));

/** A lost race costs one write; a free subnet found at once costs two: create it, then go on with it. */
const MOST_WRITES = 16;

describe('keepers that start at once all end with subnets of their own', () => {
  test.each<{ name: string; hosts: number; config: object; hostOf: (index: number) => Self }>([
    { name: '200 in a /16', hosts: 200, config: {}, hostOf: ipv4Host },
    {
      name: '60 in a range of 64',
      hosts: 60,
      config: { Network: '10.5.0.0/18', SubnetLen: 24, SubnetMin: '10.5.0.0', SubnetMax: '10.5.63.0' },
      hostOf: ipv4Host,
    },
    {
      name: '60 of two families, of which each has 64',
      hosts: 60,
      config: {
        Network: '10.5.0.0/18',
        SubnetLen: 24,
        SubnetMin: '10.5.0.0',
        EnableIPv6: true,
        IPv6Network: 'fc00:5::/58',
        IPv6SubnetMin: 'fc00:5::',
        IPv6SubnetLen: 64,
      },
      hostOf: ipv4Host,
    },
    {
      name: '40 of IPv6 alone in a range of 48',
      hosts: 40,
      config: {
        EnableIPv4: false,
        EnableIPv6: true,
        IPv6Network: 'fc00:5::/48',
        IPv6SubnetMin: 'fc00:5:0:10::',
        IPv6SubnetMax: 'fc00:5:0:3f::',
      },
      hostOf: (index) => host6(`node-${index}`, `fd00:77::${index + 1}`),
    },
  ])(
    '$name',
    async ({ hosts, config, hostOf }) => {
      const stack = new AsyncDisposableStack();
      try {
        const kept = Array.from({ length: hosts }, (_, index): Kept =>
          stack.use(startKeeper(fresh.client, hostOf(index), { config })),
        );
        const subnets = await Promise.all(kept.map(({ subnet }) => subnet));
        for (const [index, one] of subnets.entries()) {
          for (const other of subnets.slice(index + 1)) {
            expect(pairsOverlap(one, other), `${subnetsText(one)} and ${subnetsText(other)}`).toBe(false);
          }
        }
        const { entries } = await fresh.client.list(`${PREFIX}/subnets`);
        const owners = entries.map(({ key, value }) => decodeLease(key, value).nodeId);
        expect([...owners].sort()).toEqual(kept.map((_, index) => `node-${index}`).sort());
        const writes = kept.map(({ keeper }) => keeper.acquisitionWrites);
        expect(Math.max(...writes)).toBeLessThanOrEqual(MOST_WRITES);
      } finally {
        await stack.disposeAsync();
      }
    },
    60_000,
  );
});
