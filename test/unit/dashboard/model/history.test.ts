import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HISTORY_SECONDS, HistoryRing, RingBudget } from '../../../../dashboard/model/history.ts';

const second = (ring: HistoryRing, at: number): number => ring.mean(0, at, 1);

describe('HistoryRing', () => {
  test('seconds that nobody wrote are unknown, not zero', () => {
    const ring = new HistoryRing();
    ring.write(10_000, [1, 100]);
    ring.write(14_000, [2, 200]);
    expect([9, 10, 11, 12, 13, 14, 15].map((at) => second(ring, at))).toEqual([NaN, 1, NaN, NaN, NaN, 2, NaN]);
    expect(ring.mean(1, 14, 4)).toBe(200);
    expect(ring.mean(1, 14, 5)).toBe(150);
  });

  test('a back-fill lands between what is there already', () => {
    const ring = new HistoryRing();
    ring.write(10_000, [1, 0]);
    ring.write(13_000, [4, 0]);
    ring.write(11_000, [2, 0]);
    ring.write(12_000, [3, 0]);
    expect([10, 11, 12, 13].map((at) => second(ring, at))).toEqual([1, 2, 3, 4]);
  });

  test('a value of a lap ago is not shown for a second of now', () => {
    const ring = new HistoryRing();
    ring.write(10_000, [1, 0]);
    ring.write((10 + HISTORY_SECONDS) * 1000, [2, 0]);
    expect(second(ring, 10)).toBeNaN();
    ring.write(10_000, [9, 0]);
    expect(second(ring, 10 + HISTORY_SECONDS)).toBe(2);
  });

  test('a jump of hours clears everything', () => {
    const ring = new HistoryRing();
    for (let at = 0; at < HISTORY_SECONDS; at += 1) ring.write(at * 1000, [1, 1]);
    ring.write(1e9, [5, 5]);
    expect(ring.mean(0, 1e6, HISTORY_SECONDS)).toBe(5);
  });

  test.each([NaN, Infinity, -Infinity, 1e300])('a time of %s is ignored', (time) => {
    const ring = new HistoryRing();
    ring.write(10_000, [1, 1]);
    ring.write(time, [2, 2]);
    expect(ring.mean(0, 10, 900)).toBe(1);
  });

  test('holds what a plain map of the last 15 minutes would hold', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(3000), value: fc.integer({ min: 0, max: 99 }) }), { maxLength: 200 }),
        (writes) => {
          const ring = new HistoryRing();
          const map = new Map<number, number>();
          let newest = -1;
          for (const { at, value } of writes) {
            ring.write(at * 1000, [value, 0]);
            newest = Math.max(newest, at);
            if (at > newest - HISTORY_SECONDS) map.set(at, value);
          }
          for (let at = newest; at > newest - HISTORY_SECONDS && at >= 0; at -= 1) {
            expect(second(ring, at)).toBe(map.get(at) ?? NaN);
          }
        },
      ),
    );
  });
});

test('a budget of rings is never overdrawn', () => {
  const budget = new RingBudget(2);
  const [first, second_] = [budget.take(), budget.take()];
  expect(first).toBeDefined();
  expect(second_).toBeDefined();
  expect(budget.take()).toBeUndefined();
  budget.release(undefined);
  expect(budget.take()).toBeUndefined();
  budget.release(first);
  expect(budget.take()).toBeDefined();
});
