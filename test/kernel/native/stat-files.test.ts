import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadAddon } from '../../../native/addon.ts';
import { fileStats, packPaths, STAT, STAT_COLUMNS, type FileStats } from '../../../native/host/file-stats.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-test-stat-'));
  writeFileSync(join(folder, 'a'), 'four');
  writeFileSync(join(folder, 'blå'), '');
  mkdirSync(join(folder, 'd/inside'), { recursive: true });
  symlinkSync('a', join(folder, 'link'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function rowsOf(stats: FileStats, names: readonly string[], room = names.length): number[][] {
  const rows = new Float64Array(room * STAT_COLUMNS).fill(-1);
  stats(packPaths(names.map((name) => (name === '' ? '' : join(folder, name)))), rows);
  return Array.from({ length: room }, (_, row) => [...rows.subarray(row * STAT_COLUMNS, (row + 1) * STAT_COLUMNS)]);
}

const MISSING = new Array<number>(STAT_COLUMNS).fill(Number.NaN);

describe.each([
  { name: 'by the addon', stats: fileStats() },
  { name: 'without it', stats: fileStats('/nowhere') },
])('$name', ({ stats }) => {
  test('files, folders and what a link leads to are told as by statSync', () => {
    const names = ['a', 'blå', 'd', 'link'];
    expect(rowsOf(stats, names)).toEqual(
      names.map((name) => {
        const { ino, mtimeMs, size, nlink, mode } = statSync(join(folder, name));
        return [ino, mtimeMs, size, nlink, mode];
      }),
    );
    const [a, , d, link] = rowsOf(stats, names);
    expect(a?.[STAT.bytes]).toBe(4);
    expect(d?.[STAT.links]).toBe(3);
    expect(link?.[STAT.inode]).toBe(a?.[STAT.inode]);
  });

  test('what is not there, or cannot be, is unknown, and its neighbours are told', () => {
    const rows = rowsOf(stats, ['missing', 'a', 'a/below', '', 'x'.repeat(300), 'no\0path', 'a']);
    for (const index of [0, 2, 3, 4, 5]) expect(rows[index]).toEqual(MISSING);
    expect(rows[6]).toEqual(rows[1]);
    expect(rows[1]?.[STAT.bytes]).toBe(4);
  });

  test.each([
    ['d/inside', 'd/inside', 'd/inside', 'd', 'd/'],
    ['d/inside', 'd//inside', 'd/./inside', 'link/../a', 'a'],
    ['inside-out/x', 'inside-out', 'inside', 'd', 'd/inside'],
    ['a/x', 'a/y', 'a/z', 'a/'],
    ['gone/x', 'gone/y', 'gone/z', 'gone/d'],
    ['d', 'dd', 'd', 'd/'],
  ])('paths that begin alike are each as by itself: %s, %s, %s …', (...names) => {
    const alone = names.map((name) => rowsOf(stats, [name])[0]);
    expect(rowsOf(stats, names)).toEqual(alone);
    expect(rowsOf(stats, names.toReversed())).toEqual(alone.toReversed());
  });

  test('room that is left over is left alone, and no paths are none', () => {
    expect(() => {
      stats(new Uint8Array(0), new Float64Array(0));
    }).not.toThrow();
    expect(rowsOf(stats, ['a'], 2)[1]).toEqual(new Array<number>(STAT_COLUMNS).fill(-1));
  });
});

test('what does not fit together is refused', () => {
  const addon = loadAddon();
  const one = packPaths([folder]);
  expect(addon.statFiles(one, new Float64Array(STAT_COLUMNS))).toBe(1);
  expect(addon.statFiles(new Uint8Array(0), new Float64Array(0))).toBe(0);
  expect(() => addon.statFiles(one, new Float64Array(STAT_COLUMNS - 1))).toThrow('statFiles');
  expect(() => addon.statFiles(one.subarray(0, -1), new Float64Array(STAT_COLUMNS))).toThrow('statFiles');
  for (const wrong of [undefined, null, 7, [folder], folder, new Float64Array(5), new DataView(new ArrayBuffer(8))]) {
    expect(() => addon.statFiles(wrong as never, new Float64Array(STAT_COLUMNS))).toThrow(TypeError);
    expect(() => addon.statFiles(one, wrong instanceof Float64Array ? (one as never) : (wrong as never))).toThrow(
      TypeError,
    );
  }
});
