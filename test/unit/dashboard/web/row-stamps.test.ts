import { expect, test } from 'vitest';
import { stampRows } from '../../../../dashboard/web/row-stamps.ts';

const before = Uint32Array.of(1, 1, 1);

test.each([
  { name: 'only what changed', before, rows: 3, changed: Uint8Array.of(0b101), want: [7, 1, 7] },
  { name: 'a whole frame concerns every row', before, rows: 3, changed: undefined, want: [7, 7, 7] },
  { name: 'so do other rows', before, rows: 2, changed: Uint8Array.of(0), want: [7, 7] },
  { name: 'and the first frame', before: undefined, rows: 2, changed: undefined, want: [7, 7] },
])('$name', ({ before: stamps, rows, changed, want }) => {
  expect([...stampRows(stamps, { rows, stamp: 7, changed })]).toEqual(want);
  expect([...before]).toEqual([1, 1, 1]);
});
