import { expect, test } from 'vitest';
import type { SelfFact } from '../../../../../dashboard/model/alert/target.ts';
import { aRule } from '../../builders.ts';
import { stage } from './stage.ts';

const levels = [{ severity: 'warning', threshold: 100, recovery: 100 }] as const;

test('what a limit refuses each second is made an identity for once', () => {
  let made = 0;
  const labels = {
    get team(): string {
      made += 1;
      return 'a';
    },
  };
  const query = { metric: 'memoryWorkingSetBytes', agg: 'last', windowMs: 0 } as const;
  const { second, book } = stage([aRule({ query, levels, labels, forMs: 0, limit: 1 })], ['api', 'db', 'web']);
  expect(second(1, [200, 200, 200]).refused).toBe(2);
  expect(made).toBe(3);
  expect(second(2, [200, 200, 200]).refused).toBe(2);
  expect(made).toBe(3);
  expect(book.alerts.map((alert) => alert.labels['team'])).toEqual(['a']);
});

test.each([
  { name: 'both fail', values: [1, 1] },
  { name: 'the first fails', values: [1, 0] },
  { name: 'the second fails', values: [0, 1] },
])('two rules of one name are one thing that fails: $name', ({ values }) => {
  const rule = aRule({
    query: { metric: 'ruleFailing', agg: 'last', windowMs: 0 },
    op: '==',
    levels: [{ severity: 'warning', threshold: 1, recovery: 1 }],
    forMs: 4000,
  });
  const staged = stage([rule]);
  staged.self = values.map((value): SelfFact => ({ metric: 'ruleFailing', labels: { rule: 'Same' }, value }));
  const kinds = [1, 2, 3, 4, 5].map((second) => {
    staged.second(second, [1]);
    return staged.book.alerts.map(({ state }) => state.kind).join();
  });
  expect(kinds).toEqual(['pending', 'pending', 'pending', 'pending', 'firing']);
});
