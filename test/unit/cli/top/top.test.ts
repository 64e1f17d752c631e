import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COLUMNS, fittingColumns, SORTS } from '../../../../cli/top/columns.ts';
import { binaryBytes, cell, decimalRate, duration, percent } from '../../../../cli/top/format.ts';
import { keysIn, pressed } from '../../../../cli/top/keys.ts';
import { initialState, paint, plainTable, rowsOf, type TopState } from '../../../../cli/top/view.ts';
import type { ContainerView, StatsTick } from '../../../../statsd/status-wire.ts';

const container = (name: string, facts: Partial<ContainerView> = {}): ContainerView => ({
  key: `docker:${name}`,
  id: name,
  dockerId: '0'.repeat(64),
  name,
  runtime: 'docker',
  kind: 'container',
  state: 'running',
  labels: {},
  tags: {},
  cgroupPath: `/docker/${name}`,
  values: {},
  rates: {},
  ...facts,
});

const tick: StatsTick = {
  v: 1,
  timeUnixMs: 1_000_000,
  host: {
    nodeId: 'n',
    hostname: 'h1',
    agentVersion: '0.1.0',
    kernel: '6.18',
    cpuCores: 2,
    intervalMs: 1000,
    memoryTotalBytes: 8 * 2 ** 30,
    memoryAvailableBytes: 6 * 2 ** 30,
    load1: 0.5,
    cpuBusyCores: 1,
  },
  containers: [
    container('idle', { values: { memoryWorkingSetBytes: 1024, pidsCurrent: 1 }, rates: { cpuCores: 0 } }),
    container('busy', {
      image: 'shop/web:1',
      values: { memoryWorkingSetBytes: 300 * 2 ** 20, pidsCurrent: 12 },
      rates: { cpuCores: 0.405, cpuThrottledPart: 0.9, networkReceiveBytesPerSecond: 12_345 },
      memoryLimitBytes: 600 * 2 ** 20,
      cpuLimitCores: 0.5,
      labels: { tier: 'front' },
    }),
    container('unread', { runtime: 'podman' }),
    container('gone', { state: 'exited', exit: { atUnixMs: 1, exitCode: 3, oomKilled: true } }),
  ],
};
const state = (facts: Partial<TopState> = {}): TopState => ({
  ...initialState({ sort: 'cpu', filter: '', showExited: false }),
  ...facts,
});
const names = (facts: Partial<TopState>): string[] => rowsOf(tick, state(facts)).map(({ name }) => name);

describe('rows', () => {
  test.each([
    { name: 'the busiest first, the unknown last', facts: {}, want: ['busy', 'idle', 'unread'] },
    { name: 'turned round', facts: { reversed: true }, want: ['unread', 'idle', 'busy'] },
    { name: 'by name', facts: { sort: 'name' }, want: ['busy', 'idle', 'unread'] },
    { name: 'by runtime, then name', facts: { sort: 'runtime' }, want: ['busy', 'idle', 'unread'] },
    { name: 'with the ended', facts: { showExited: true, sort: 'name' }, want: ['busy', 'gone', 'idle', 'unread'] },
    { name: 'filtered by runtime', facts: { filter: 'POD' }, want: ['unread'] },
    { name: 'filtered by label', facts: { filter: 'tier=front' }, want: ['busy'] },
    { name: 'filtered by image', facts: { filter: 'shop/' }, want: ['busy'] },
  ])('$name', ({ facts, want }) => {
    expect(names(facts)).toEqual(want);
  });
});

describe('the plain table', () => {
  test('as a script sees it', () => {
    expect(plainTable(tick, state(), 120)).toMatchInlineSnapshot(`
      "NAME                            RUNTIME    STATE       CPU %      MEM   MEM %   NET IN  NET OUT   BLK IN  BLK OUT   PIDS
      busy                            docker     up           40.5     300M    50.0   12.3kB        -        -        -     12
      idle                            docker     up            0.0    1.00K     0.0        -        -        -        -      1
      unread                          podman     up              -        -       -        -        -        -        -      -
      "
    `);
  });

  test('is as narrow as it has to be, with the most important columns', () => {
    expect(fittingColumns(60).map(({ id }) => id)).toEqual(['name', 'cpu', 'memory', 'part', 'pids']);
    expect(fittingColumns(500)).toHaveLength(COLUMNS.length);
    expect(SORTS).toContain('cpu');
  });
});

