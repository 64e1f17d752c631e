import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bulkReader } from '../../../native/host/bulk-read.ts';
import { systemClock } from '../../../native/host/clock.ts';
import type { LiveContainer } from '../../../statsd/io/live-container.ts';
import { QuickReads } from '../../../statsd/io/quick-reads.ts';
import { ReadBatch } from '../../../statsd/io/read-batch.ts';
import { ReadingRound, type Due } from '../../../statsd/io/reading-round.ts';
import { SlowReads } from '../../../statsd/io/slow-reads.ts';
import { newOwnCounts } from '../../../statsd/model/own-metrics.ts';
import { FIELD, FIELDS, type Field, type Tick } from '../../../statsd/model/reading.ts';
import { collect, FakeTree, type Texts } from './fake-tree.ts';

const SLOW: Tick = { slow: true, rare: false, unified: false };
const ALL: Tick = { slow: true, rare: true, unified: false };
const NONE: Tick = { slow: false, rare: false, unified: false };

/** When a grown container is read whole; a slow turn of its own, and a round that is neither. */
const ROUNDS = { whole: 1, slow: 6, plain: 2 };

/** Reads one container as the agent does: whole in a batch, at slow turns by what it keeps, at others by its numbers. */
class Agent {
  readonly failures: string[] = [];
  /** What the last slow turn found changed. */
  changed: readonly number[] = [];
  readonly #tree: FakeTree;
  readonly #quick = new QuickReads();
  readonly #slow = new SlowReads();
  readonly #batch: ReadBatch;
  readonly #round: ReadingRound;

  constructor(tree: FakeTree) {
    this.#tree = tree;
    this.#batch = new ReadBatch({ pool: tree.pool, reader: bulkReader(), clock: systemClock });
    this.#round = new ReadingRound({
      ...{ collectors: tree.collectors, batch: this.#batch, counts: newOwnCounts([]), clock: systemClock },
      complain: (_, collector) => this.failures.push(collector),
    });
  }

  /** From here plain ticks read its numbers alone, and slow turns what changed. */
  grow(container: LiveContainer): void {
    this.#quick.add(container, ROUNDS.whole);
    this.#slow.add(container, ROUNDS.whole);
  }

  async tick(container: LiveContainer, tick: Tick): Promise<void> {
    this.#tree.nowMs += 1000;
    const due = this.#due(container, tick);
    await this.#round.fetch(due, []);
    const failed = due.numbers === undefined ? [] : this.#quick.take(this.#batch.numberLengths, 0);
    const all = [...due.whole, ...failed.map((each) => ({ container: each, tick: NONE }))];
    container.begin();
    this.#round.take({ ...due, whole: all }, { isLive: () => true, unnumbered: new Set(failed) });
    container.settle(0);
    this.changed = due.kept.flatMap((list) => list.changed.map(({ collector }) => collector));
    if (tick.slow) this.#quick.learnt(ROUNDS.whole);
    this.#batch.done();
  }

  #due(container: LiveContainer, tick: Tick): Due {
    const quick = this.#quick;
    const isGrown = quick.has(container, ROUNDS.whole);
    if (!isGrown) return { whole: [{ container, tick }], parts: [], quick, numbers: undefined, kept: [] };
    const round = tick.rare ? ROUNDS.whole : tick.slow ? ROUNDS.slow : ROUNDS.plain;
    const whole = tick.rare ? [...this.#slow.whole(round)].map((each) => ({ container: each, tick })) : [];
    const numbers = quick.open(round);
    const kept = tick.slow ? this.#slow.open(round) : [];
    return { whole, parts: [...quick.parts(round), ...kept.flatMap(({ asked }) => asked)], quick, numbers, kept };
  }
}

const told = ({ sample, details }: LiveContainer): unknown => ({
  ...Object.fromEntries(FIELDS.map((field) => [field, sample[FIELD[field]]])),
  ...details,
});

// Few values, so that many files say the same as before, and some again what they said before last.
const count = fc.constantFrom('0', '1', '70000000', '9007199254740991');
const lines = (...keys: readonly string[]) =>
  fc
    .tuple(...keys.map(() => count))
    .map((values) => keys.map((key, index) => `${key} ${String(values[index])}\n`).join(''));
