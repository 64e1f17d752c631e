import { expect, test } from 'vitest';
import { TokenBucket } from '../../../../dashboard/io/token-bucket.ts';

test('lets a burst through, then its rate, and never saves up more than a burst', () => {
  const bucket = new TokenBucket({ burst: 3, perSecond: 2 }, 0);
  expect([0, 0, 0, 0].map((now) => bucket.take(now))).toEqual([true, true, true, false]);
  expect([500, 500, 1000].map((now) => bucket.take(now))).toEqual([true, false, true]);
  expect([1e9, 1e9, 1e9, 1e9].map((now) => bucket.take(now))).toEqual([true, true, true, false]);
  expect(bucket.take(0)).toBe(false);
});
