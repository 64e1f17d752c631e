import { expect, test } from 'vitest';
import { apiHosts } from '../../../../dashboard/model/api-view.ts';
import { hostView, rowOrder } from '../../../../dashboard/model/cluster-view.ts';
import { Cluster } from '../../../../dashboard/model/cluster.ts';
import { HOST_VIEW_COLUMNS, type HostViewColumn } from '../../../../dashboard/view-wire.ts';
import type { Frame } from '../../../../statsd/wire.ts';
import { aFrame, anInventory, at } from '../builders.ts';

const HOST_EXTRA = ['swapTotalBytes', 'swapFreeBytes', 'fullestSizeBytes', 'fullestAvailableBytes'];

function told(seq: number, extra: readonly number[], fullestMount?: string): Frame {
  const block = new Uint8Array(Float64Array.from(extra).buffer);
  return { ...aFrame(seq, []), extra: block, ...(fullestMount === undefined ? {} : { fullestMount }) };
}

function clusterOf(hostExtraColumns: string[] = HOST_EXTRA): Cluster {
  const cluster = new Cluster();
  const inventory = anInventory([]);
  cluster.inventory({ ...inventory, host: { ...inventory.host, tags: { zone: 'a' } }, hostExtraColumns }, at(0));
  return cluster;
}

const value = (cluster: Cluster, column: HostViewColumn): number | undefined =>
  cluster.hosts.get('n1')?.feed.values[HOST_VIEW_COLUMNS.indexOf(column)];

test('a host tells its swap and its fullest file system, in the page and in the API', () => {
  const cluster = clusterOf();
  cluster.frame('n1', told(1, [8e9, 6e9, 200, 20], '/var/lib'), at(1));
  expect(value(cluster, 'swapUsedBytes')).toBe(2e9);
  expect(value(cluster, 'fullestUsedRatio')).toBeCloseTo(0.9);
  expect(hostView(cluster.hosts.get('n1')!, 'off')).toMatchObject({ fullestMount: '/var/lib', tags: { zone: 'a' } });
  const [api] = apiHosts(rowOrder(cluster), { nowMonotonicMs: 0, etcd: 'off' });
  expect(api).toMatchObject({ fullestMount: '/var/lib', swapTotalBytes: 8e9, tags: { zone: 'a' }, bootTime: null });
});

test('an agent of before tells neither: both are unknown, and never 0', () => {
  const cluster = clusterOf([]);
  cluster.frame('n1', told(1, []), at(1));
  for (const column of ['swapUsedBytes', 'swapTotalBytes', 'fullestUsedRatio'] as const)
    expect(value(cluster, column)).toBeNaN();
  expect(hostView(cluster.hosts.get('n1')!, 'off').fullestMount).toBeUndefined();
  const [api] = apiHosts(rowOrder(cluster), { nowMonotonicMs: 0, etcd: 'off' });
  expect(api).toMatchObject({ fullestMount: null, fullestUsedRatio: null, swapUsedBytes: null });
});

test('a size of 0 is no file system, and a host without swap uses none of it', () => {
  const cluster = clusterOf();
  cluster.frame('n1', told(1, [0, 0, 0, 0]), at(1));
  expect(value(cluster, 'fullestUsedRatio')).toBeNaN();
  expect(value(cluster, 'swapUsedBytes')).toBe(0);
});

test('another fullest mount is news to browsers, the same one is none', () => {
  const cluster = clusterOf();
  cluster.frame('n1', told(1, [0, 0, 100, 20], '/'), at(1));
  const { revision } = cluster;
  cluster.frame('n1', told(2, [0, 0, 100, 10], '/'), at(2));
  expect(cluster.revision).toBe(revision);
  cluster.frame('n1', told(3, [0, 0, 100, 5], '/data'), at(3));
  expect(cluster.revision).toBe(revision + 1);
});