const line = count.map((text) => `${text}\n`);
const limit = fc.constantFrom('max\n', '4096\n');
/** Never below usage: the kernel sees to that, and so who reads usage alone may take it for the peak until the next slow turn. */
const peak = fc.constantFrom('9007199254740991\n', '9007199254740992\n');
const FILES: Readonly<Record<1 | 2, Readonly<Record<string, fc.Arbitrary<string>>>>> = {
  1: {
    'cpuacct.usage': line,
    'cpuacct.usage_percpu': fc.tuple(count, count).map(([a, b]) => `${a} ${b} \n`),
    'cpuacct.stat': lines('user', 'system'),
    'cpu.stat': lines('nr_periods', 'nr_throttled', 'throttled_time'),
    'cpu.cfs_quota_us': fc.constantFrom('-1\n', '50000\n'),
    'cpu.cfs_period_us': fc.constant('100000\n'),
    'memory.usage_in_bytes': line,
    'memory.stat': lines('total_inactive_file', 'total_rss', 'hierarchical_memory_limit'),
    'memory.failcnt': line,
    'memory.oom_control': lines('oom_kill_disable', 'oom_kill'),
    'memory.max_usage_in_bytes': peak,
    'memory.kmem.usage_in_bytes': line,
    'memory.soft_limit_in_bytes': line,
    'memory.memsw.limit_in_bytes': line,
    'cpu.shares': line,
    'pids.current': line,
    'pids.max': limit,
    'freezer.state': fc.constantFrom('THAWED\n', 'FROZEN\n'),
    'blkio.throttle.io_service_bytes': fc.oneof(
      fc.constant('Total 0\n'),
      count.map((bytes) => `8:0 Read ${bytes}\n8:0 Write 2\nTotal 2\n`),
    ),
    'blkio.throttle.io_serviced': count.map((reads) => `8:0 Read ${reads}\nTotal 2\n`),
  },
  2: {
    'cpu.stat': lines('usage_usec', 'user_usec', 'system_usec', 'nr_periods', 'nr_throttled', 'throttled_usec'),
    'cpu.max': fc.constantFrom('max 100000\n', '50000 100000\n'),
    'memory.current': line,
    'memory.stat': lines('anon', 'inactive_file', 'file'),
    'memory.events': lines('high', 'max', 'oom', 'oom_kill'),
    'memory.max': limit,
    'memory.peak': peak,
    'memory.swap.current': line,
    'memory.swap.max': limit,
    'memory.low': limit,
    'cpu.weight': line,
    'cpuset.cpus.effective': fc.constantFrom('0-3\n', '1\n'),
    'pids.current': line,
    'pids.max': limit,
    'cgroup.events': lines('populated', 'frozen'),
    'io.stat': fc.oneof(
      fc.constant(''),
      count.map((bytes) => `8:0 rbytes=${bytes} wbytes=2 rios=3 wios=4\n`),
    ),
    'memory.pressure': count.map(
      (micros) =>
        `some avg10=0.00 avg60=0.00 avg300=0.00 total=${micros}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n`,
    ),
  },
};
const textsOf = (version: 1 | 2): fc.Arbitrary<Texts> => fc.record(FILES[version]);
/** Of the parent, which limits as well. */
const above = fc.record({ 'pids.max': limit, 'memory.max': limit });

