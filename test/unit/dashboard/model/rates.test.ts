import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ratePerSecond, rateWindowMs, sane } from '../../../../dashboard/model/rates.ts';

describe('ratePerSecond', () => {
  test.each([
    { name: 'a second', previous: 10, current: 10.5, elapsedMs: 1000, want: 0.5 },
    { name: 'two seconds, one frame lost', previous: 10, current: 11, elapsedMs: 2000, want: 0.5 },
    { name: 'a counter that started anew', previous: 10, current: 1, elapsedMs: 1000, want: NaN },
    { name: 'no time between', previous: 10, current: 11, elapsedMs: 0, want: NaN },
    { name: 'an unread value', previous: NaN, current: 11, elapsedMs: 1000, want: NaN },
    { name: 'an infinite value', previous: 1, current: Infinity, elapsedMs: 1000, want: NaN },
    { name: 'nothing used', previous: 3, current: 3, elapsedMs: 1000, want: 0 },
  ])('$name', ({ previous, current, elapsedMs, want }) => {
    expect(ratePerSecond(previous, current, elapsedMs)).toBe(want);
  });

  test('is never negative and never infinite without cause', () => {
    fc.assert(
      fc.property(fc.double(), fc.double(), fc.double({ min: -1e6, max: 1e6 }), (previous, current, elapsedMs) => {
        const rate = ratePerSecond(previous, current, elapsedMs);
        return Number.isNaN(rate) || rate >= 0;
      }),
    );
  });
});

describe('rateWindowMs', () => {
  const first = { seq: 5, monotonicMs: 5000, timeUnixMs: 1_000_000 };
  test.each([
    { name: 'no frame before', previous: undefined, current: first, want: NaN },
    {
      name: 'the next second',
      previous: first,
      current: { seq: 6, monotonicMs: 6001, timeUnixMs: 1_001_001 },
      want: 1001,
    },
    { name: 'a short gap', previous: first, current: { seq: 9, monotonicMs: 9000, timeUnixMs: 1_004_000 }, want: 4000 },
    {
      name: 'a long gap',
      previous: first,
      current: { seq: 15, monotonicMs: 15_000, timeUnixMs: 1_010_000 },
      want: NaN,
    },
    { name: 'the same frame again', previous: first, current: first, want: NaN },
    { name: 'an older frame', previous: first, current: { seq: 4, monotonicMs: 4000, timeUnixMs: 999_000 }, want: NaN },
    {
      name: 'an agent that was restarted and lives longer now',
      previous: first,
      current: { seq: 9, monotonicMs: 9000, timeUnixMs: 1_060_000 },
      want: NaN,
    },
  ])('$name', ({ previous, current, want }) => {
    expect(rateWindowMs(previous, current, 1000)).toBe(want);
  });
});

test.each([
  [0, 0],
  [-1, NaN],
  [Infinity, NaN],
  [-Infinity, NaN],
  [NaN, NaN],
  [undefined, NaN],
  [7, 7],
])('sane(%s) is %s', (value, want) => {
  expect(sane(value)).toBe(want);
});
