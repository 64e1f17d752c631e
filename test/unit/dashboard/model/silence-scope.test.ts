import { expect, test } from 'vitest';
import { parseMatchers } from '../../../../dashboard/model/alert/matcher.ts';
import { silencesInScope } from '../../../../dashboard/model/silence-scope.ts';

const silence = (text: string) => ({
  id: text,
  matchers: parseMatchers(text),
  startsAtUnixMs: 0,
  endsAtUnixMs: 1,
  updatedAtUnixMs: 0,
  createdBy: 'ann',
  comment: '',
  annotations: { ticket: 'bank-7' },
});
const seen = [{ labels: { alertname: 'A', container: 'shop-api', host: 'h1' } }];

test.each([
  { text: 'container="shop-api"', want: ['shop-api'] },
  { text: 'container=~"shop-api|bank-api"', want: ['…'] },
  { text: 'host="h1",container!="bank-api"', want: ['h1', '…'] },
  { text: 'container="bank-api"', want: undefined },
  { text: 'team="bank"', want: undefined },
])('of $text is shown $want', ({ text, want }) => {
  const [shown] = silencesInScope([silence(text)], seen);
  expect(shown?.matchers.map(({ value }) => value)).toEqual(want);
  expect(JSON.stringify(shown?.annotations ?? {})).not.toContain('bank');
});