describe('what says the same as before is not taken again', () => {
  test.each([1, 2] as const)('and nobody can tell the difference, on v%i', async (version) => {
    const tick = fc.constantFrom(NONE, SLOW, SLOW, SLOW, ALL);
    const change = fc.record({ texts: fc.record(FILES[version], { requiredKeys: [] }), above, tick });
    await fc.assert(
      fc.asyncProperty(textsOf(version), fc.array(change, { minLength: 2, maxLength: 12 }), async (first, changes) => {
        using tree = new FakeTree(version);
        tree.write('pod/a', first);
        const [batched, plain] = [tree.container('pod/a'), tree.container('pod/a')];
        const agent = new Agent(tree);
        for (let young = 0; young < 2; young += 1) {
          await agent.tick(batched, ALL);
          collect(plain, ALL);
        }
        agent.grow(batched);
        for (const { texts, above: parent, tick: due } of changes) {
          tree.write('pod', parent);
          tree.write('pod/a', texts);
          await agent.tick(batched, due);
          collect(plain, due);
          if (due.slow) expect(told(batched)).toEqual(told(plain));
        }
        expect(agent.failures).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

const QUIET: Texts = {
  'cpu.stat': 'usage_usec 1\n',
  'memory.current': '7\n',
  'memory.stat': 'anon 5\n',
  'memory.events': 'oom_kill 0\n',
  'memory.max': 'max\n',
  'memory.peak': '7\n',
  'memory.swap.current': '0\n',
  'pids.current': '1\n',
  'pids.max': 'max\n',
  'cpu.max': 'max 100000\n',
  'io.stat': '8:0 rbytes=1 wbytes=2 rios=3 wios=4\n',
};

const WATCHED: readonly Field[] = ['memoryRssBytes', 'pidsLimit', 'cpuQuotaMicros', 'blockReadBytes'];

/** A container that was read whole and then at a slow turn; what slow turns read of it is then overwritten, to see what is stored again. */
async function settled(tree: FakeTree): Promise<{ readonly agent: Agent; readonly container: LiveContainer }> {
  tree.write('pod/a', QUIET);
  const container = tree.container('pod/a');
  const agent = new Agent(tree);
  await agent.tick(container, ALL);
  agent.grow(container);
  await agent.tick(container, SLOW);
  await agent.tick(container, SLOW);
  for (const field of WATCHED) container.sample[FIELD[field]] = -1;
  return { agent, container };
}

describe('at a slow turn', () => {
  const untouched = ({ sample }: LiveContainer, fields: readonly Field[]): Field[] =>
    fields.filter((field) => sample[FIELD[field]] === -1);

  test('nothing is stored where nothing changed', async () => {
    using tree = new FakeTree(2);
    const { agent, container } = await settled(tree);
    await agent.tick(container, SLOW);
    expect(untouched(container, WATCHED)).toEqual(WATCHED);
  });

  test.each([
    { file: 'memory.stat', text: 'anon 6\n', fields: ['memoryRssBytes'] },
    { file: 'io.stat', text: '8:0 rbytes=9 wbytes=2 rios=3 wios=4\n', fields: ['blockReadBytes'] },
    { file: 'pids.max', text: '10\n', fields: ['pidsLimit', 'cpuQuotaMicros'] },
    { file: 'memory.peak', text: '9\n', fields: ['memoryRssBytes'] },
  ] as const)('a change of $file is stored by its own collector', async ({ file, text, fields }) => {
    using tree = new FakeTree(2);
    const { agent, container } = await settled(tree);
    tree.write('pod/a', { [file]: text });
    await agent.tick(container, SLOW);
    expect(untouched(container, WATCHED)).toEqual(
      WATCHED.filter((field) => !(fields as readonly Field[]).includes(field)),
    );
  });

  test('a limit of a parent is stored, though the container’s own files stand still', async () => {
    using tree = new FakeTree(2);
    const { agent, container } = await settled(tree);
    tree.write('pod', { 'pids.max': '12\n' });
    await agent.tick(container, SLOW);
    expect(container.sample[FIELD.pidsLimit]).toBe(12);
  });

  test('what was read by itself meanwhile is not what the batch brought before', async () => {
    using tree = new FakeTree(2);
    const { agent, container } = await settled(tree);
    tree.write('pod/a', { 'pids.max': '10\n' });
    collect(container, SLOW);
    expect(container.sample[FIELD.pidsLimit]).toBe(10);
    tree.write('pod/a', { 'pids.max': QUIET['pids.max'] });
    await agent.tick(container, SLOW);
    expect(container.sample[FIELD.pidsLimit]).toBe(Infinity);
  });

  test('a file that comes later is followed once everything was read', async () => {
    using tree = new FakeTree(2);
    const { agent, container } = await settled(tree);
    tree.write('pod/a', { 'memory.swap.max': '4096\n' });
    // What was missing is looked for ever more seldom.
    for (let turn = 0; turn < 4; turn += 1) await agent.tick(container, ALL);
    expect(container.sample[FIELD.memorySwapLimitBytes]).toBe(4096);
    await agent.tick(container, SLOW);
    tree.write('pod/a', { 'memory.swap.max': '8192\n' });
    await agent.tick(container, SLOW);
    expect(container.sample[FIELD.memorySwapLimitBytes]).toBe(8192);
  });

  test('at a rare tick everything is stored', async () => {
    using tree = new FakeTree(2);
    const { agent, container } = await settled(tree);
    await agent.tick(container, ALL);
    expect(untouched(container, WATCHED)).toEqual([]);
  });

  test('what could not be understood is complained about each time', async () => {
    using tree = new FakeTree(2);
    const { agent, container } = await settled(tree);
    tree.write('pod/a', { 'pids.current': 'many\n' });
    for (let turn = 0; turn < 3; turn += 1) await agent.tick(container, SLOW);
    expect(agent.failures).toEqual(['pids', 'pids', 'pids']);
    expect(container.sample[FIELD.pidsCurrent]).toBeNaN();
  });
});
