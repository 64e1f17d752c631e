import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bulkReader } from '../../../native/host/bulk-read.ts';
import { systemClock } from '../../../native/host/clock.ts';
import type { FilePool } from '../../../statsd/io/kernel-file.ts';
import type { LiveContainer } from '../../../statsd/io/live-container.ts';
import { QuickReads } from '../../../statsd/io/quick-reads.ts';
import { ReadBatch } from '../../../statsd/io/read-batch.ts';
import { FIELD, FIELDS, type Tick } from '../../../statsd/model/reading.ts';
import { collect, FakeTree, type Texts } from './fake-tree.ts';

const ALL: Tick = { slow: true, rare: true, unified: false };
const NONE: Tick = { slow: false, rare: false, unified: false };
/** A round at which nobody here is read whole, nor has a slow turn; and the turn of those who are here. */
const ROUND = 0;
const OTHER_TURN = 1;

/** One tick of quick reads; what failed is read whole, as the agent does. */
async function quickTick(quick: QuickReads, pool: FilePool, meanwhile?: () => void): Promise<LiveContainer[]> {
  const batch = new ReadBatch({ pool, reader: bulkReader(), clock: systemClock });
  const reads = quick.open(ROUND);
  await batch.fetch(reads);
  meanwhile?.();
  const failed = quick.take(batch.numberLengths, 0);
  batch.done();
  for (const container of failed) collect(container, NONE);
  for (const { container, collector } of quick.parts(ROUND)) container.collect(collector, NONE);
  return failed;
}

const valuesOf = ({ sample }: LiveContainer): Record<string, number | undefined> =>
  Object.fromEntries(FIELDS.map((field) => [field, sample[FIELD[field]]]));

const SLOW_FILES: Readonly<Record<1 | 2, Texts>> = {
  1: {
    'memory.stat': 'total_inactive_file 4096\ntotal_rss 5\n',
    'cpu.cfs_quota_us': '50000\n',
    'cpu.cfs_period_us': '100000\n',
    'pids.max': 'max\n',
  },
  2: {
    'memory.stat': 'inactive_file 4096\nanon 5\n',
    'memory.max': 'max\n',
    'cpu.max': '50000 100000\n',
    'io.stat': '8:0 rbytes=1 wbytes=2 rios=3 wios=4\n',
  },
};

const count = fc.integer({ min: 0, max: 2 ** 40 }).map(String);
const throttling = (time: string) =>
  fc.tuple(count, count, count).map(([a, b, c]) => `nr_periods ${a}\nnr_throttled ${b}\n${time} ${c}\n`);
const FAST_FILES: Readonly<Record<1 | 2, fc.Arbitrary<Texts>>> = {
  1: fc.record({
    'cpuacct.usage': count,
    'memory.usage_in_bytes': count,
    'pids.current': count,
    'cpu.stat': throttling('throttled_time'),
  }),
  2: fc.record({
    'cpu.stat': fc
      .tuple(count, throttling('throttled_usec'))
      .map(([usage, rest]) => `usage_usec ${usage}\nuser_usec 1\n${rest}`),
    'memory.current': count,
    'pids.current': count,
  }),
};

