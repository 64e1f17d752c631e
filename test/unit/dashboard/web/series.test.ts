import { expect, test } from 'vitest';
import { SeriesTable, sinceFirstValue, type SeriesView } from '../../../../dashboard/web/series.ts';

const { NaN: GAP } = Number;

function points(view: SeriesView | undefined): number[] {
  return Array.from({ length: view?.points ?? 0 }, (_, index) => view!.at(index));
}

const table = (): SeriesTable => new SeriesTable({ stepMs: 1000, points: 4 });

test('the newest value of a step wins, and a step without one is a gap', () => {
  const series = table();
  series.advanceTo(10_000);
  series.set('a', 1);
  series.advanceTo(10_900);
  series.set('a', 2);
  series.advanceTo(12_100);
  series.set('a', 3);
  expect(points(series.view('a'))).toEqual([GAP, 2, GAP, 3]);
});

test('a pause longer than the series leaves nothing of it', () => {
  const series = table();
  series.advanceTo(10_000);
  series.set('a', 1);
  series.advanceTo(99_000);
  series.set('a', 9);
  expect(points(series.view('a'))).toEqual([GAP, GAP, GAP, 9]);
});

test('a clock that steps back changes nothing but the newest value', () => {
  const series = table();
  series.advanceTo(10_000);
  series.set('a', 1);
  series.advanceTo(3_000);
  series.set('a', 2);
  expect(points(series.view('a'))).toEqual([GAP, GAP, GAP, 2]);
});

test.each([
  { name: 'as many points', past: [1, 2, 3, 4], want: [1, 2, 3, 4] },
  { name: 'fewer points', past: [3, 4], want: [GAP, GAP, 3, 4] },
  { name: 'more points', past: [9, 1, 2, 3, 4], want: [1, 2, 3, 4] },
])('takes over a past of $name and goes on from there', ({ past, want }) => {
  const series = table();
  series.load('a', Float32Array.from(past), 20_000);
  expect(points(series.view('a'))).toEqual(want);
  series.advanceTo(20_000);
  series.set('a', 5);
  expect(points(series.view('a'))).toEqual([...want.slice(1), 5]);
});

test('forgets who left', () => {
  const series = table();
  series.advanceTo(1000);
  series.set('a', 1);
  series.set('b', 1);
  series.retain(new Set(['b']));
  // It may come back, and its line goes on after a gap.
  expect(series.view('a')).toBeDefined();
  series.advanceTo(100_000);
  series.retain(new Set(['b']));
  expect(series.view('a')).toBeUndefined();
  expect(series.view('b')).toBeDefined();
  expect(table().view('never')).toBeUndefined();
});

test('a young series is shown from its first value on, but not shorter than asked', () => {
  const series = table();
  series.advanceTo(10_000);
  series.set('a', 1);
  expect(points(sinceFirstValue(series.view('a'), 2))).toEqual([GAP, 1]);
  series.advanceTo(12_000);
  series.set('a', 3);
  expect(points(sinceFirstValue(series.view('a'), 2))).toEqual([1, GAP, 3]);
  expect(sinceFirstValue(undefined, 2)).toBeUndefined();
});
