import { expect, test } from 'vitest';
import { choiceWords, NOTHING_CHOSEN, toggled, without, type ChosenRow } from '../../../../dashboard/web/chosen.ts';

const row = (number: number): ChosenRow => ({ key: `n1/runc/c${number}`, name: `c${number}` });
const eight = Array.from({ length: 8 }, (_, index) => row(index)).reduce(toggled, NOTHING_CHOSEN);

test('a row is chosen, and left out when it is chosen again', () => {
  const one = toggled(NOTHING_CHOSEN, row(1));
  expect(one).toEqual({ rows: [row(1)], refused: undefined });
  expect(toggled(one, row(1))).toEqual(NOTHING_CHOSEN);
});

test('a ninth is refused by name, and changes nothing', () => {
  const nine = toggled(eight, row(8));
  expect(nine).toEqual({ rows: eight.rows, refused: 'c8' });
  expect(choiceWords(nine)).toBe('c8 is not chosen: Compare shows 8 side by side at most. Take one out first.');
});

test('the refusal is over with the next change', () => {
  const nine = toggled(eight, row(8));
  expect(choiceWords(toggled(nine, row(3)))).toBe('7 of at most 8 chosen');
  expect(without(nine.rows, 'n1/runc/c0')).toEqual({ rows: eight.rows.slice(1), refused: undefined });
  expect(toggled(toggled(nine, row(3)), row(8)).rows.at(-1)).toEqual(row(8));
});
