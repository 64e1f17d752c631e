import { expect, test } from 'vitest';
import { suggestAt } from '../../../../dashboard/model/filter-suggest.ts';
import type { FilterSubject } from '../../../../dashboard/model/filter.ts';
import { indexValues } from '../../../../dashboard/model/value-index.ts';
import { takeSuggestion } from '../../../../dashboard/web/filter-edit.ts';

type Subject = Omit<FilterSubject, 'value'>;

function subject(name: string, overrides: Partial<Subject> = {}): Subject {
  return {
    name,
    host: 'h1',
    image: undefined,
    runtime: 'runc',
    project: undefined,
    service: undefined,
    state: 'running',
    health: undefined,
    labels: {},
    ...overrides,
  };
}

const index = indexValues([
  subject('web-1', { project: 'shop', service: 'web', labels: { team: 'a' } }),
  subject('web-2', { project: 'shop', service: 'web', labels: { team: 'b c' } }),
  subject('db', { host: 'my host', labels: { team: 'a' } }),
]);

const inserts = (text: string, caret = text.length): string[] =>
  suggestAt({ text, caret }, index).items.map(({ insert }) => insert);

test('an empty box offers every key', () => {
  expect(inserts('')).toEqual(
    ['host:', 'name:', 'project:', 'service:', 'image:', 'runtime:', 'state:', 'label:'].concat([
      'cpu>',
      'mem>',
      'throttled>',
      'read>',
      'write>',
      'rx>',
      'tx>',
      'pids>',
    ]),
  );
});

test.each([
  { what: 'keys that begin so, then values with it', text: 'h', want: ['host:', 'project:shop ', 'host:h1 '] },
  { what: 'the most frequent value first', text: 'host:', want: ['host:h1 ', 'host:"my host" '] },
  { what: 'values that contain what was typed', text: 'name:b', want: ['name:db ', 'name:web-1 ', 'name:web-2 '] },
  { what: 'the sign of a term stays', text: '-project:s', want: ['-project:shop '] },
  { what: 'names of labels', text: 'label:t', want: ['label:team'] },
  { what: 'values of a label', text: 'label:team=', want: ['label:team=a ', 'label:"team=b c" '] },
  { what: 'bounds in both units', text: 'cpu>', want: ['cpu>50% ', 'cpu>0.5 '] },
  { what: 'nothing within a regular expression', text: 'name:~we', want: [] },
  { what: 'nothing for what is whole', text: 'host:h1', want: [] },
])('$what: $text', ({ text, want }) => {
  const found = inserts(text);
  expect(found.slice(0, want.length)).toEqual(want);
  if (want.length === 0) expect(found).toEqual([]);
});

test('a value counts its containers', () => {
  expect(suggestAt({ text: 'project:', caret: 8 }, index).items).toEqual([
    { insert: 'project:shop ', note: '2 containers' },
  ]);
});

test('only the term at the caret is replaced', () => {
  const text = 'pro:x host:m cpu>50%';
  const suggestions = suggestAt({ text, caret: 12 }, index);
  const taken = takeSuggestion(text, suggestions, suggestions.items[0]!);
  expect(taken.text).toBe('pro:x host:"my host" cpu>50%');
  expect(taken.caret).toBe('pro:x host:"my host" '.length);
});
