import { describe, expect, test } from 'vitest';
import type { ChartSpec } from '../../../../../dashboard/web/chart/chart-spec.ts';
import type { PastColumn } from '../../../../../dashboard/web/chart/past.ts';
import { joined, largestOf, lonelyPoints, plotDataOf } from '../../../../../dashboard/web/chart/plot-data.ts';
import { formatOn, formatSetOn, gridOf, niceCeiling, scaleFor } from '../../../../../dashboard/web/chart/unit.ts';

const MIB = 2 ** 20;
const column = (...avg: (number | null)[]): PastColumn => ({ min: avg, avg, max: avg });

const specOf = (columns: readonly PastColumn[], isStacked = false): ChartSpec => ({
  id: 'x',
  title: 'X',
  unit: 'bytes',
  isStacked,
  lines: columns.map((each, index) => ({ name: String(index), column: each })),
});

describe('what is drawn', () => {
  test('is one row for a line by the second', () => {
    const data = plotDataOf(specOf([column(1, null, 3)]));
    expect(data).toEqual({ rows: [{ line: 0, role: 'value', values: [1, undefined, 3] }], areas: [] });
    expect(largestOf(data)).toBe(3);
  });

  test('has an area from least to largest where points sum up more', () => {
    const data = plotDataOf(specOf([column(1), { min: [1], avg: [2], max: [7] }]));
    expect(data.rows.map(({ line, role, values }) => [line, role, values[0]])).toEqual([
      [0, 'value', 1],
      [1, 'high', 7],
      [1, 'low', 1],
      [1, 'value', 2],
    ]);
    expect(data.areas).toEqual([{ line: 1, upper: 1, lower: 2 }]);
    expect(largestOf(data)).toBe(7);
  });

  test('is stacked from the first line up; a gap is where nothing is known at all', () => {
    const data = plotDataOf(specOf([column(1, null, null), column(2, 2, null)], true));
    expect(data.rows.map(({ values }) => values)).toEqual([
      [1, null, null],
      [3, 2, null],
    ]);
    expect(data.areas).toEqual([
      { line: 0, upper: 0, lower: undefined },
      { line: 1, upper: 1, lower: 0 },
    ]);
  });

  test.each([
    { name: 'each second', values: [1, 2, 3], want: [1, 2, 3] },
    { name: 'each second but one', values: [1, 2, null, 4, 5], want: [1, 2, undefined, 4, 5] },
    { name: 'with two seconds missing', values: [1, 2, 3, null, null, 6], want: [1, 2, 3, null, null, 6] },
    {
      name: 'each third second',
      values: [1, null, null, 4, null, null, 7],
      want: [1, undefined, undefined, 4, undefined, undefined, 7],
    },
    { name: 'before the first and after the last', values: [null, 2, 3, null], want: [null, 2, 3, null] },
    { name: 'never', values: [null, null], want: [null, null] },
  ])('of values that come $name has a gap only where a reading is missing', ({ values, want }) => {
    expect(joined(values)).toEqual(want);
  });

  test('shows a point between two gaps', () => {
    expect(lonelyPoints([1, null, 2, null, 3, 4])).toEqual([0, 2]);
    expect(lonelyPoints([1, undefined, 2, null, undefined, 3])).toEqual([5]);
    expect(lonelyPoints([])).toEqual([]);
  });
});

describe('the axis', () => {
  test.each([
    [0.03, 0.05],
    [0.1, 0.1],
    [1, 1],
    [1.01, 2],
    [4, 5],
    [51, 100],
    [730, 1000],
  ])('up to %d ends at %d', (value, ceiling) => {
    expect(niceCeiling(value)).toBe(ceiling);
  });

  test.each([
    { unit: 'bytes', largest: 100 * MIB, limit: 128 * MIB, ceiling: 200 * MIB, why: 'has a limit that is near' },
    { unit: 'bytes', largest: 20 * MIB, limit: 512 * MIB, ceiling: 20 * MIB, why: 'leaves a far limit out' },
    { unit: 'ratio', largest: 0.8, limit: 1, ceiling: 1, why: 'is in per cent' },
    { unit: 'count', largest: 0, limit: undefined, ceiling: 1, why: 'is there without values' },
    { unit: 'bytesPerSecond', largest: 0, limit: undefined, ceiling: 1024, why: 'is at least a KiB' },
    { unit: 'cores', largest: 1.3, limit: undefined, ceiling: 2, why: 'is in cores' },
  ] as const)('$why', ({ unit, largest, limit, ceiling }) => {
    expect(scaleFor(unit, largest, limit).ceiling).toBeCloseTo(ceiling, 9);
  });

  test.each([
    { unit: 'bytes', largest: 200 * MIB, grid: ['0 MiB', '50 MiB', '100 MiB', '150 MiB', '200 MiB'] },
    {
      unit: 'bytesPerSecond',
      largest: 3 * MIB,
      grid: ['0 MiB/s', '1 MiB/s', '2 MiB/s', '3 MiB/s', '4 MiB/s', '5 MiB/s'],
    },
    { unit: 'ratio', largest: 0.009, grid: ['0 %', '0.25 %', '0.5 %', '0.75 %', '1 %'] },
    { unit: 'load', largest: 1.7, grid: ['0', '0.5', '1', '1.5', '2'] },
  ] as const)('of $unit up to $largest has round lines', ({ unit, largest, grid }) => {
    const scale = scaleFor(unit, largest);
    expect(gridOf(scale).map((value) => formatSetOn(scale, value).replace('\u00a0', ' '))).toEqual(grid);
  });

  test('writes all values in its unit, and unknown as unknown', () => {
    const scale = scaleFor('bytes', 2 ** 30);
    expect(formatOn(scale, 100 * MIB)).toBe('0.098\u00a0GiB');
    expect(formatOn(scale, null)).toBe('—');
    expect(formatOn(scaleFor('count', 12), 12)).toBe('12');
  });
});
