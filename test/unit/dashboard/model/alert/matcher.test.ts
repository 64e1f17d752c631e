import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compileMatchers,
  matcherText,
  matchesEmpty,
  parseMatcher,
  parseMatchers,
} from '../../../../../dashboard/model/alert/matcher.ts';
import { compileFullMatch } from '../../../../../dashboard/model/alert/regex.ts';

const labels = { host: 'web-1', container: 'api', empty: '' };

test.each([
  ['host=web-1', true],
  ['host="web-1"', true],
  ['host=web', false],
  ['host!=web', true],
  ['host!=web-1', false],
  ['host=~"web-.*"', true],
  ['host=~web', false],
  ['host=~"web-1|web-2"', true],
  ['host!~"db-.*"', true],
  ['host!~"web-[0-9]+"', false],
  ['missing=', true],
  ['missing=""', true],
  ['missing!=""', false],
  ['missing=~".*"', true],
  ['missing=~".+"', false],
  ['constructor=~".+"', false],
  ['{host="web-1", container="api"}', true],
  ['{host="web-1",container!="api"}', false],
])('%s is %s', (text, want) => {
  expect(compileMatchers(parseMatchers(text))(labels)).toBe(want);
});

test.each(['host', '=x', 'a-b=c', 'host="x', 'host=~"("', 'host=~"a{2000}"', 'host~x'])('%s is refused', (text) => {
  expect(() => parseMatcher(text)).toThrow(RangeError);
});

test('what is printed is read again', () => {
  const matcher = fc.record({
    name: fc.constantFrom('a', 'host', 'label_x'),
    value: fc.string({ maxLength: 20 }).filter((text) => !/[\u0000-\u001f\u007f]/.test(text)),
    isRegex: fc.constant(false),
    isEqual: fc.boolean(),
  });
  fc.assert(
    fc.property(matcher, (each) => {
      expect(parseMatcher(matcherText(each))).toEqual(each);
    }),
  );
});

test.each([
  ['a=', true],
  ['a=b', false],
  ['a!=b', true],
  ['a=~".*"', true],
  ['a=~".+"', false],
])('%s takes an empty value: %s', (text, want) => {
  expect(matchesEmpty(parseMatcher(text))).toBe(want);
});

describe('regular expressions', () => {
  test.each([
    ['', ''],
    ['abc', 'abc'],
    ['a.c', 'axc'],
    ['a|bc|d', 'bc'],
    ['(a|b)+c', 'ababc'],
    ['a{2,3}', 'aaa'],
    ['a{2}', 'aa'],
    ['a{2,}', 'aaaaa'],
    ['[a-c]x[^a-c]', 'bxd'],
    ['[]]', ']'],
    ['\\d+\\.\\w*', '12.ab_3'],
    ['(?i)WeB', 'wEb'],
    ['(?:ab)?c', 'c'],
    ['^abc$', 'abc'],
    ['a*?b', 'aaab'],
    ['é+', 'éé'],
    ['(?P<name>x)', 'x'],
  ])('%s fits %j', (pattern, text) => {
    expect(compileFullMatch(pattern).matches(text)).toBe(true);
  });

  test.each([
    ['abc', 'abcd'],
    ['a.c', 'a\nc'],
    ['a{2,3}', 'aaaa'],
    ['[^a]', 'a'],
    ['a+', ''],
  ])('%s does not fit %j', (pattern, text) => {
    expect(compileFullMatch(pattern).matches(text)).toBe(false);
  });

  test.each(['(', ')', '[', '*a', 'a{3,2}', '\\', '\\k', '(?=a)', '(?<!a)b', '(((a{1000}){1000}){1000})', 'a^b'])(
    '%s is refused',
    (pattern) => {
      expect(() => compileFullMatch(pattern)).toThrow(RangeError);
    },
  );

  test('agrees with the language on what both know', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(a|b)', '(ab)');
    const piece = fc.tuple(atom, fc.constantFrom('', '*', '+', '?', '{1,2}')).map(([each, times]) => each + times);
    const pattern = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        expect(compileFullMatch(source).matches(subject)).toBe(new RegExp(`^(?:${source})$`).test(subject));
      }),
    );
  });

  test('a pattern that makes others go back for ever takes steps by the length of the text', () => {
    expect(compileFullMatch('(a+)+b').matches('a'.repeat(5000))).toBe(false);
    expect(compileFullMatch('(.*.*.*.*)*x').matches('a'.repeat(2000))).toBe(false);
  });
});
