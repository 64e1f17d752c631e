import { expect, test } from 'vitest';
import { STARTER_RULES } from '../../../../dashboard/model/alert/starter-rules.ts';
import { Pace, slowestPaceMs } from '../../../../dashboard/model/pace.ts';
import { aRule } from '../builders.ts';

const memory = 'memoryWorkingSetBytes';

test.each([
  { name: 'no rules', rules: [], want: 5000 },
  { name: 'the starter rules', rules: STARTER_RULES, want: 5000 },
  { name: 'what fires at once', rules: [aRule({ forMs: 0 })], want: 0 },
  { name: 'what is switched off', rules: [aRule({ forMs: 0, enabled: false })], want: 5000 },
  { name: 'what must hold for a while', rules: [aRule({ forMs: 24_000 })], want: 4000 },
  { name: 'what must hold so shortly that it is not worth it', rules: [aRule({ forMs: 6000 })], want: 0 },
  { name: 'a mean', rules: [aRule({ query: { metric: memory, agg: 'avg', windowMs: 36_000 } })], want: 3000 },
  { name: 'a peak', rules: [aRule({ query: { metric: memory, agg: 'max', windowMs: 600_000 } })], want: 0 },
  {
    name: 'a further condition',
    rules: [
      aRule({
        forMs: 60_000,
        and: [{ query: { metric: 'pidsCurrent', agg: 'p95', windowMs: 600_000 }, op: '>', threshold: 1 }],
      }),
    ],
    want: 0,
  },
  {
    name: 'what is told at once, not by values',
    rules: [aRule({ forMs: 0, query: { metric: 'unhealthy', agg: 'last', windowMs: 0 } })],
    want: 5000,
  },
])('as slow as $name allow', ({ rules, want }) => {
  expect(slowestPaceMs(rules)).toBe(want);
});

test('slow ten seconds after the last one left, fast at once when somebody comes', () => {
  const pace = new Pace(0);
  const at = (second: number, isWatched: boolean): number => pace.next(isWatched, [], second * 1000);
  expect([at(0, false), at(9, false), at(10, false)]).toEqual([0, 0, 5000]);
  expect([at(11, true), at(20, false), at(21, false)]).toEqual([0, 0, 5000]);
});
