import { describe, expect, test } from 'vitest';
import { Cluster } from '../../../../dashboard/model/cluster.ts';
import { addFromMemory } from '../../../../dashboard/model/history/answer.ts';
import { Bins } from '../../../../dashboard/model/history/bins.ts';
import { LiveView } from '../../../../dashboard/model/live-view.ts';
import { selectionOf } from '../../../../dashboard/model/view-selection.ts';
import { decodeDetails, valueAt } from '../../../../dashboard/web/columns.ts';
import type { Frame } from '../../../../statsd/wire.ts';
import { aContainer, aFrame, anInventory, at, T0 } from '../builders.ts';

const CONTAINER_EXTRA = ['memoryCacheBytes', 'memoryShmemBytes', 'memoryRssBytes', 'ioWaitingSeconds'] as const;
const HOST_EXTRA = [
  'cpuUserSeconds',
  'swapTotalBytes',
  'swapFreeBytes',
  'rootSizeBytes',
  'rootAvailableBytes',
] as const;

/** Frame `seq`: IO waits a quarter of the time, the user's share of CPU is two cores. */
function detailed(seq: number, rows: number): Frame {
  const column = (value: number): number[] => Array.from({ length: rows }, () => value);
  const container = [column(5e6), column(1e6), column(9e6), column(seq * 0.25)];
  const values = Float64Array.from([...container.flat(), seq * 2, 8e9, 6e9, 100, 25]);
  const base = aFrame(
    seq,
    Array.from({ length: rows }, () => ({ pidsCurrent: 1 })),
  );
  return { ...base, extra: new Uint8Array(values.buffer) };
}

function followed(): { readonly cluster: Cluster; readonly view: LiveView } {
  const cluster = new Cluster();
  const inventory = anInventory([aContainer('web'), aContainer('db')]);
  cluster.inventory({ ...inventory, extraColumns: [...CONTAINER_EXTRA], hostExtraColumns: [...HOST_EXTRA] }, at(0));
  for (const seq of [1, 2, 3]) cluster.frame('n1', detailed(seq, 2), at(seq));
  const view = new LiveView(cluster, { version: '0', startedAtUnixMs: 0, webhooks: 0 }, { version: 1, etcd: 'off' });
  view.refresh();
  return { cluster, view };
}

const binned = (cluster: Cluster, key: string, columns: readonly string[]): Bins => {
  const bins = new Bins({ fromUnixMs: T0, stepMs: 10_000, count: 1 }, columns);
  const series = cluster.history.get(key);
  if (series !== undefined) addFromMemory(bins, series);
  return bins;
};

describe('details', () => {
  test('of a container are in the frames of its own view, cache without shared memory', () => {
    const { view } = followed();
    const message = view.open(selectionOf({ view: 'container', series: ['n1/runc/web'] })!).frame(T0 + 3000);
    const details = decodeDetails(message.details, { containers: 1, hosts: 1 });
    expect(valueAt(details?.containers, 'memoryAnonBytes', 0)).toBeCloseTo(9e6, -4);
    expect(valueAt(details?.containers, 'memoryCacheBytes', 0)).toBeCloseTo(4e6, -4);
    expect(valueAt(details?.containers, 'ioWaitingRatio', 0)).toBeCloseTo(0.25, 3);
    expect(valueAt(details?.containers, 'memorySlabBytes', 0)).toBeNaN();
    expect(valueAt(details?.hosts, 'cpuUserCores', 0)).toBe(2);
    expect(valueAt(details?.hosts, 'swapUsedBytes', 0)).toBeCloseTo(2e9, -7);
    expect(valueAt(details?.hosts, 'rootUsedRatio', 0)).toBeCloseTo(0.75, 3);
  });

  test.each([
    { view: 'host', want: { containers: 0, hosts: 1 } },
    { view: 'overview', want: undefined },
  ] as const)('in the view $view', ({ view: name, want }) => {
    const { view } = followed();
    const { details } = view.open(selectionOf({ view: name, host: 'n1' })!).frame(T0 + 3000);
    const rows = (block: Uint8Array | ArrayBuffer, columns: number): number => block.byteLength / 4 / columns;
    expect(
      details === undefined ? undefined : { containers: rows(details.containers, 7), hosts: rows(details.hosts, 9) },
    ).toEqual(want);
  });

  test('are remembered by the second, beside what is kept for longer', () => {
    const { cluster } = followed();
    cluster.history.fold(T0 + 60_000);
    const bins = binned(cluster, 'n1/runc/web', ['memoryAnonBytes', 'pidsCurrent']);
    expect(bins.column('memoryAnonBytes').avg[0]).toBeCloseTo(9e6, -4);
    expect(bins.column('pidsCurrent').avg[0]).toBe(1);
    expect(binned(cluster, 'n1', ['cpuUserCores']).column('cpuUserCores').max[0]).toBe(2);
  });

  test('are no part of what goes to the store', () => {
    const { cluster } = followed();
    const [block] = cluster.history.fold(T0 + 60_000).filter(({ kind }) => kind === 'container');
    expect(block?.codes.length).toBe(2 * 3 * 8);
  });
});
