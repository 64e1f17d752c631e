import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadAddon } from '../../../native/addon.ts';
import { bulkReader, MAX_BULK_FILE_BYTES, OPEN_ONCE } from '../../../native/host/bulk-read.ts';
import { FlatKeys, uintAt } from '../../../statsd/model/cgroup-text.ts';

const reader = bulkReader()!;
const KEYS = ['usage_usec', 'user_usec', 'nr_periods', 'x'] as const;
const SINGLE: readonly string[] = [];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-test-numbers-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Read {
  readonly lengths: number[];
  readonly values: number[];
  readonly text: string;
}

/** Reads files with these contents for their numbers, each of the shape that stands beside it; then one more for its text. */
async function readAll(
  files: readonly { readonly content: string | undefined; readonly keys: readonly string[] }[],
): Promise<Read> {
  const paths = files.map(({ content }, index) => {
    const path = join(folder, String(index));
    rmSync(path, { force: true });
    if (content !== undefined) writeFileSync(path, content, 'latin1');
    return path;
  });
  writeFileSync(join(folder, 'plain'), 'text');
  const shapes = [SINGLE, KEYS];
  const lengths = new Int32Array(files.length + 1);
  const bytes = new Uint8Array(2 * MAX_BULK_FILE_BYTES);
  const values = new Float64Array(files.reduce((sum, { keys }) => sum + Math.max(1, keys.length), 0));
  const batch = {
    fds: new Int32Array(files.length + 1).fill(OPEN_ONCE),
    lengths,
    paths: [...paths, join(folder, 'plain')],
    bytes,
    groupEnds: Int32Array.of(files.length + 1),
    stamps: new Float64Array(2),
    marks: new Float64Array(files.length + 1),
  };
  const numbers = { keys: shapes, shapes: Int32Array.from(files, ({ keys }) => shapes.indexOf(keys as never)), values };
  expect(await reader(batch, numbers)).toBe(files.length + 1);
  return { lengths: [...lengths], values: [...values], text: Buffer.from(bytes.subarray(0, 4)).toString() };
}

/** The marks of files with these contents, which are read for their text; of one that is not there for `undefined`. */
async function marksOf(contents: readonly (string | undefined)[]): Promise<number[]> {
  const paths = contents.map((content, index) => {
    const path = join(folder, `marked-${index}`);
    rmSync(path, { force: true });
    if (content !== undefined) writeFileSync(path, content, 'latin1');
    return path;
  });
  const marks = new Float64Array(contents.length);
  const batch = {
    fds: new Int32Array(contents.length).fill(OPEN_ONCE),
    lengths: new Int32Array(contents.length),
    paths,
    bytes: new Uint8Array(2 * MAX_BULK_FILE_BYTES),
    groupEnds: Int32Array.of(contents.length),
    stamps: new Float64Array(2),
    marks,
  };
  expect(await reader(batch, { keys: [], shapes: new Int32Array(0), values: new Float64Array(0) })).toBe(
    contents.length,
  );
  return [...marks];
}

/** What the collectors' own parsers make of it. */
function expected(content: string, keys: readonly string[]): number[] {
  const bytes = Buffer.from(content, 'latin1');
  if (keys.length === 0) return [uintAt(bytes, 0, bytes.length)];
  const flat = new FlatKeys(keys);
  flat.scan({ bytes, start: 0, end: bytes.length, path: '' });
  return [...flat.values];
}

const digits = fc.stringMatching(/^[0-9]{1,25}$/);
const line = fc.oneof(
  fc
    .tuple(fc.constantFrom(...KEYS, 'unknown', ''), fc.constantFrom(' ', '  ', ''), digits)
    .map((parts) => parts.join('')),
  fc.string({ maxLength: 20, unit: 'binary-ascii' }),
);
const keyed = fc
  .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', ''))
  .map(([all, end]) => all.join('\n') + end);
const single = fc.oneof(
  digits,
  digits.map((text) => `${text}\n`),
  fc.string({ maxLength: 30, unit: 'binary-ascii' }),
);

