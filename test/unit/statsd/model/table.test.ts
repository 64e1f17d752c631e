import { describe, expect, test } from 'vitest';
import { FrameRing } from '../../../../statsd/model/frame-ring.ts';
import { emptySample, FIELD, FIELDS } from '../../../../statsd/model/reading.ts';
import { emptyHostRow, frameOf, rebase, type Table } from '../../../../statsd/model/table.ts';
import {
  CONTAINER_COLUMNS,
  CONTAINER_EXTRA_COLUMNS,
  float64Columns,
  frameSchema,
  HOST_EXTRA_COLUMNS,
  type Frame,
} from '../../../../statsd/wire.ts';

const sampleOf = (base: number): Float64Array => Float64Array.from(FIELDS, (_, index) => base + index);
const host = emptyHostRow().map((_, index) => index + 1);
const frame = (seq: number, tableVersion: number, samples: Float64Array[]): Frame =>
  frameOf({ seq, timeUnixMs: 1000 * seq, monotonicMs: seq, tableVersion }, samples, host);
const rowsOf = (block: Uint8Array, rows: number): number[][] => {
  const columns = float64Columns(block, CONTAINER_COLUMNS.length, rows)!;
  return Array.from({ length: rows }, (_, row) =>
    CONTAINER_COLUMNS.map((_name, column) => columns[column * rows + row]!),
  );
};

describe('frames', () => {
  test('samples begin with the columns of the wire, in its order', () => {
    expect(FIELDS.slice(0, CONTAINER_COLUMNS.length)).toEqual([...CONTAINER_COLUMNS]);
    expect(FIELD.pidsCurrent).toBe(CONTAINER_COLUMNS.indexOf('pidsCurrent'));
  });

  test('column after column, and as the schema wants it', () => {
    const made = frame(7, 1, [sampleOf(100), sampleOf(200)]);
    expect(frameSchema.parse(made)).toMatchObject({ seq: 7, tableVersion: 1 });
    expect(rowsOf(made.containers, 2)).toEqual([
      [100, 101, 102, 103, 104, 105, 106],
      [200, 201, 202, 203, 204, 205, 206],
    ]);
    expect([...float64Columns(made.host, 4, 1)!]).toEqual([1, 2, 3, 4]);
  });

  test('the extra block goes on where the first ends, the host behind the containers', () => {
    const { extra } = frameSchema.parse(frame(7, 1, [sampleOf(100), sampleOf(200)]));
    const first = CONTAINER_EXTRA_COLUMNS.length * 2;
    const values = [...float64Columns(extra!, first + HOST_EXTRA_COLUMNS.length, 1)!];
    expect(values.slice(0, 4)).toEqual([107, 207, 108, 208]);
    expect(values[first - 1]).toBe(200 + FIELD.hugePagesBytes);
    expect(values.slice(first, first + 2)).toEqual([5, 6]);
  });

  test('a frame names the fullest mount; an agent of before names none, and nonsense is none', () => {
    const facts = { seq: 1, timeUnixMs: 1, monotonicMs: 1, tableVersion: 1 };
    expect(frameSchema.parse(frameOf({ ...facts, fullestMount: '/data' }, [], host)).fullestMount).toBe('/data');
    expect(frameSchema.parse(frameOf(facts, [], host)).fullestMount).toBeUndefined();
    for (const wrong of [7, '/'.repeat(1025)])
      expect(frameSchema.parse({ ...frameOf(facts, [], host), fullestMount: wrong }).fullestMount).toBeUndefined();
  });

  test('no containers make an empty block; unknown stays NaN', () => {
    expect(frame(1, 1, []).containers.byteLength).toBe(0);
    expect(rowsOf(frame(1, 1, [emptySample()]).containers, 1)[0]!.every(Number.isNaN)).toBe(true);
  });

  test('a frame does not change with the sample it came from', () => {
    const sample = sampleOf(0);
    const made = frame(1, 1, [sample]);
    sample.fill(99);
    expect(rowsOf(made.containers, 1)[0]![0]).toBe(0);
  });
});

describe('rebase', () => {
  const from: Table = { version: 1, keys: ['a', 'b'] };
  const to: Table = { version: 2, keys: ['b', 'c'] };

  test('rows follow their key; what ended falls out, what is new is unknown', () => {
    const moved = rebase(frame(3, 1, [sampleOf(100), sampleOf(200)]), from, to);
    expect(moved).toMatchObject({ seq: 3, tableVersion: 2 });
    expect(rebase({ ...frame(3, 1, [sampleOf(1), sampleOf(2)]), fullestMount: '/' }, from, to).fullestMount).toBe('/');
    const [b, c] = rowsOf(moved.containers, 2);
    expect(b).toEqual([200, 201, 202, 203, 204, 205, 206]);
    expect(c!.every(Number.isNaN)).toBe(true);
    const extra = [...float64Columns(moved.extra!, moved.extra!.byteLength / 8, 1)!];
    expect(extra.slice(0, 4)).toEqual([207, Number.NaN, 208, Number.NaN]);
    expect(extra.slice(CONTAINER_EXTRA_COLUMNS.length * 2)).toEqual([...host.subarray(4)]);
  });

  test('the same table needs no change', () => {
    const same = frame(3, 1, [sampleOf(1), sampleOf(2)]);
    expect(rebase(same, from, from)).toBe(same);
  });
});

describe('FrameRing', () => {
  const table: Table = { version: 1, keys: ['a'] };

  test('keeps the newest, gives those after a number, oldest first', () => {
    const ring = new FrameRing({ maxFrames: 3, maxBytes: 1e6 });
    for (let seq = 0; seq < 5; seq += 1) ring.push({ frame: frame(seq, 1, [sampleOf(seq)]), table });
    expect(ring.after(-1).map((kept) => kept.frame.seq)).toEqual([2, 3, 4]);
    expect(ring.after(3).map((kept) => kept.frame.seq)).toEqual([4]);
  });

  test('is bounded in bytes too, but always holds the newest', () => {
    const ring = new FrameRing({ maxFrames: 300, maxBytes: 1200 });
    for (let seq = 0; seq < 5; seq += 1) ring.push({ frame: frame(seq, 1, [sampleOf(seq)]), table });
    expect(ring.after(-1).map((kept) => kept.frame.seq)).toEqual([3, 4]);
  });
});
