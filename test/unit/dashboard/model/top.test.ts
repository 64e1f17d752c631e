import { expect, test } from 'vitest';
import { TOP_MEASURES, topOf, type TopMeasure } from '../../../../dashboard/model/top.ts';

const measure = (key: TopMeasure['key']): TopMeasure => TOP_MEASURES.find((candidate) => candidate.key === key)!;

test('the five largest, largest first, equal ones as they came', () => {
  const rows = [3, 9, 1, 9, 4, 8, 2].map((cores, index) => ({ name: `c${index}`, cores }));
  const top = topOf(rows, measure('cpu'), ({ cores }) => cores);
  expect(top.map(({ row }) => row.name)).toEqual(['c1', 'c3', 'c5', 'c4', 'c0']);
});

test('neither what is idle nor what is unknown', () => {
  expect(topOf([0, Number.NaN, 5], measure('memory'), (value) => value).map(({ value }) => value)).toEqual([5]);
});

test('both directions are added', () => {
  const rows = [{ in: 1, out: 1 }];
  const top = topOf(rows, measure('network'), (row, column) =>
    column === 'networkReceiveBytesPerSecond' ? row.in : row.out,
  );
  expect(top[0]?.value).toBe(2);
});
