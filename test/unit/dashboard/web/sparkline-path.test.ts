import { expect, test } from 'vitest';
import type { SeriesView } from '../../../../dashboard/web/series.ts';
import { hatchPath, sparklinePaths } from '../../../../dashboard/web/sparkline-path.ts';

const seriesOf = (...values: readonly number[]): SeriesView => ({
  points: values.length,
  at: (index) => values[index] ?? Number.NaN,
});

const BOX = { width: 20, height: 11 };

test.each([
  {
    name: 'the largest value is at the upper edge, 0 at the lower one',
    series: seriesOf(0, 4, 2),
    want: { line: 'M0 10L0 10L10 2L20 6', area: 'M0 10L0 10L10 2L20 6L20 11L0 11Z' },
  },
  {
    name: 'a gap ends the line, and a value alone is a dash',
    series: seriesOf(4, NaN, 4),
    want: { line: 'M-1 2L0 2M19 2L20 2', area: 'M-1 2L0 2L0 11L0 11ZM19 2L20 2L20 11L20 11Z' },
  },
  { name: 'nothing known', series: seriesOf(NaN, NaN), want: { line: '', area: '' } },
  { name: 'no series', series: undefined, want: { line: '', area: '' } },
  {
    name: 'only zeros',
    series: seriesOf(0, 0),
    want: { line: 'M0 10L0 10L20 10', area: 'M0 10L0 10L20 10L20 11L0 11Z' },
  },
])('$name', ({ series, want }) => {
  expect(sparklinePaths(series, BOX)).toEqual({ ...want, threshold: '' });
});

test.each([
  { name: 'more than a number of four bytes holds is a gap', series: seriesOf(4, Infinity, 4) },
  { name: 'so is less', series: seriesOf(4, -Infinity, 4) },
])('$name', ({ series }) => {
  expect(sparklinePaths(series, BOX).line).toBe('M-1 2L0 2M19 2L20 2');
});

test('a point alone is at the left edge', () => {
  expect(sparklinePaths(seriesOf(4), BOX).line).toBe('M-1 2L0 2');
});

test('a ceiling keeps small values small', () => {
  expect(sparklinePaths(seriesOf(0, 2), { ...BOX, ceiling: 4 }).line).toBe('M0 10L0 10L20 6');
});

test('coordinates have one decimal', () => {
  expect(sparklinePaths(seriesOf(1, 3, 2, 3), BOX).line).toBe('M0 7.3L0 7.3L6.7 2L13.3 4.7L20 2');
});

test('the hatch crosses the whole box', () => {
  expect(hatchPath({ width: 10, height: 10 })).toBe('M-10 10L0 0M-5 10L5 0M0 10L10 0M5 10L15 0');
});

test.each([
  {
    name: 'above all values it is the upper edge',
    threshold: 8,
    want: { line: 'M0 6L0 6L20 4', threshold: 'M0 2H20' },
  },
  {
    name: 'below them it lies under the line',
    threshold: 3,
    want: { line: 'M0 4.7L0 4.7L20 2', threshold: 'M0 6H20' },
  },
])('a threshold is drawn across: $name', ({ threshold, want }) => {
  expect(sparklinePaths(seriesOf(4, 6), { ...BOX, threshold })).toMatchObject(want);
});

test('a threshold without a line is none', () => {
  expect(sparklinePaths(seriesOf(NaN), { ...BOX, threshold: 3 }).threshold).toBe('');
});
