import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HistoryFile } from '../../../../../dashboard/io/history/history-file.ts';
import type { FoldedBlock } from '../../../../../dashboard/model/history/book.ts';
import { encodeNumber } from '../../../../../dashboard/model/history/code.ts';
import { CONTAINER_HISTORY_COLUMNS } from '../../../../../dashboard/model/history/columns.ts';
import type { SeriesFacts } from '../../../../../dashboard/model/history/series.ts';
import { T0 } from '../../builders.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

let folder: string;
const open = (maxBytes = 1e9): HistoryFile => new HistoryFile(join(folder, 'history.db'), maxBytes);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-history-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const factsOf = (name: string): SeriesFacts => ({
  kind: 'container',
  nodeId: 'n1',
  host: 'h1',
  name,
  image: undefined,
  runtime: 'runc',
  project: undefined,
  service: undefined,
});

/** min, avg and max of the first column are the value, less and more by one; the other columns are unknown. */
function block(timeUnixMs: number, values: Readonly<Record<string, number>>): FoldedBlock {
  const width = 3 * CONTAINER_HISTORY_COLUMNS.length;
  const codes = new Uint16Array(Object.keys(values).length * width);
  for (const [row, value] of Object.values(values).entries())
    codes.set([value - 1, value, value + 1].map(encodeNumber), row * width);
  return { kind: 'container', timeUnixMs, keys: Object.keys(values), codes };
}

function append(file: HistoryFile, ...blocks: readonly FoldedBlock[]): void {
  const names = blocks.flatMap(({ keys }) => keys);
  file.append(blocks, [], new Map(names.map((name) => [name, factsOf(name)])));
}

/** Ten seconds after ten seconds of `value`, for `durationMs` from T0 + `fromMs` on. */
function fill(
  file: HistoryFile,
  [fromMs, durationMs]: readonly [number, number],
  value: (atMs: number) => number,
): void {
  const blocks: FoldedBlock[] = [];
  for (let at = fromMs; at < fromMs + durationMs; at += 10_000) blocks.push(block(T0 + at, { api: value(at) }));
  append(file, ...blocks);
}

interface Span {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly count: number;
}

function read(file: HistoryFile, { fromMs, stepMs, count }: Span, key = 'api') {
  const axis = { fromUnixMs: T0 + fromMs, stepMs, count };
  return file.read(key, ['cpuCores'], { axis, untilUnixMs: Infinity })?.column('cpuCores');
}

