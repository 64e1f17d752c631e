import { expect, test } from 'vitest';
import { prefixEnd } from '../../../../native/etcd/entry.ts';

test.each([
  { prefix: '/a/b', want: Buffer.from('/a/c') },
  { prefix: '/a/', want: Buffer.from('/a0') },
  { prefix: '', want: Buffer.from([0]) },
])('the end of "$prefix"', ({ prefix, want }) => {
  expect(prefixEnd(prefix)).toEqual(want);
});
