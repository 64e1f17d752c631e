import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DistinctCount, QuantileSketch } from '../../../../statsd/model/sketch.ts';

const sketchOf = (values: readonly number[]): QuantileSketch => {
  const sketch = new QuantileSketch();
  for (const value of values) sketch.add(value, 1);
  return sketch;
};

test('a quantile is off by at most 5 % of itself, also over two sketches', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1, max: 300, noNaN: true }), { minLength: 1, maxLength: 200 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      fc.nat(200),
      (values, q, cut) => {
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(q * sorted.length - 1e-9) - 1)]!;
        const found = QuantileSketch.quantile([sketchOf(values.slice(0, cut)), sketchOf(values.slice(cut))], q);
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * 0.05);
      },
    ),
  );
});

test('zero, negative values, weights, and nothing', () => {
  const sketch = sketchOf([-8, -1, 0, 0, 5]);
  expect(QuantileSketch.quantile([sketch], 0.1)).toBeCloseTo(-8, 0);
  expect(QuantileSketch.quantile([sketch], 0.5)).toBe(0);
  sketch.add(100, 1000);
  expect(QuantileSketch.quantile([sketch], 0.5)).toBeGreaterThan(95);
  expect(QuantileSketch.quantile([new QuantileSketch()], 0.5)).toBeNaN();
});

test('values over fifty powers of ten keep the high quantiles right', () => {
  const values = Array.from({ length: 500 }, (_, at) => 10 ** (at / 10 - 25));
  const found = QuantileSketch.quantile([sketchOf(values)], 0.99);
  expect(Math.abs(found / values[494]! - 1)).toBeLessThan(0.05);
});

test.each([0, 1, 10, 100, 1000, 50_000])('%d different texts are counted to 8 %%', (count) => {
  const distinct = new DistinctCount();
  for (let round = 0; round < 2; round += 1) for (let at = 0; at < count; at += 1) distinct.add(`user-${at}`);
  expect(Math.abs(distinct.estimate - count)).toBeLessThanOrEqual(count * 0.08);
});