describe('a screen', () => {
  test('is exactly as large as the terminal, whatever is shown', () => {
    const screens = fc.constantFrom('table' as const, 'detail' as const, 'help' as const);
    const size = fc.record({ columns: fc.integer({ min: 1, max: 200 }), rows: fc.integer({ min: 1, max: 40 }) });
    const name = fc.string({ unit: 'binary', maxLength: 30 });
    fc.assert(
      fc.property(screens, size, name, (screen, each, hostile) => {
        const hostileTick = { ...tick, containers: [...tick.containers, container(hostile, { image: hostile })] };
        const shown = state({ screen, selected: `docker:${hostile}`, filter: '' });
        const { lines } = paint(hostileTick, shown, { size: each, note: undefined });
        return lines.length === each.rows && lines.every((line) => !/[\u0000-\u001f\u007f-\u009f]/.test(line));
      }),
      { numRuns: 60 },
    );
  });

  test('numbers in names are numbers', () => {
    const numbered = { ...tick, containers: ['web-10', 'web-2', 'web-1'].map((name) => container(name)) };
    expect(rowsOf(numbered, state({ sort: 'name' })).map(({ name }) => name)).toEqual(['web-1', 'web-2', 'web-10']);
  });

  test.each([
    [80, 'h1 · 3 of 4 containers · CPU 50.0 % of 2 · memory 2.00G of 8.00G · load 0.50'],
    [75, 'h1 · 3 of 4 containers · CPU 50.0 % of 2 · memory 2.00G of 8.00G'],
    [40, 'h1 · 3 of 4 containers · CPU 50.0 % of 2'],
    [20, 'h1'],
  ])('of %d columns has whole parts in its head and at its foot', (columns, head) => {
    const { lines } = paint(tick, state(), { size: { columns, rows: 5 }, note: undefined });
    expect(lines[0]!.trimEnd()).toBe(head);
    expect(lines.at(-1)).not.toContain('…');
  });

  test('has its help whole in 80 columns', () => {
    const { lines } = paint(tick, state({ screen: 'help' }), { size: { columns: 80, rows: 24 }, note: undefined });
    expect(lines.join('\n')).not.toContain('…');
    expect(lines.join('\n')).toContain('Ctrl-U clears it');
  });

  test('leaves values most of a narrow terminal', () => {
    const { lines } = paint(tick, state({ screen: 'detail', selected: 'docker:busy' }), {
      size: { columns: 30, rows: 3 },
      note: undefined,
    });
    expect(lines[1]!.trimEnd()).toBe('image        shop/web:1');
  });

  test('keeps the marked row in sight', () => {
    const many = {
      ...tick,
      containers: Array.from({ length: 100 }, (_, index) => container(`c${String(index).padStart(3, '0')}`)),
    };
    const { lines, marked } = paint(many, state({ sort: 'name', selected: 'docker:c080' }), {
      size: { columns: 80, rows: 12 },
      note: undefined,
    });
    expect(lines[marked!]).toContain('c080');
  });

  test('tells what is wrong at its foot', () => {
    const { lines } = paint(undefined, state(), { size: { columns: 40, rows: 3 }, note: 'nobody listens there' });
    expect(lines).toEqual([' '.repeat(40), ' '.repeat(40), 'nobody listens there'.padEnd(40)]);
  });

  test('of one container tells everything that is known', () => {
    const { lines } = paint(tick, state({ screen: 'detail', selected: 'docker:gone' }), {
      size: { columns: 80, rows: 30 },
      note: undefined,
    });
    expect(lines.join('\n')).toMatch(/state +exited \(3\)[\s\S]*killed for memory +yes/);
  });
});

