import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Backoff } from '../../../../native/host/backoff.ts';

test('doubles up to the maximum, between half and whole of each step', () => {
  const lowest = new Backoff({ firstMs: 100, maxMs: 1000, random: () => 0 });
  expect([1, 2, 3, 4, 5, 6].map(() => lowest.nextMs())).toEqual([50, 100, 200, 400, 500, 500]);
  const highest = new Backoff({ firstMs: 100, maxMs: 1000, random: () => 0.999_999 });
  expect(Math.round(highest.nextMs())).toBe(100);
});

test('starts again after a success', () => {
  const backoff = new Backoff({ firstMs: 100, maxMs: 1000, random: () => 0 });
  backoff.nextMs();
  backoff.nextMs();
  backoff.reset();
  expect(backoff.nextMs()).toBe(50);
});

test('never exceeds its maximum nor falls to nothing, however often it is asked', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.integer({ min: 1, max: 200 }),
      (chance, times) => {
        const backoff = new Backoff({ firstMs: 10, maxMs: 5000, random: () => chance });
        for (let attempt = 0; attempt < times; attempt += 1) {
          const delay = backoff.nextMs();
          expect(delay).toBeGreaterThanOrEqual(5);
          expect(delay).toBeLessThanOrEqual(5000);
        }
      },
    ),
    { numRuns: 50 },
  );
});
