import { describe, expect, test } from 'vitest';
import { SampleWindow, type Aggregation } from '../../../../../dashboard/model/alert/window.ts';

interface Case {
  readonly name: string;
  readonly agg: Exclude<Aggregation, 'last'>;
  readonly windowMs: number;
  readonly values: readonly number[];
  readonly previous?: number;
  readonly want: number;
}

const U = Number.NaN;

test.each<Case>([
  { name: 'the mean of what was read', agg: 'avg', windowMs: 4000, values: [1, 2, U, 3], want: 2 },
  { name: 'the mean forgets', agg: 'avg', windowMs: 2000, values: [100, 1, 3], want: 2 },
  { name: 'the largest', agg: 'max', windowMs: 3000, values: [9, 1, 5, 2], want: 5 },
  { name: 'the smallest', agg: 'min', windowMs: 3000, values: [0, 4, 5, 2], want: 2 },
  {
    name: 'nineteen of twenty',
    agg: 'p95',
    windowMs: 20_000,
    values: Array.from({ length: 20 }, (_, at) => at),
    want: 18,
  },
  { name: 'nothing of nothing', agg: 'avg', windowMs: 3000, values: [U, U], want: U },
  {
    name: 'growth of a counter that begins unknown',
    agg: 'increase',
    windowMs: 10_000,
    values: [7, 8, 8, 10],
    want: 3,
  },
  {
    name: 'growth of a counter that begins at 0',
    agg: 'increase',
    windowMs: 10_000,
    previous: 0,
    values: [1],
    want: 1,
  },
  { name: 'a counter that went back counts from there', agg: 'increase', windowMs: 10_000, values: [7, 9, 2], want: 4 },
  { name: 'growth leaves the window', agg: 'increase', windowMs: 2000, values: [0, 5, 5, 5], want: 0 },
  { name: 'growth a second', agg: 'rate', windowMs: 10_000, values: [0, 1, 2, 3, 4], want: 1 },
  { name: 'one sample has no rate', agg: 'rate', windowMs: 10_000, values: [5], want: U },
  { name: 'seconds until it is empty', agg: 'zeroIn', windowMs: 4000, values: [100, 90, 80, 70], want: 7 },
  { name: 'what grows is never empty', agg: 'zeroIn', windowMs: 4000, values: [1, 2, 3, 4], want: Number.MAX_VALUE },
  { name: 'too little to tell', agg: 'zeroIn', windowMs: 60_000, values: [100, 90, 80], want: U },
])('$agg: $name', ({ agg, windowMs, values, previous, want }) => {
  const window = new SampleWindow(agg, windowMs, previous ?? Number.NaN);
  values.forEach((value, second) => {
    window.push(value, (second + 100) * 1000);
  });
  if (Number.isNaN(want)) expect(window.value).toBeNaN();
  else expect(window.value).toBeCloseTo(want, 9);
});

describe('long windows', () => {
  test('an hour keeps a minute in one step', () => {
    const window = new SampleWindow('max', 3_600_000, Number.NaN);
    window.push(9, 0);
    for (let second = 60; second < 3600; second += 1) window.push(1, second * 1000);
    expect(window.value).toBe(9);
    window.push(1, 3_600_000);
    expect(window.value).toBe(1);
  });

  test('a long gap empties it', () => {
    const window = new SampleWindow('avg', 60_000, Number.NaN);
    window.push(9, 0);
    window.push(1, 10_000_000);
    expect(window.value).toBe(1);
  });
});
