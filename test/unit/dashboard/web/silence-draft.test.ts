import { expect, test } from 'vitest';
import { draftOfSilence, newSilence, postedSilence } from '../../../../dashboard/web/alerts/silence-draft.ts';
import { T0 } from '../builders.ts';

const iso = (unixMs: number): string => new Date(unixMs).toISOString();
const matcher = (name: string, value: string) => ({ name, value, isRegex: false, isEqual: true });

test('what a link names stands in lines and is posted for an hour from now', () => {
  const draft = newSilence('alertname="A, B",container="<b>\\"x\\""', 'ann');
  expect(draft.matchers.split('\n')).toHaveLength(2);
  expect(postedSilence({ ...draft, comment: ' deploy ' }, T0)).toEqual({
    matchers: [matcher('alertname', 'A, B'), matcher('container', '<b>"x"')],
    startsAt: iso(T0),
    endsAt: iso(T0 + 3_600_000),
    createdBy: 'ann',
    comment: 'deploy',
  });
});

test('what a link names wrongly is left to be corrected', () => {
  const draft = newSilence('nonsense', 'ann');
  expect(draft.matchers).toBe('nonsense');
  expect(() => postedSilence(draft, T0)).toThrow('"nonsense" is no matcher');
});

test.each([
  { state: 'active', kept: true },
  { state: 'pending', kept: true },
  { state: 'expired', kept: false },
] as const)('a silence that is $state is $kept to be changed, else made anew', ({ state, kept }) => {
  const silence = {
    id: 's1',
    status: { state },
    matchers: [matcher('host', 'h1')],
    startsAt: iso(T0 - 1000),
    endsAt: iso(T0 + 1000),
    createdBy: 'ann',
    comment: 'x',
  };
  const posted = postedSilence(draftOfSilence(silence), T0);
  expect(posted).toMatchObject({ startsAt: iso(kept ? T0 - 1000 : T0), matchers: silence.matchers });
  expect('id' in posted).toBe(kept);
});