describe('what was written', () => {
  test('is there by ten seconds, minutes and quarters, after the process was killed too', () => {
    // Never closed, as kill -9 leaves it; a second connection could not open the locked file, so this one is closed at last.
    {
      using file = open();
      fill(file, [0, 40 * MINUTE_MS], (at) => (at < 20 * MINUTE_MS ? 10 : 20));
    }
    using file = open();
    expect(read(file, { fromMs: 0, stepMs: 10_000, count: 2 })?.avg).toEqual(Float64Array.of(10, 10));
    const minutes = read(file, { fromMs: 19 * MINUTE_MS, stepMs: MINUTE_MS, count: 2 });
    expect(minutes).toEqual({
      min: Float64Array.of(9, 19),
      avg: Float64Array.of(10, 20),
      max: Float64Array.of(11, 21),
    });
    const quarter = read(file, { fromMs: 15 * MINUTE_MS, stepMs: 15 * MINUTE_MS, count: 1 });
    expect(quarter?.min).toEqual(Float64Array.of(9));
    expect(quarter?.avg[0]).toBeCloseTo((5 * 10 + 10 * 20) / 15, 1);
    expect(quarter?.max).toEqual(Float64Array.of(21));
  });

  test('is unknown where nothing was measured, and of an unknown line nothing is said', () => {
    using file = open();
    fill(file, [0, MINUTE_MS], () => 3);
    fill(file, [5 * MINUTE_MS, 2 * MINUTE_MS], () => 4);
    expect(read(file, { fromMs: 0, stepMs: MINUTE_MS, count: 7 })?.avg).toEqual(
      Float64Array.of(3, NaN, NaN, NaN, NaN, 4, 4),
    );
    expect(read(file, { fromMs: 0, stepMs: MINUTE_MS, count: 7 }, 'nobody')).toBeUndefined();
  });

  test('is the same before and after it was put into chunks, and what comes late is added', () => {
    using file = open();
    fill(file, [0, 2 * HOUR_MS], (at) => Math.floor(at / MINUTE_MS));
    const before = read(file, { fromMs: 0, stepMs: MINUTE_MS, count: 120 });
    append(file, block(T0 + 90 * MINUTE_MS, { late: 7 }));
    fill(file, [2 * HOUR_MS, 2 * HOUR_MS], () => 1);
    expect(read(file, { fromMs: 0, stepMs: MINUTE_MS, count: 120 })).toEqual(before);
    expect(before?.avg).toEqual(Float64Array.from({ length: 120 }, (_, minute) => minute));
    expect(read(file, { fromMs: 90 * MINUTE_MS, stepMs: MINUTE_MS, count: 2 }, 'late')?.avg).toEqual(
      Float64Array.of(7, NaN),
    );
  });

  test('comes back as lines and blocks for a new process, with the marks', () => {
    {
      using file = open();
      const mark = { key: 'api', timeUnixMs: T0, kind: 'started', containerId: 'runc:1' } as const;
      file.append([block(T0, { api: 1 })], [mark, mark], new Map([['api', factsOf('api')]]));
      append(file, block(T0 + 10_000, { api: 2, db: 3 }));
    }
    using file = open();
    expect(file.lively(T0 - HOUR_MS).map(({ key, facts, marks }) => [key, facts.name, marks.length])).toEqual([
      ['api', 'api', 1],
      ['db', 'db', 0],
    ]);
    expect(file.lively(T0 + HOUR_MS)).toEqual([]);
    const [api, db] = file.lively(0).map(({ id }) => id);
    expect(file.blocks(T0, 10).map(({ timeUnixMs, ids }) => [timeUnixMs - T0, [...ids]])).toEqual([
      [0, [api]],
      [10_000, [api, db]],
    ]);
    expect(file.blocks(T0 + 1, 10)).toHaveLength(1);
    expect(file.marks('api', T0, T0 + 1)).toHaveLength(1);
  });

  test('of a host is what happened on its lines, and on no others whose names begin alike', () => {
    using file = open();
    const keys = ['n1/runc/a', 'n1/runc/b', 'n10/runc/a', 'n1'];
    const marks = keys.flatMap((key) =>
      [0, 1000].map((ms) => ({ key, timeUnixMs: T0 + ms, kind: 'started', containerId: `runc:${ms}` }) as const),
    );
    file.append([], marks, new Map(keys.map((key) => [key, factsOf(key)])));
    const told = file.marksBelow('n1', T0, T0 + 1001);
    expect(
      told.map(({ key, facts, marks: own }) => [key, facts.name, own.map(({ containerId }) => containerId)]),
    ).toEqual(['n1/runc/a', 'n1/runc/b'].map((key) => [key, key, ['runc:0', 'runc:1000']]));
    expect(file.marksBelow('n1', T0, T0 + 1000).map(({ marks: own }) => own.length)).toEqual([1, 1]);
  });

  test('an end that is told of later is the same end, and nothing that was told is forgotten', () => {
    using file = open();
    const end = { key: 'api', timeUnixMs: T0 + 0.4, kind: 'ended', containerId: 'runc:1' } as const;
    const facts = new Map([['api', factsOf('api')]]);
    file.append([], [end], facts);
    expect(file.marks('api', T0, T0 + 1)[0]?.exit).toBeUndefined();
    file.append([], [{ ...end, exit: { exitCode: undefined, oomKilled: false, ranForMs: 900.7 } }], facts);
    file.append([], [{ ...end, exit: { exitCode: 0, oomKilled: undefined, ranForMs: undefined } }], facts);
    expect(file.marks('api', T0, T0 + 1)).toEqual([
      {
        timeUnixMs: T0,
        kind: 'ended',
        containerId: 'runc:1',
        exit: { exitCode: 0, oomKilled: false, ranForMs: 901 },
      },
    ]);
  });
});