describe('readNumbers', () => {
  test('gives for every text what the parsers of the collectors give', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            single.map((content) => ({ content, keys: SINGLE })),
            keyed.map((content) => ({ content, keys: KEYS })),
          ),
          { minLength: 1, maxLength: 12 },
        ),
        async (files) => {
          const { lengths, values, text } = await readAll(files);
          const wanted = files.map(({ content, keys }) => expected(content, keys));
          expect(values).toEqual(wanted.flat());
          for (const [index, { content, keys }] of files.entries()) {
            const isNone = keys.length === 0 && Number.isNaN(wanted[index]?.[0]);
            expect(lengths[index]).toBe(isNone ? -constants.errno.EBADMSG : content.length);
          }
          expect(text).toBe('text'); // nothing of the numbers' files is in the way
        },
      ),
      { numRuns: 150 },
    );
  });

  test.each([
    { name: 'a counter of 64 bits', content: '18446744073709551615\n', keys: SINGLE, values: [2 ** 64] },
    { name: 'the largest exact one', content: '9007199254740991\n', keys: SINGLE, values: [9007199254740991] },
    {
      name: 'cpu.stat',
      content: 'usage_usec 12\nuser_usec 7\nsystem_usec 5\nnr_periods 0\n',
      keys: KEYS,
      values: [12, 7, 0, NaN],
    },
    { name: 'an empty file with keys', content: '', keys: KEYS, values: [NaN, NaN, NaN, NaN] },
  ])('$name', async ({ content, keys, values }) => {
    expect((await readAll([{ content, keys }])).values).toEqual(values);
  });

  test('a file that is not there is an errno of its own, and the numbers of the others are in their places', async () => {
    const read = await readAll([
      { content: 'usage_usec 1\n', keys: KEYS },
      { content: undefined, keys: KEYS },
      { content: '5\n', keys: SINGLE },
    ]);
    expect(read.lengths).toEqual([13, -constants.errno.ENOENT, 2, 4]);
    expect(read.values[0]).toBe(1);
    expect(read.values[8]).toBe(5);
  });

  test('a text has one mark, another text another one, and what cannot be read its errno', async () => {
    const texts = fc.uniqueArray(fc.oneof(single, keyed), { minLength: 2, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(texts, async (contents) => {
        const marks = await marksOf([...contents, ...contents, undefined]);
        const [first, again] = [marks.slice(0, contents.length), marks.slice(contents.length, -1)];
        expect(again).toEqual(first);
        expect(new Set(first).size).toBe(contents.length);
        expect(first.every((mark) => Number.isSafeInteger(mark) && mark > 0)).toBe(true);
        expect(marks.at(-1)).toBe(-constants.errno.ENOENT);
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    { name: 'zeros at the end', texts: ['a', 'a\0', 'a\0\0', ''] },
    { name: 'words that change places', texts: ['12345678abcdefgh', 'abcdefgh12345678'] },
    { name: 'one bit', texts: ['1000000000000000000000', '1000000000000000000001'] },
  ])('marks tell apart $name', async ({ texts }) => {
    expect(new Set(await marksOf(texts)).size).toBe(texts.length);
  });

  test('marks have no room for fewer files than there are', () => {
    const batch = [new Int32Array(1), new Int32Array(1), [], new Uint8Array(MAX_BULK_FILE_BYTES)] as const;
    const none = [[], new Int32Array(0), new Float64Array(0)] as const;
    const call = (marks: Float64Array): unknown =>
      loadAddon().readNumbers(...batch, Int32Array.of(1), new Float64Array(2), ...none, marks);
    expect(() => call(new Float64Array(0))).toThrow('readNumbers');
    expect(() => call(7 as never)).toThrow(TypeError);
  });

  test.each([
    { name: 'a shape that is not given', shapes: Int32Array.of(1), room: 4 },
    { name: 'a shape below none', shapes: Int32Array.of(-1), room: 4 },
    { name: 'more shapes than files', shapes: Int32Array.of(0, 0), room: 4 },
    { name: 'too little room', shapes: Int32Array.of(0), room: 0 },
  ])('refuses $name', ({ shapes, room }) => {
    const addon = loadAddon();
    const one = new Int32Array(1);
    const bytes = new Uint8Array(MAX_BULK_FILE_BYTES);
    const call = (): unknown =>
      addon.readNumbers(
        one,
        new Int32Array(1),
        [],
        bytes,
        Int32Array.of(1),
        new Float64Array(2),
        [[]],
        shapes,
        new Float64Array(room),
      );
    expect(call).toThrow('readNumbers');
  });
});
