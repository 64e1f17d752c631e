import { describe, expect, test } from 'vitest';
import { HistoryBook } from '../../../../../dashboard/model/history/book.ts';
import { decodeNumber } from '../../../../../dashboard/model/history/code.ts';
import { CONTAINER_HISTORY_COLUMNS } from '../../../../../dashboard/model/history/columns.ts';
import { seriesBytes, type Series } from '../../../../../dashboard/model/history/series.ts';
import { aContainer, T0 } from '../../builders.ts';

const opening = { nodeId: 'n1', host: 'h1', nowUnixMs: T0 };
const HOUR_MS = 3_600_000;

/** `value` in the first column, in second `second` after T0. */
function put(series: Series | undefined, second: number, value: number): void {
  series?.write(T0 + second * 1000, [value]);
}

/** min, avg and max of the first column, by seconds after T0. */
function folded(book: HistoryBook, second: number): Map<number, number[]> {
  return new Map(
    book
      .fold(T0 + second * 1000)
      .map(({ timeUnixMs, codes }) => [(timeUnixMs - T0) / 1000, [...codes.slice(0, 3)].map(decodeNumber)]),
  );
}

describe('ten seconds', () => {
  test('are min, avg and max of what is known, once they are over', () => {
    const book = new HistoryBook();
    const series = book.openContainer(aContainer('api'), opening);
    for (const [second, value] of [
      [0, 3],
      [4, 9],
      [9, 3],
      [10, 7],
    ] as const)
      put(series, second, value);
    expect(folded(book, 11)).toEqual(new Map());
    expect(folded(book, 12)).toEqual(new Map([[0, [3, 5, 9]]]));
    expect(folded(book, 19)).toEqual(new Map());
    expect(folded(book, 22)).toEqual(new Map([[10, [7, 7, 7]]]));
  });

  test('that a back-fill completes are summed up again', () => {
    const book = new HistoryBook();
    const series = book.openContainer(aContainer('api'), opening);
    put(series, 0, 2);
    put(series, 20, 1);
    folded(book, 60);
    put(series, 5, 4);
    put(series, 15, 8);
    expect(folded(book, 61)).toEqual(
      new Map([
        [0, [2, 3, 4]],
        [10, [8, 8, 8]],
      ]),
    );
  });

  test('go to the store also where memory has no room for them', () => {
    const book = new HistoryBook({ series: 10, tenSecondBytes: seriesBytes('container').tens });
    const [first, second] = ['a', 'b'].map((name) => book.openContainer(aContainer(name), opening));
    expect([first?.tens === undefined, second?.tens === undefined]).toEqual([false, true]);
    put(second, 0, 5);
    expect(folded(book, 12)).toEqual(new Map([[0, [5, 5, 5]]]));
  });
});

