import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { namePattern } from '../../../../statsd/io/name-pattern.ts';

describe('a pattern', () => {
  test.each([
    ['web', 'my-web-1', true],
    ['^web', 'my-web-1', false],
    ['^web-[0-9]+$', 'web-12', true],
    ['^web-[0-9]+$', 'web-x', false],
    ['web|db', 'a-db', true],
    ['^(?:web|db)$', 'web2', false],
    ['a.c', 'abc', true],
    ['a.*z', 'a1b2z', true],
    ['^[^ab]+$', 'xyz', true],
    ['^[^ab]+$', 'xbz', false],
    [String.raw`^\d{2,3}$`, '1234', false],
    [String.raw`^\d{2,3}$`, '123', true],
    [String.raw`a\.b`, 'axb', false],
    ['', 'anything', true],
    ['^$', 'x', false],
    ['[]a]', ']', true],
    // No expressions: only a name that is spelled so.
    ['(', '(', true],
    ['(', 'x', false],
    ['[z-a]', '[z-a]', true],
    ['a**', 'aaa', false],
  ])('%s, %s', async (pattern, name, fits) => {
    expect((await namePattern([pattern]))(name)).toBe(fits);
  });
});

/** Expressions that both this and JavaScript understand in the same way. */
const expression = fc.letrec<{ all: string; one: string }>((tie) => ({
  one: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('a', 'b', '-', '.', '^', '$', '[ab]', '[^a]', '[a-c1]', String.raw`\d`, String.raw`\.`),
    fc.tuple(tie('all')).map(([inner]) => `(${inner})`),
    fc
      .tuple(
        fc.constantFrom('a', '[ab]', '(ab)', '(a|b)', '.'),
        fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{0,}', '*?'),
      )
      .map((parts) => parts.join('')),
  ),
  all: fc.oneof(
    { maxDepth: 3 },
    tie('one'),
    fc.tuple(tie('one'), tie('all')).map((parts) => parts.join('')),
    fc.tuple(tie('one'), tie('one')).map((parts) => parts.join('|')),
  ),
})).all;

test('says what JavaScript says', async () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '-', '.'), maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      expression,
      name,
      async (pattern, text) => (await namePattern([pattern]))(text) === new RegExp(pattern).test(text),
    ),
    { numRuns: 5000 },
  );
});

test('an expression that others take for ever over is answered all the same', async () => {
  const name = 'a'.repeat(255);
  expect((await namePattern(['^(a+)+$']))(`${name}!`)).toBe(false);
  expect((await namePattern(['^(a|a)*b$']))(name)).toBe(false);
  // Too many steps: no expression.
  expect((await namePattern(['a{999}']))('a'.repeat(999))).toBe(false);
});

test('of several one has to fit, however many there are', async () => {
  expect((await namePattern(['^a$', '^b$']))('b')).toBe(true);
  expect((await namePattern(['^a$', '^b$']))('c')).toBe(false);
  expect((await namePattern(Array.from({ length: 100 }, (_, index) => `web-${index}-`)))('my-web-99-x')).toBe(true);
  expect((await namePattern([]))('x')).toBe(false);
});

test('whatever is written, it is a pattern or a name', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ maxLength: 20 }),
      async (pattern, text) => [true, false].includes((await namePattern([pattern]))(text)),
    ),
    { numRuns: 2000 },
  );
});