test('a start between two milliseconds, as an agent may tell it, is written', () => {
  using file = open();
  const mark = { key: 'api', timeUnixMs: T0 + 0.4, kind: 'started', containerId: 'runc:1' } as const;
  file.append([], [mark], new Map([['api', factsOf('api')]]));
  expect(file.marks('api', T0, T0 + 1)).toEqual([{ timeUnixMs: T0, kind: 'started', containerId: 'runc:1' }]);
});

describe('what is too old or too much', () => {
  test('goes by age: ten seconds after six hours, minutes after 14 days', () => {
    using file = open();
    fill(file, [0, 2 * HOUR_MS], () => 5);
    append(file, block(T0 + 9 * HOUR_MS, { api: 5 }), block(T0 + 9 * HOUR_MS + MINUTE_MS, { api: 5 }));
    expect(file.blocks(0, 10).map(({ timeUnixMs }) => timeUnixMs - T0)).toEqual([9 * HOUR_MS, 9 * HOUR_MS + MINUTE_MS]);
    expect(read(file, { fromMs: 0, stepMs: MINUTE_MS, count: 1 })?.avg).toEqual(Float64Array.of(5));
    append(file, block(T0 + 15 * DAY_MS, { api: 5 }), block(T0 + 15 * DAY_MS + MINUTE_MS, { api: 5 }));
    expect(read(file, { fromMs: 0, stepMs: MINUTE_MS, count: 1 })?.avg).toEqual(Float64Array.of(NaN));
    expect(read(file, { fromMs: 0, stepMs: 15 * MINUTE_MS, count: 1 })?.avg).toEqual(Float64Array.of(5));
  });

  // Fifty hours of writing: longer than a busy machine gives a unit test.
  test('goes by bytes: the oldest minutes first', { timeout: 60_000 }, () => {
    using file = open(250_000);
    const names = Array.from({ length: 6 }, (_, index) => (index === 0 ? 'api' : `c${index}`));
    const valuesAt = (minute: number): Record<string, number> =>
      Object.fromEntries(names.map((name, index) => [name, 1 + ((minute * 7919 + index * 104_729) % 1000)]));
    for (let hour = 0; hour < 50; hour += 1) {
      const minutes = Array.from({ length: 60 }, (_, minute) => hour * 60 + minute);
      append(file, ...minutes.map((minute) => block(T0 + minute * MINUTE_MS, valuesAt(minute))));
    }
    const { bytes, oldestUnixMs } = file.use();
    expect(bytes).toBeLessThan(300_000);
    expect(oldestUnixMs.quarters).toBe(T0 - (T0 % DAY_MS));
    expect(oldestUnixMs.minutes).toBeGreaterThan(T0);
    expect(oldestUnixMs.minutes).toBeLessThan(T0 + 26 * HOUR_MS);
    expect(read(file, { fromMs: 49 * HOUR_MS, stepMs: MINUTE_MS, count: 1 })?.avg[0]).not.toBeNaN();
  });

  test('goes with its line when nothing of it is left', () => {
    using file = open();
    append(file, block(T0, { gone: 1 }), block(T0 + MINUTE_MS, { gone: 1 }));
    append(file, block(T0 + 366 * DAY_MS, { api: 1 }), block(T0 + 366 * DAY_MS + MINUTE_MS, { api: 1 }));
    expect(file.use().series).toBe(1);
    append(file, block(T0 + 367 * DAY_MS, { gone: 2 }));
    expect(read(file, { fromMs: 367 * DAY_MS, stepMs: 10_000, count: 1 }, 'gone')?.avg).toEqual(Float64Array.of(2));
  });
});
