import { describe, expect, test } from 'vitest';
import {
  extended,
  extentOf,
  pastOf,
  scaled,
  timesOf,
  type Past,
  type PastColumn,
} from '../../../../../dashboard/web/chart/past.ts';
import { groupsOf, inGroup } from '../../../../../dashboard/web/chart/table-rows.ts';

const T0 = Date.UTC(2026, 10, 27, 10);

const column = (...avg: (number | null)[]): PastColumn => ({ min: avg, avg, max: avg });

function aPast(...avg: (number | null)[]): Past {
  const line = { kind: 'container', nodeId: 'n1', host: 'h1', name: 'web', marks: [] } as const;
  return pastOf({
    from: new Date(T0).toISOString(),
    stepMs: 1000,
    points: avg.length,
    partial: null,
    unknown: [],
    series: [{ ...line, key: 'n1/runc/web', columns: { pidsCurrent: column(...avg) } }],
  });
}

const valuesOf = (past: Past | undefined): unknown => past?.lines[0]?.columns['pidsCurrent']?.avg;

describe('a past by the second', () => {
  test.each([
    { name: 'takes the next second and drops its first', second: 3, value: 4, want: [2, 3, 4], fromSecond: 1 },
    { name: 'has gaps for what is missing in between', second: 5, value: 6, want: [null, null, 6], fromSecond: 3 },
    { name: 'takes what comes for a second it has', second: 2, value: 9, want: [1, 2, 9], fromSecond: 0 },
    { name: 'keeps what it knows when nothing is told', second: 2, value: undefined, want: [1, 2, 3], fromSecond: 0 },
    { name: 'ends with a gap while nothing is known', second: 3, value: Number.NaN, want: [2, 3, null], fromSecond: 1 },
  ])('$name', ({ second, value, want, fromSecond }) => {
    const next = extended(aPast(1, 2, 3), T0 + second * 1000 + 400, () => value);
    expect(valuesOf(next)).toEqual(want);
    expect(next?.fromUnixMs).toBe(T0 + fromSecond * 1000);
    expect(next?.points).toBe(3);
  });

  test('is to be loaded again when too much is missing, or the clock went back', () => {
    expect(extended(aPast(1, 2, 3), T0 + 7000, () => 1)).toBeUndefined();
    expect(extended(aPast(1, 2, 3), T0 - 1000, () => 1)).toBeUndefined();
  });

  test('asks for each column of each line', () => {
    const asked: string[] = [];
    extended(aPast(1), T0, ({ key }, name) => {
      asked.push(`${key} ${name}`);
      return 1;
    });
    expect(asked).toEqual(['n1/runc/web pidsCurrent']);
  });

  test('knows when its points are', () => {
    expect(timesOf(aPast(1, 2))).toEqual([T0 / 1000, T0 / 1000 + 1]);
  });
});

describe('the extent of a column', () => {
  test.each([
    {
      name: 'of nothing',
      of: column(null, null),
      want: { min: undefined, mean: undefined, max: undefined, last: undefined },
    },
    { name: 'with gaps', of: column(2, null, 4), want: { min: 2, mean: 3, max: 4, maxAt: 2, last: 4 } },
    { name: 'that ended a while ago has no now', of: column(5, null, null, null), want: { max: 5, last: undefined } },
    {
      name: 'of summed up points',
      of: { min: [1, 0], avg: [2, 1], max: [9, 3] },
      want: { min: 0, mean: 1.5, max: 9, maxAt: 0, last: 1 },
    },
  ])('$name', ({ of, want }) => {
    expect(extentOf(of)).toMatchObject(want);
  });
});

test('a share of an unknown limit is unknown', () => {
  expect(scaled(column(1, null), 2).avg).toEqual([2, null]);
  expect(scaled(column(1, null), Number.NaN).avg).toEqual([null, null]);
  expect(scaled({ min: [1], avg: [2], max: [3] }, 10)).toEqual({ min: [10], avg: [20], max: [30] });
});

describe('the rows of a table', () => {
  test('are all points while those are few', () => {
    expect(groupsOf(2)).toEqual([
      { first: 1, end: 2 },
      { first: 0, end: 1 },
    ]);
  });

  test.each([61, 400, 900, 11_000])('are at most 60 and cover all of %d points', (points) => {
    const groups = groupsOf(points);
    expect(groups.length).toBeLessThanOrEqual(60);
    expect(groups.reduce((sum, { first, end }) => sum + end - first, 0)).toBe(points);
    expect(groups[0]?.end).toBe(points);
  });

  test('have the mean and the largest of their points', () => {
    expect(inGroup({ min: [1, 1], avg: [2, 4], max: [3, 8] }, { first: 0, end: 2 })).toMatchObject({ mean: 3, max: 8 });
    expect(inGroup(column(null), { first: 0, end: 1 })).toMatchObject({ mean: undefined, max: undefined });
  });
});