describe('quick reads', () => {
  test.each([1, 2] as const)('give what the collectors give, tick by tick, on v%i', async (version) => {
    const rounds = fc.array(FAST_FILES[version], { minLength: 2, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(rounds, async ([first, ...later]) => {
        using tree = new FakeTree(version);
        tree.write('a', { ...SLOW_FILES[version], ...first });
        const [quickly, slowly] = [tree.container('a'), tree.container('a')];
        // Twice: a quota is known to the collector of CPU from the second time on.
        for (const container of [quickly, slowly, quickly, slowly]) collect(container, ALL);
        const quick = new QuickReads();
        quick.add(quickly, OTHER_TURN);
        for (const texts of later) {
          tree.write('a', texts);
          collect(slowly, NONE);
          expect(await quickTick(quick, tree.pool)).toEqual([]);
          expect(valuesOf(quickly)).toEqual(valuesOf(slowly));
        }
      }),
      { numRuns: 40 },
    );
  });

  test('a file that cannot be understood fails its own container, which keeps what it had', async () => {
    using tree = new FakeTree(1);
    const texts = {
      ...SLOW_FILES[1],
      'cpuacct.usage': '1000000000',
      'memory.usage_in_bytes': '7',
      'pids.current': '1',
    };
    tree.write('a', texts);
    tree.write('b', texts);
    const [a, b] = [tree.container('a'), tree.container('b')];
    const quick = new QuickReads();
    for (const container of [a, b]) {
      collect(container, ALL);
      quick.add(container, OTHER_TURN);
    }
    tree.write('a', { 'cpuacct.usage': '2000000000', 'pids.current': 'many' });
    tree.write('b', { 'cpuacct.usage': '2000000000' });
    const batch = new ReadBatch({ pool: tree.pool, reader: bulkReader(), clock: systemClock });
    await batch.fetch(quick.open(ROUND));
    expect(quick.take(batch.numberLengths, 0)).toEqual([a]);
    expect(a.sample[FIELD.cpuUsageSeconds]).toBe(1);
    expect(b.sample[FIELD.cpuUsageSeconds]).toBe(2);
    batch.done();
  });

  test('a container that ends while it is read is left as its end read it', async () => {
    using tree = new FakeTree(1);
    tree.write('a', { ...SLOW_FILES[1], 'cpuacct.usage': '1', 'pids.current': '1' });
    const container = tree.container('a');
    collect(container, ALL);
    const quick = new QuickReads();
    quick.add(container, OTHER_TURN);
    const failed = await quickTick(quick, tree.pool, () => {
      quick.remove(container);
      container.sample[FIELD.cpuUsageSeconds] = 99;
    });
    expect(failed).toEqual([]);
    expect(container.sample[FIELD.cpuUsageSeconds]).toBe(99);
    expect(quick.open(ROUND).fds).toHaveLength(0);
  });

  test('what may not be kept open is asked of its collector; what is read whole is not read quickly', async () => {
    using tree = new FakeTree(1, 0);
    tree.write('a', { ...SLOW_FILES[1], 'cpuacct.usage': '1000000000', 'pids.current': '1' });
    const container = tree.container('a');
    collect(container, ALL);
    const quick = new QuickReads();
    quick.add(container, OTHER_TURN);
    tree.write('a', { 'cpuacct.usage': '3000000000' });
    await quickTick(quick, tree.pool);
    expect(quick.open(ROUND).fds).toHaveLength(0);
    expect(container.sample[FIELD.cpuUsageSeconds]).toBe(3);
    quick.open(OTHER_TURN);
    expect(quick.parts(OTHER_TURN)).toEqual([]);
  });

  test('what a slow turn learns is read from the next tick on, and what it does not change is left as it was', async () => {
    using tree = new FakeTree(1);
    const unlimited = { 'cpu.cfs_quota_us': '-1\n', 'cpu.cfs_period_us': '100000\n' };
    const stat = (periods: number): string => `nr_periods ${periods}\nnr_throttled 1\nthrottled_time 1\n`;
    const fast = { 'cpuacct.usage': '1', 'memory.usage_in_bytes': '7', 'pids.current': '1' };
    tree.write('a', { ...fast, ...unlimited, 'cpu.stat': stat(1) });
    const container = tree.container('a');
    for (let turn = 0; turn < 2; turn += 1) collect(container, ALL);
    const quick = new QuickReads();
    quick.add(container, OTHER_TURN);
    const slowTurn = (): void => {
      quick.learnt(OTHER_TURN);
      for (let turn = 0; turn < 2; turn += 1) collect(container, ALL);
    };
    await quickTick(quick, tree.pool);
    const { fds } = quick.open(ROUND);
    expect(fds).toHaveLength(3);
    slowTurn();
    expect(quick.open(ROUND).fds).toBe(fds);
    tree.write('a', { 'cpu.cfs_quota_us': '50000\n' });
    slowTurn();
    expect(quick.open(ROUND).fds).toHaveLength(4);
    tree.write('a', { 'cpu.stat': stat(9) });
    await quickTick(quick, tree.pool);
    expect(container.sample[FIELD.cpuPeriods]).toBe(9);
  });
});
