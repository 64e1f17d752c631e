import { pino } from 'pino';
import { expect, test } from 'vitest';
import { bulkReader } from '../../../native/host/bulk-read.ts';
import { systemClock } from '../../../native/host/clock.ts';
import { ContainerNetworks } from '../../../statsd/io/container-network.ts';
import { Filesystems } from '../../../statsd/io/filesystems.ts';
import { HostReader } from '../../../statsd/io/host-reader.ts';
import type { LiveContainer } from '../../../statsd/io/live-container.ts';
import { NetworkTable } from '../../../statsd/io/network-table.ts';
import { ReadBatch } from '../../../statsd/io/read-batch.ts';
import { Sensors } from '../../../statsd/io/sensors.ts';
import { Measurement, type Round } from '../../../statsd/measurement.ts';
import { newOwnCounts } from '../../../statsd/model/own-metrics.ts';
import { FIELD, type Field } from '../../../statsd/model/reading.ts';
import { RARE_EVERY, SLOW_EVERY, YOUNG_TICKS } from '../../../statsd/model/schedule.ts';
import { FakeTree, type Texts } from './fake-tree.ts';

/** The whole of what reads containers, over a tree of plain files. */
class Reading {
  readonly live = new Set<LiveContainer>();
  readonly #tree: FakeTree;
  readonly #measurement: Measurement;

  constructor(tree: FakeTree) {
    const [clock, log, counts] = [systemClock, pino({ level: 'silent' }), newOwnCounts([])];
    const procfs = '/proc';
    const networkTable = new NetworkTable({ socket: undefined, procfs });
    const shared = { counts, clock, log };
    const hostReader = new HostReader({
      ...shared,
      collectors: [],
      filesystems: new Filesystems({ procfs, hostRoot: tree.root }),
      sensors: new Sensors(tree.root),
      networks: networkTable,
    });
    this.#tree = tree;
    this.#measurement = new Measurement({
      ...shared,
      ...{ hostReader, networkTable, collectors: tree.collectors },
      batch: new ReadBatch({ pool: tree.pool, reader: bulkReader(), clock }),
      networks: new ContainerNetworks({ table: networkTable, procfs }),
    });
  }

  born(name: string, texts: Texts): LiveContainer {
    this.#tree.write(name, texts);
    const container = this.#tree.container(name);
    this.live.add(container);
    this.#measurement.begin(container);
    return container;
  }

  ended(container: LiveContainer): void {
    this.live.delete(container);
    this.#measurement.end(container);
  }

  async rounds(count: number): Promise<Round[]> {
    const rounds: Round[] = [];
    for (let round = 0; round < count; round += 1) {
      this.#tree.nowMs += 1000;
      rounds.push(await this.#measurement.read(this.live, AbortSignal.timeout(10_000)));
      this.#measurement.done();
    }
    return rounds;
  }
}

const FILES: Texts = {
  'cpu.stat': 'usage_usec 1000000\nuser_usec 1\nsystem_usec 1\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n',
  'memory.current': '100\n',
  'memory.stat': 'anon 5\ninactive_file 10\n',
  'memory.events': 'high 0\nmax 0\noom 0\noom_kill 0\n',
  'memory.max': 'max\n',
  'memory.peak': '100\n',
  'memory.swap.current': '0\n',
  'pids.current': '1\n',
  'pids.max': 'max\n',
  'cpu.max': 'max 100000\n',
  'cgroup.events': 'populated 1\nfrozen 0\n',
  'io.stat': '',
};

/** Eight containers that are grown: at each round some have a slow turn, and seldom is one read whole. */
async function grown(
  tree: FakeTree,
): Promise<{ readonly reading: Reading; readonly containers: readonly LiveContainer[] }> {
  const reading = new Reading(tree);
  const containers = Array.from({ length: 8 }, (_, index) => reading.born(`pod/c${index}`, FILES));
  await reading.rounds(YOUNG_TICKS + SLOW_EVERY);
  return { reading, containers };
}

const valuesOf = (containers: readonly LiveContainer[], field: Field): (number | undefined)[] =>
  containers.map(({ sample }) => sample[FIELD[field]]);
const times = <T>(value: T): T[] => new Array<T>(8).fill(value);

test('a number is seen at the next round, a slow file within five, of containers that rest as of those that do not', async () => {
  using tree = new FakeTree(2);
  const { reading, containers } = await grown(tree);
  for (let change = 1; change <= RARE_EVERY / SLOW_EVERY; change += 1) {
    for (const { id } of containers)
      tree.write(id, {
        'memory.current': `${100 + change}\n`,
        'memory.stat': `anon ${change}\ninactive_file ${change}\n`,
      });
    await reading.rounds(1);
    expect(valuesOf(containers, 'memoryUsageBytes')).toEqual(times(100 + change));
    await reading.rounds(SLOW_EVERY - 1);
    expect(valuesOf(containers, 'memoryRssBytes')).toEqual(times(change));
    // Usage as a tick stored it, less what the slow file says now.
    expect(valuesOf(containers, 'memoryWorkingSetBytes')).toEqual(times(100));
  }
});

test('a limit of the parent reaches all, and one that changes back as well', async () => {
  using tree = new FakeTree(2);
  const { reading, containers } = await grown(tree);
  for (const limit of [12, 9, 12]) {
    tree.write('pod', { 'pids.max': `${limit}\n` });
    await reading.rounds(SLOW_EVERY + 1);
    expect(valuesOf(containers, 'pidsLimit')).toEqual(times(limit));
  }
});

test('only what may be new is told: those that rest are told of once in thirty rounds', async () => {
  using tree = new FakeTree(2);
  const { reading, containers } = await grown(tree);
  const told = (await reading.rounds(RARE_EVERY)).flatMap(({ slow }) => [...slow]);
  expect(told.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual(containers);
  const [first] = containers;
  tree.write('pod/c0', { 'cgroup.events': 'populated 1\nfrozen 1\n' });
  const later = (await reading.rounds(SLOW_EVERY)).flatMap(({ slow }) => [...slow]);
  expect(later).toContain(first);
  expect(first?.sample[FIELD.paused]).toBe(1);
});

test('containers that come and go change nothing of the others', async () => {
  using tree = new FakeTree(2);
  const { reading, containers } = await grown(tree);
  const [first, ...others] = containers;
  reading.ended(first!);
  first![Symbol.dispose]();
  // Its descriptors are given out anew.
  const late = reading.born('pod/late', { ...FILES, 'memory.stat': 'anon 77\n' });
  await reading.rounds(YOUNG_TICKS + SLOW_EVERY);
  for (const { id } of others) tree.write(id, { 'memory.stat': 'anon 6\n' });
  await reading.rounds(SLOW_EVERY);
  expect(valuesOf(others, 'memoryRssBytes')).toEqual(times(6).slice(1));
  expect(late.sample[FIELD.memoryRssBytes]).toBe(77);
});
