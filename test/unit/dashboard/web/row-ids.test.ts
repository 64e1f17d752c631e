import { expect, test } from 'vitest';
import { rowIds } from '../../../../dashboard/web/row-ids.ts';

test('a row is its line of history, or itself where it has none', () => {
  expect(rowIds([{ key: 'n1/runc:1', series: 'n1/runc/shop/web/1' }, { key: 'n1/runc:2' }])).toEqual([
    'n1/runc/shop/web/1',
    'n1/runc:2',
  ]);
});

test('two rows of one line are two', () => {
  const series = 'n1/runc/web';
  expect(
    rowIds([
      { key: 'n1/runc:1', series },
      { key: 'n1/runc:2', series },
    ]),
  ).toEqual([series, 'n1/runc:2']);
});
