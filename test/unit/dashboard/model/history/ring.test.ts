import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeNumber, encodeNumber } from '../../../../../dashboard/model/history/code.ts';
import { Ring } from '../../../../../dashboard/model/history/ring.ts';

const SLOTS = 90;
const ringOf = (lanes = 1): Ring => new Ring({ stepMs: 1000, slots: SLOTS, lanes });
const all = (ring: Ring, ...steps: readonly number[]): number[] => steps.map((step) => ring.valueAt(step, 0));

describe('a number in 16 bits', () => {
  test.each([0, 1, 7, 512, 1023])('the integer %d is exact', (value) => {
    expect(decodeNumber(encodeNumber(value))).toBe(value);
  });

  test.each([NaN, -1, -0.5, -Infinity])('%d is unknown, not 0', (value) => {
    expect(decodeNumber(encodeNumber(value))).toBeNaN();
  });

  test('what is too small is 0, what is too large is the largest', () => {
    expect(decodeNumber(encodeNumber(1e-7))).toBe(0);
    expect(decodeNumber(encodeNumber(Infinity))).toBeCloseTo(1e15, -3);
  });

  test('everything else is at most 0.04 % beside the truth, and order is kept', () => {
    const value = fc.double({ min: 1e-6, max: 1e15, noNaN: true });
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(Math.abs(decodeNumber(encodeNumber(a)) / a - 1)).toBeLessThan(4e-4);
        if (a <= b) expect(decodeNumber(encodeNumber(a))).toBeLessThanOrEqual(decodeNumber(encodeNumber(b)) * 1.0004);
      }),
    );
  });
});

describe('Ring', () => {
  test('slots that nobody wrote are unknown, not zero', () => {
    const ring = ringOf(2);
    ring.write(10, [1, 100]);
    ring.write(14, [2, 200]);
    expect(all(ring, 9, 10, 11, 12, 13, 14, 15)).toEqual([NaN, 1, NaN, NaN, NaN, 2, NaN]);
    expect(ring.mean(1, 14, 4)).toBe(200);
    expect(ring.mean(1, 14, 5)).toBe(150);
    expect([ring.oldest, ring.newest]).toEqual([10, 14]);
  });

  test('a back-fill lands between what is there already', () => {
    const ring = ringOf();
    for (const [step, value] of [
      [10, 1],
      [13, 4],
      [11, 2],
      [12, 3],
      [8, 9],
    ] as const)
      ring.write(step, [value]);
    expect(all(ring, 8, 9, 10, 11, 12, 13)).toEqual([9, NaN, 1, 2, 3, 4]);
    expect(ring.oldest).toBe(8);
  });

  test('a value of a lap ago is not shown for a time of now', () => {
    const ring = ringOf();
    ring.write(10, [1]);
    ring.write(10 + SLOTS, [2]);
    ring.write(10, [9]);
    expect(all(ring, 10, 10 + SLOTS)).toEqual([NaN, 2]);
  });

  test('a jump of hours clears everything', () => {
    const ring = ringOf();
    for (let step = 0; step < SLOTS; step += 1) ring.write(step, [1]);
    ring.write(1e6, [5]);
    expect(ring.mean(0, 1e6, SLOTS)).toBe(5);
  });

  test.each([NaN, Infinity, -Infinity, 1e300])('a time of %s is ignored', (step) => {
    const ring = ringOf();
    ring.write(10, [1]);
    ring.write(step, [2]);
    expect(ring.mean(0, 10, SLOTS)).toBe(1);
  });

  // Few values, so that long runs of one come about as well as changes; unknown ones among them.
  test.each([
    { name: 'of many values', most: 99, slots: SLOTS },
    { name: 'of three values', most: 2, slots: SLOTS },
    { name: 'of one value', most: 0, slots: SLOTS },
    { name: 'of three values, in a ring longer than what a lane begins with', most: 2, slots: 700 },
  ])('holds what a plain map of the newest slots would hold, $name', ({ most, slots }) => {
    const value = fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 0, max: most }) }, fc.constant(NaN));
    const write = fc.record({ ahead: fc.oneof(fc.constant(1), fc.integer({ min: -40, max: 60 })), value });
    fc.assert(
      fc.property(fc.array(write, { minLength: 1, maxLength: 300 }), (writes) => {
        const ring = new Ring({ stepMs: 1000, slots, lanes: 1 });
        const map = new Map<number, number>();
        let newest = Number.NaN;
        for (const { ahead, value: written } of writes) {
          const step = Number.isNaN(newest) ? 1000 : newest + ahead;
          ring.write(step, [written]);
          newest = Math.max(Number.isNaN(newest) ? step : newest, step);
          if (step > newest - slots) map.set(step, written);
        }
        for (let step = newest; step > newest - slots; step -= 1)
          expect(ring.valueAt(step, 0)).toBe(map.get(step) ?? NaN);
      }),
    );
  });

  test('a lane costs nothing while its number stays the same, and what it needs when it changes', () => {
    const slots = 2160;
    const ring = new Ring({ stepMs: 1000, slots, lanes: 2 });
    for (let step = 0; step < 5 * slots; step += 1) ring.write(step, [7, NaN]);
    expect(ring.bytes).toBe(0);
    expect(ring.mean(0, 5 * slots - 1, slots)).toBe(7);
    for (let step = 5 * slots; step < 5 * slots + 50; step += 1) ring.write(step, [step % 3, step % 5]);
    expect(ring.bytes).toBe(2 * slots + 2 * (slots / 16));
    expect(ring.valueAt(5 * slots - 1, 0)).toBe(7);
  });
});
