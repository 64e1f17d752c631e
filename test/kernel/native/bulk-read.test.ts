import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bulkReader,
  MAX_BULK_FILE_BYTES,
  OPEN_AND_KEEP,
  OPEN_ONCE,
  type BulkRead,
} from '../../../native/host/bulk-read.ts';
import { loadAddon } from '../../../native/addon.ts';

const read = bulkReader()!;
const NO_NUMBERS = { keys: [], shapes: new Int32Array(0), values: new Float64Array(0) };
const reader = (batch: BulkRead): Promise<number> => read(batch, NO_NUMBERS);
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-test-bulk-'));
  for (const name of ['a', 'b', 'empty'])
    writeFileSync(join(folder, name), name === 'empty' ? '' : `${name}\n`.repeat(3));
  writeFileSync(join(folder, 'long'), Buffer.alloc(MAX_BULK_FILE_BYTES + 10, 'x'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function batchOf(fds: readonly number[], paths: readonly string[], bytes = 8 * MAX_BULK_FILE_BYTES): BulkRead {
  return {
    fds: Int32Array.from(fds),
    lengths: new Int32Array(fds.length),
    paths: paths.map((path) => join(folder, path)),
    bytes: new Uint8Array(bytes),
    groupEnds: Int32Array.of(1, fds.length),
    stamps: new Float64Array(3),
    marks: new Float64Array(fds.length),
  };
}
const textOf = ({ bytes }: BulkRead, length: number): string => Buffer.from(bytes.subarray(0, length)).toString();

describe('readFiles', () => {
  test('reads open files and paths end to end, and says when', async () => {
    const fd = openSync(join(folder, 'a'), 'r');
    try {
      const batch = batchOf([fd, OPEN_ONCE, OPEN_ONCE, fd], ['b', 'empty']);
      const before = Number(process.hrtime.bigint()) / 1e6;
      expect(await reader(batch)).toBe(4);
      expect([...batch.lengths]).toEqual([6, 6, 0, 6]);
      expect(textOf(batch, 18)).toBe('a\na\na\nb\nb\nb\na\na\na\n');
      const [start, middle, end] = batch.stamps;
      expect(start).toBeGreaterThanOrEqual(before);
      expect(middle).toBeGreaterThanOrEqual(start!);
      expect(end).toBeGreaterThanOrEqual(middle!);
    } finally {
      closeSync(fd);
    }
  });

  test('leaves open what is to be kept, and nothing else', async () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    const batch = batchOf([OPEN_AND_KEEP, OPEN_ONCE, OPEN_AND_KEEP], ['a', 'b', 'missing']);
    await reader(batch);
    expect(open()).toBe(before + 1);
    const [kept = -1, once, missing] = batch.fds;
    expect([once, missing]).toEqual([OPEN_ONCE, OPEN_AND_KEEP]);
    expect(batch.lengths[2]).toBe(-constants.errno.ENOENT);
    const again = batchOf([kept, kept], []);
    expect(await reader(again)).toBe(2);
    expect(textOf(again, 6)).toBe('a\na\na\n');
    closeSync(kept);
    expect(open()).toBe(before);
  });

  test('a closed descriptor is an errno of its own file only', async () => {
    const batch = batchOf([987_654, OPEN_ONCE], ['b']);
    expect(await reader(batch)).toBe(2);
    expect([...batch.lengths]).toEqual([-constants.errno.EBADF, 6]);
  });

  test('a file that is too long is cut; where the room ends the rest is left', async () => {
    const batch = batchOf([OPEN_ONCE, OPEN_ONCE, OPEN_ONCE], ['long', 'a', 'b'], MAX_BULK_FILE_BYTES + 10);
    expect(await reader(batch)).toBe(1);
    expect(batch.lengths[0]).toBe(MAX_BULK_FILE_BYTES);
  });

  test.each([
    { name: 'a path too few', fds: [OPEN_ONCE, OPEN_ONCE], paths: ['a'] },
    { name: 'a path too many', fds: [OPEN_ONCE], paths: ['a', 'b'] },
  ])('refuses $name', ({ fds, paths }) => {
    const { lengths, bytes, groupEnds, stamps, ...rest } = batchOf(fds, paths);
    const addon = loadAddon();
    expect(() => addon.readFilesSync(rest.fds, lengths, rest.paths, bytes, groupEnds, stamps)).toThrow('readFiles');
    const short = new Float64Array(1);
    expect(() => addon.readFilesSync(new Int32Array(1), lengths, [], bytes, groupEnds, short)).toThrow('readFiles');
    expect(() => addon.readFilesSync(lengths, lengths, [], bytes, groupEnds, 7 as never)).toThrow(TypeError);
  });
});
