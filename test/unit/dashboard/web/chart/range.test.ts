import { describe, expect, test } from 'vitest';
import {
  heldOrLive,
  historyParams,
  isLive,
  LIVE_RANGE,
  neighbourOf,
  parseRange,
  withRange,
  zoomedTo,
  type Range,
} from '../../../../../dashboard/web/chart/range.ts';

const at = (query: string): Range => parseRange(new URLSearchParams(query));
const FROM = Date.UTC(2026, 10, 27, 10);

describe('a range in the address', () => {
  test.each([
    { query: '', want: LIVE_RANGE },
    { query: 'last=6h', want: { kind: 'last', id: '6h', ms: 6 * 3_600_000 } },
    { query: 'last=5h', want: LIVE_RANGE },
    {
      query: 'from=2026-11-27T10:00:00.000Z&to=2026-11-27T11:00:00.000Z',
      want: { kind: 'span', fromUnixMs: FROM, toUnixMs: FROM + 3_600_000 },
    },
    { query: 'from=2026-11-27T11:00:00Z&to=2026-11-27T10:00:00Z', want: LIVE_RANGE },
    { query: 'from=yesterday&to=2026-11-27T10:00:00Z&last=1h', want: { kind: 'last', id: '1h', ms: 3_600_000 } },
  ])('$query', ({ query, want }) => {
    expect(at(query)).toEqual(want);
  });

  test.each(['', 'last=24h', 'from=2026-11-27T10:00:00.000Z&to=2026-11-27T11:00:00.000Z'])(
    'comes back as it was written: %s',
    (query) => {
      expect(withRange(new URLSearchParams('last=1h&from=x&to=y'), at(query)).toString()).toBe(
        new URLSearchParams(query).toString(),
      );
    },
  );

  test('leaves other parameters alone', () => {
    expect(withRange(new URLSearchParams('cpu=cores&last=1h'), LIVE_RANGE).toString()).toBe('cpu=cores');
  });
});

describe('the neighbour of a range', () => {
  test.each([
    { from: 'last=1h', direction: 1, want: '6h' },
    { from: 'last=1h', direction: -1, want: '15m' },
    { from: '', direction: -1, want: '15m' },
    { from: 'last=365d', direction: 1, want: '365d' },
    { from: 'from=2026-11-27T10:00:00Z&to=2026-11-27T10:30:00Z', direction: 1, want: '1h' },
    { from: 'from=2026-11-27T10:00:00Z&to=2026-11-27T10:30:00Z', direction: -1, want: '15m' },
    { from: 'from=2020-11-27T10:00:00Z&to=2026-11-27T10:30:00Z', direction: 1, want: '365d' },
  ] as const)('of "$from" by $direction is $want', ({ from, direction, want }) => {
    expect(neighbourOf(at(from), direction)).toMatchObject({ kind: 'last', id: want });
  });
});

test('what moves on is held as it is, and what is held goes on live', () => {
  expect(heldOrLive(at('last=1h'), FROM)).toEqual({ kind: 'span', fromUnixMs: FROM - 3_600_000, toUnixMs: FROM });
  expect(heldOrLive(zoomedTo(FROM, FROM + 60_000), FROM)).toEqual(LIVE_RANGE);
});

test('a zoom is in order and shows ten seconds at least', () => {
  expect(zoomedTo(FROM + 60_000, FROM)).toEqual({ kind: 'span', fromUnixMs: FROM, toUnixMs: FROM + 60_000 });
  expect(zoomedTo(FROM, FROM + 2000)).toEqual({ kind: 'span', fromUnixMs: FROM - 4000, toUnixMs: FROM + 6000 });
});

test('the live range is asked for by the second, a longer one as the server likes', () => {
  expect(isLive(LIVE_RANGE)).toBe(true);
  expect(historyParams(LIVE_RANGE)).toEqual({ from: '-15m', step: '1s' });
  expect(historyParams(at('last=14d'))).toEqual({ from: '-14d' });
  expect(historyParams(zoomedTo(FROM, FROM + 60_000))).toEqual({
    from: '2026-11-27T10:00:00.000Z',
    to: '2026-11-27T10:01:00.000Z',
  });
});