test('the details of one tell what it said by StatsD, and scroll', () => {
  const said = {
    metrics: [
      { name: 'orders', kind: 'counter' as const, tags: { lane: 'express' }, value: 7 },
      { name: 'took', kind: 'timer' as const, tags: {}, sum: 1.5, count: 3 },
    ],
    events: [{ title: 'deploy', text: 'v2', alert: 'success' as const, tags: { env: 'prod' }, atUnixMs: 3_723_000 }],
    checks: [{ name: 'disk', state: 'warning' as const, message: 'filling up', tags: {}, atUnixMs: 1 }],
  };
  const talking = { ...tick, containers: [container('talk', { statsd: said })] };
  const shown = (facts: Partial<TopState>, rows: number): string =>
    paint(talking, state({ screen: 'detail', selected: 'docker:talk', ...facts }), {
      size: { columns: 80, rows },
      note: undefined,
    }).lines.join('\n');
  expect(shown({}, 80)).toMatch(
    /check disk +warning: filling up *\nevent success +01:02:03 deploy: v2 \(env:prod\) *\ncounter orders +7 \(lane:express\) *\ntimer took +3 times, 500 ms on average/,
  );
  expect(shown({}, 6)).toContain('name ');
  expect(shown({ scrolled: 3 }, 6)).not.toContain('name ');
  expect(shown({ scrolled: 5000 }, 6)).toBe(shown({ scrolled: 4000 }, 6));
});

describe('keys', () => {
  const after = (keys: string, from = state()): TopState | undefined =>
    keysIn(keys).reduce<TopState | undefined>((now, key) => (now === undefined ? now : pressed(now, key, tick)), from);

  test('are split, escape sequences whole', () => {
    expect(keysIn('j\u001b[A\u001b[5~ä\u001bq')).toEqual(['j', '\u001b[A', '\u001b[5~', 'ä', '\u001b', 'q']);
  });

  test.each([
    { name: 'q leaves', keys: 'q', want: undefined },
    { name: 'Ctrl-C leaves, also from the filter', keys: '/ab\u0003', want: undefined },
    { name: 'm sorts by memory, r turns it', keys: 'mr', want: { sort: 'memory', reversed: true } },
    { name: 's goes round', keys: 'S'.repeat(SORTS.length), want: { sort: 'cpu' } },
    { name: 'the filter takes every letter', keys: '/qsx\u007f\r', want: { filter: 'qs', editing: false } },
    { name: 'Escape clears the filter', keys: '/qs\u001b', want: { filter: '', editing: false } },
    { name: 'down and Enter show one', keys: 'j\r', want: { selected: 'docker:idle', screen: 'detail' } },
    { name: 'not beyond the ends', keys: 'kkk\u001b[6~', want: { selected: 'docker:unread' } },
    { name: 'Escape comes back', keys: '\r\u001b', want: { screen: 'table', selected: 'docker:busy' } },
    {
      name: 'PgDn scrolls the details',
      keys: '\r\u001b[6~\u001b[6~\u001b[5~',
      want: { screen: 'detail', scrolled: 10 },
    },
    { name: 'G and End go to the last', keys: 'G', want: { selected: 'docker:unread' } },
    { name: 'g and Home go to the first', keys: '\u001b[F\u001b[H', want: { selected: 'docker:busy' } },
    { name: 'Home scrolls the details back', keys: '\r\u001b[6~\u001b[H', want: { screen: 'detail', scrolled: 0 } },
    { name: 'Ctrl-U clears what is typed', keys: '/abc\u0015x\r', want: { filter: 'x', editing: false } },
    { name: 'Ctrl-W takes a word away', keys: '/ab cd\u0017\r', want: { filter: 'ab ', editing: false } },
    { name: 'another container begins at the top', keys: '\r\u001b[6~j', want: { scrolled: 0 } },
    { name: 'what means nothing does nothing', keys: 'Zö\u001b[99~', want: { sort: 'cpu', screen: 'table' } },
  ])('$name', ({ keys, want }) => {
    if (want === undefined) expect(after(keys)).toBeUndefined();
    else expect(after(keys)).toMatchObject(want);
  });
});

describe('cells', () => {
  test.each([
    [cell('abc', 5), 'abc  '],
    [cell('abc', 5, 'right'), '  abc'],
    [cell('abcdef', 4), 'abc…'],
    [cell('日本語', 5), '日本…'],
    [cell('a\u001b[2Jb\u202e', 6), 'a[2Jb '],
    [cell('e\u0301x', 3), 'e\u0301x '],
    [binaryBytes(0), '0B'],
    [binaryBytes(1536), '1.50K'],
    [binaryBytes(undefined), '-'],
    [decimalRate(12_345), '12.3kB'],
    [percent(0.405), '40.5'],
    [percent(16), '1600'],
    [duration(12_000), '12s'],
    [duration(3_725_000), '1h2m'],
    [duration(100 * 3_600_000), '4d4h'],
  ])('%j', (got, want) => {
    expect(got).toBe(want);
  });
});
