import fc from 'fast-check';
import { expect, test } from 'vitest';
import { globMatches } from '../../../../../dashboard/model/alert/glob.ts';

test.each([
  ['*', '', true],
  ['*', 'anything', true],
  ['', '', true],
  ['', 'x', false],
  ['web', 'web', true],
  ['web', 'web1', false],
  ['web-?', 'web-1', true],
  ['web-?', 'web-', false],
  ['*-db', 'shop-db', true],
  ['*-db', 'shop-db-1', false],
  ['a*b*c', 'a1b2b3c', true],
  ['a*b*c', 'a1c2b', false],
  ['registry/*:1.?', 'registry/shop/web:1.2', true],
  ['[ab]', 'a', false],
  ['.*', 'x', false],
  ['*', '*', true],
])('%s fits %j: %s', (pattern, text, want) => {
  expect(globMatches(pattern, text)).toBe(want);
});

test('a text fits itself, and with stars put in anywhere', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), fc.nat(30), (text, place) => {
      if (/[*?]/.test(text)) return true;
      const pattern = `${text.slice(0, place)}*${text.slice(place)}`;
      return globMatches(text, text) && globMatches(pattern, text);
    }),
  );
});

test('a pattern made to be slow is not', () => {
  // 100 stars over 20,000 characters would take a backtracking matcher longer than the universe has.
  expect(globMatches('a*'.repeat(100) + 'b', 'a'.repeat(20_000))).toBe(false);
});
