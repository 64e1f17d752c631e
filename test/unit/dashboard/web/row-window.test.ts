import fc from 'fast-check';
import { expect, test } from 'vitest';
import { beginningOf, rowWindow } from '../../../../dashboard/web/row-window.ts';

test.each([
  { name: 'no rows', input: { rows: 0, scrollTop: 0 }, want: { first: 0, end: 0, heightBefore: 0, heightAfter: 0 } },
  { name: 'few rows', input: { rows: 5, scrollTop: 0 }, want: { first: 0, end: 5, heightBefore: 0, heightAfter: 0 } },
  {
    name: 'the top of many',
    input: { rows: 5000, scrollTop: 0 },
    want: { first: 0, end: 37, heightBefore: 0, heightAfter: 4963 * 30 },
  },
  {
    name: 'the middle',
    input: { rows: 5000, scrollTop: 3000 },
    want: { first: 92, end: 129, heightBefore: 92 * 30, heightAfter: 4871 * 30 },
  },
  {
    name: 'a bounce above the top',
    input: { rows: 5000, scrollTop: -80 },
    want: { first: 0, end: 37, heightBefore: 0, heightAfter: 4963 * 30 },
  },
])('$name', ({ input, want }) => {
  expect(rowWindow({ rowHeight: 30, viewportHeight: 600, ...input })).toEqual(want);
});

test('what is in sight exists, the heights add up, and the document stays small', () => {
  const input = fc.record({
    rows: fc.nat(6000),
    rowHeight: fc.integer({ min: 20, max: 60 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    viewportHeight: fc.integer({ min: 1, max: 1500 }),
  });
  fc.assert(
    fc.property(input, ({ rows, rowHeight, share, viewportHeight }) => {
      const scrollTop = share * Math.max(0, rows * rowHeight - viewportHeight);
      const { first, end, heightBefore, heightAfter } = rowWindow({ rows, rowHeight, scrollTop, viewportHeight });
      expect(end - first).toBeLessThan(100);
      expect(heightBefore + (end - first) * rowHeight + heightAfter).toBe(rows * rowHeight);
      expect(first).toBeLessThanOrEqual(Math.floor(scrollTop / rowHeight));
      expect(end).toBeGreaterThanOrEqual(Math.min(rows, Math.ceil((scrollTop + viewportHeight) / rowHeight)));
    }),
  );
});

test('the beginning of a window has its first rows, and the height of the others', () => {
  const window = rowWindow({ rows: 5000, rowHeight: 30, scrollTop: 3000, viewportHeight: 600 });
  expect(beginningOf(window, 8, 30)).toEqual({ ...window, end: 100, heightAfter: 4900 * 30 });
  expect(beginningOf(window, 400, 30)).toEqual(window);
});
