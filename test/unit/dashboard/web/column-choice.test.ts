import { expect, test } from 'vitest';
import { formatColumns, parseColumns, usualColumns } from '../../../../dashboard/web/column-choice.ts';

const columns = {
  all: ['name', 'cpu', 'memory', 'age'].map((key) => ({ key, header: key.toUpperCase() })),
  usual: new Set(['name', 'cpu', 'memory']),
};
const keys = (text: string | null): string[] | undefined => parseColumns(text, columns)?.map(({ key }) => key);

test.each([
  { text: 'age,cpu', want: ['name', 'cpu', 'age'] },
  { text: 'name,memory', want: ['name', 'memory'] },
  { text: 'age,nonsense', want: ['name', 'age'] },
  { text: 'nonsense', want: undefined },
  { text: '', want: undefined },
  { text: null, want: undefined },
])('$text shows $want, in the order of the table', ({ text, want }) => {
  expect(keys(text)).toEqual(want);
});

test('the usual ones are nothing in the address, all others are', () => {
  expect(formatColumns(usualColumns(columns), columns)).toBe('');
  expect(formatColumns(parseColumns('age', columns)!, columns)).toBe('name,age');
});
