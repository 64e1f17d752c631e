import { describe, expect, test } from 'vitest';
import { parseFilter } from '../../../../dashboard/model/filter.ts';
import { decodeContainerBlock } from '../../../../dashboard/web/columns.ts';
import {
  DEFAULT_SORT,
  formatSort,
  keepOrder,
  nextSort,
  orderContainers,
  parseSort,
  SORT_KEYS,
} from '../../../../dashboard/web/container-rows.ts';
import { VIEW_COLUMNS } from '../../../../dashboard/view-wire.ts';
import { aContainerView as container } from './builders.ts';

const containers = [
  container('web-10', { hostName: 'h2', image: 'b', startedAtUnixMs: 1000 }),
  container('web-2', { image: 'a', startedAtUnixMs: 3000 }),
  container('db'),
];
const { NaN: GAP } = Number;
/** Each column: web-10 has 1, web-2 has 2, db is unavailable. */
const block = decodeContainerBlock(
  new Uint8Array(Float32Array.from(VIEW_COLUMNS.flatMap(() => [1, 2, GAP])).buffer),
  3,
);

function order(sort: string, filter = ''): string[] {
  return orderContainers({ containers, block, filter: parseFilter(filter), sort: parseSort(sort) });
}

test.each([
  { sort: 'name', want: ['db', 'web-2', 'web-10'] },
  { sort: '-name', want: ['web-10', 'web-2', 'db'] },
  { sort: 'host', want: ['db', 'web-2', 'web-10'] },
  { sort: 'image', want: ['web-2', 'web-10', 'db'] },
  { sort: '-image', want: ['web-10', 'web-2', 'db'] },
  { sort: '-age', want: ['web-10', 'web-2', 'db'] },
  { sort: 'age', want: ['web-2', 'web-10', 'db'] },
  ...['cpu', 'cores', 'memory', 'limit', 'throttled', 'rx', 'tx', 'read', 'write', 'pids'].flatMap((key) => [
    { sort: key, want: ['web-10', 'web-2', 'db'] },
    { sort: `-${key}`, want: ['web-2', 'web-10', 'db'] },
  ]),
])('by $sort: $want', ({ sort, want }) => {
  expect(order(sort)).toEqual(want);
});

test('only what the filter lets through is ordered', () => {
  expect(order('name', 'web')).toEqual(['web-2', 'web-10']);
  expect(order('name', 'cpu>1.5')).toEqual(['web-2']);
});

test('without any values the order is by host and name', () => {
  const request = { containers, block: undefined, filter: parseFilter(''), sort: DEFAULT_SORT };
  expect(orderContainers(request)).toEqual(['db', 'web-2', 'web-10']);
});

describe('the order in the address', () => {
  test('comes back as it was written', () => {
    for (const key of SORT_KEYS) {
      for (const descending of [true, false]) {
        expect(parseSort(formatSort({ key, descending }))).toEqual({ key, descending });
      }
    }
  });

  test.each([null, '', 'colour', '--cpu'])('is the default for %s', (text) => {
    expect(parseSort(text)).toEqual(DEFAULT_SORT);
  });

  test('starts upwards for text, downwards for numbers, and turns at the second click', () => {
    expect(nextSort(DEFAULT_SORT, 'name')).toEqual({ key: 'name', descending: false });
    expect(nextSort(DEFAULT_SORT, 'memory')).toEqual({ key: 'memory', descending: true });
    expect(nextSort(DEFAULT_SORT, 'cpu')).toEqual({ key: 'cpu', descending: false });
  });
});

test('while the order is paused nothing moves but what comes and goes', () => {
  expect(keepOrder(['c', 'a', 'b'], ['a', 'b', 'd', 'c'])).toEqual(['c', 'a', 'b', 'd']);
  expect(keepOrder(['c', 'a', 'b'], ['b'])).toEqual(['b']);
  expect(keepOrder([], ['a', 'b'])).toEqual(['a', 'b']);
});