describe('a line', () => {
  test('goes on in the container that takes the place of another, with a mark', () => {
    const book = new HistoryBook();
    const first = book.openContainer(aContainer('api', { key: 'runc:1', startedAtUnixMs: T0 }), opening);
    put(first, 0, 1);
    book.closeContainer(first!, 'runc:1', {
      timeUnixMs: T0 + 5000,
      exit: { exitCode: 137, oomKilled: true, ranForMs: 5000 },
    });
    const second = book.openContainer(aContainer('api', { key: 'runc:2', startedAtUnixMs: T0 + 6000 }), opening);
    expect(second).toBe(first);
    expect(second?.marks).toEqual([
      { timeUnixMs: T0, kind: 'started', containerId: 'runc:1' },
      { timeUnixMs: T0 + 5000, kind: 'oom', containerId: 'runc:1' },
      {
        timeUnixMs: T0 + 5000,
        kind: 'ended',
        containerId: 'runc:1',
        exit: { exitCode: 137, oomKilled: true, ranForMs: 5000 },
      },
      { timeUnixMs: T0 + 6000, kind: 'created', containerId: 'runc:2' },
    ]);
    expect(book.takeMarks()).toHaveLength(4);
    expect(book.takeMarks()).toEqual([]);
  });

  test('says of the same container that it restarted, and how it ended once somebody tells', () => {
    const book = new HistoryBook();
    const api = aContainer('api', { key: 'docker:1', startedAtUnixMs: T0 });
    const series = book.openContainer(api, opening)!;
    book.closeContainer(series, 'docker:1', { timeUnixMs: T0 + 5000 });
    book.openContainer({ ...api, startedAtUnixMs: T0 + 6000 }, opening);
    book.takeMarks();
    const told = { atUnixMs: T0 + 4900, exitCode: undefined, oomKilled: true, ranForMs: 4900 };
    book.exitTold(series.key, 'docker:1', told);
    book.exitTold(series.key, 'docker:1', { ...told, exitCode: 137 });
    // The agent repeats it with each of its inventories.
    book.exitTold(series.key, 'docker:1', { ...told, exitCode: 137 });
    const exit = { exitCode: 137, oomKilled: true, ranForMs: 4900 };
    expect(series.marks).toEqual([
      { timeUnixMs: T0, kind: 'started', containerId: 'docker:1' },
      { timeUnixMs: T0 + 5000, kind: 'ended', containerId: 'docker:1', exit },
      { timeUnixMs: T0 + 6000, kind: 'restarted', containerId: 'docker:1' },
      { timeUnixMs: T0 + 5000, kind: 'oom', containerId: 'docker:1' },
    ]);
    expect(book.takeMarks().map(({ kind }) => kind)).toEqual(['ended', 'oom', 'ended']);
  });

  test('takes no facts of another end for its own', () => {
    const book = new HistoryBook();
    const series = book.openContainer(aContainer('api', { key: 'docker:1' }), opening)!;
    book.closeContainer(series, 'docker:1', { timeUnixMs: T0 + 600_000 });
    const told = { atUnixMs: T0, exitCode: 1, oomKilled: false, ranForMs: undefined };
    book.exitTold(series.key, 'docker:1', told);
    book.exitTold(series.key, 'docker:2', { ...told, atUnixMs: T0 + 600_000 });
    book.exitTold('n1/runc/unknown', 'docker:1', told);
    expect(series.marks.at(-1)?.exit).toBeUndefined();
  });

  test('is of the container that started last where two have one name', () => {
    const book = new HistoryBook();
    const old = aContainer('api', { key: 'runc:old', startedAtUnixMs: T0 });
    const young = aContainer('api', { key: 'runc:young', startedAtUnixMs: T0 + 1 });
    for (const container of [young, old, young, old]) book.openContainer(container, opening);
    const series = book.get('n1/runc/api');
    expect(series?.owner?.containerId).toBe('runc:young');
    book.closeContainer(series!, 'runc:old', { timeUnixMs: T0 + 2 });
    expect(series?.owner?.containerId).toBe('runc:young');
  });

  test('of before a restart is the same, and nothing started anew', () => {
    const book = new HistoryBook();
    const mark = { timeUnixMs: T0, kind: 'started', containerId: 'runc:api' } as const;
    const facts = { kind: 'container', nodeId: 'n1', host: 'h1', name: 'api' } as const;
    book.restoreSeries({
      id: 7,
      key: 'n1/runc/api',
      facts: { ...facts, image: undefined, runtime: 'runc', project: undefined, service: undefined },
      marks: [mark],
      lastUnixMs: T0,
    });
    const columns = ['gone', ...CONTAINER_HISTORY_COLUMNS];
    const codes = Uint16Array.from({ length: 2 * columns.length * 3 }, (_, lane) => lane + 1);
    const ids = Uint32Array.of(7, 8);
    // One line is too few to pause.
    expect([
      ...book.restoreBlocks([{ timeUnixMs: T0 - 20_000, columns, ids, codes }], new Map([[7, 'n1/runc/api']])),
    ]).toEqual([]);
    const series = book.openContainer(aContainer('api', { startedAtUnixMs: T0 }), opening);
    expect(series?.marks).toEqual([mark]);
    expect(book.takeMarks()).toEqual([]);
    expect(series?.tens?.valueAt((T0 - 20_000) / 10_000, 0)).toBe(3);
  });

  test('of many lines is taken over with pauses, in which what is measured is taken as well', () => {
    const book = new HistoryBook();
    const names = Array.from({ length: 100 }, (_, index) => `c${index}`);
    const facts = { image: undefined, runtime: 'runc', project: undefined, service: undefined };
    for (const [id, name] of names.entries())
      book.restoreSeries({
        id,
        key: `n1/runc/${name}`,
        facts: { kind: 'container', nodeId: 'n1', host: 'h1', name, ...facts },
        marks: [],
        lastUnixMs: T0,
      });
    const columns = [...CONTAINER_HISTORY_COLUMNS];
    const block = {
      timeUnixMs: T0 - 20_000,
      columns,
      ids: Uint32Array.from(names.keys()),
      codes: new Uint16Array(names.length * columns.length * 3).fill(7),
    };
    const known = (name: string): boolean =>
      book.get(`n1/runc/${name}`)?.tens?.isKnown((T0 - 20_000) / 10_000) === true;
    const restored: unknown[] = [];
    for (const pause of book.restoreBlocks([block], new Map(names.map((name, id) => [id, `n1/runc/${name}`]))))
      restored.push([names.filter(known).length, pause]);
    expect(restored).toEqual([31, 63, 95].map((lines) => [lines, undefined]));
    expect(names.every(known)).toBe(true);
  });

  test('that nobody has is forgotten after six hours, and one of a live container never', () => {
    const book = new HistoryBook();
    const gone = book.openContainer(aContainer('gone'), opening);
    book.openContainer(aContainer('live'), opening);
    put(gone, 0, 1);
    book.closeContainer(gone!, 'runc:gone', { timeUnixMs: T0 + 1000 });
    book.fold(T0 + 6 * HOUR_MS - 1000);
    expect(book.get('n1/runc/gone')).toBe(gone);
    book.fold(T0 + 6 * HOUR_MS + 2000);
    expect(book.get('n1/runc/gone')).toBeUndefined();
    expect(book.get('n1/runc/live')).toBeDefined();
  });
});

test('where there is no room the longest silent line gives way, never one of a live container', () => {
  const book = new HistoryBook({ series: 2, tenSecondBytes: 2 * seriesBytes('container').tens });
  const first = book.openContainer(aContainer('a'), opening);
  book.openContainer(aContainer('b'), opening);
  expect(book.openContainer(aContainer('c'), opening)).toBeUndefined();
  expect(book.refused).toBe(1);
  book.closeContainer(first!, 'runc:a', { timeUnixMs: T0 });
  expect(book.openContainer(aContainer('c'), opening)?.tens).toBeDefined();
  expect(book.get('n1/runc/a')).toBeUndefined();
  expect(book.size).toBe(2);
});
