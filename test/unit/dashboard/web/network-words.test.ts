import { expect, test } from 'vitest';
import { Cluster } from '../../../../dashboard/model/cluster.ts';
import { inventoryMessage, rowOrder } from '../../../../dashboard/model/cluster-view.ts';
import { networkWords } from '../../../../dashboard/web/network-words.ts';
import { aContainer, anInventory, T0 } from '../builders.ts';

test.each([
  ['own', 'its own'],
  ['shared', 'shared: the numbers are those of all containers in it'],
  ['host', 'the host’s: its traffic is not attributable'],
  [undefined, '—'],
] as const)('a network that an agent tells as %s is said as %s', (network, want) => {
  const cluster = new Cluster();
  const container = aContainer('api', network === undefined ? {} : { network });
  cluster.inventory(anInventory([container]), { nowUnixMs: T0, nowMonotonicMs: 0 });
  const server = { version: '1', startedAtUnixMs: T0, etcd: 'off', webhooks: 0 } as const;
  const { containers } = inventoryMessage(rowOrder(cluster), { inventoryVersion: 1, nowUnixMs: T0, server });
  expect(containers.map((each) => networkWords(each.network))).toEqual([want]);
});
