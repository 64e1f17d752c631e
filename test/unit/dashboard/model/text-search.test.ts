import { expect, test } from 'vitest';
import { foundAnywhere } from '../../../../dashboard/model/text-search.ts';

test.each([
  { pattern: 'tmp', text: 'my-TMP-2', want: true },
  { pattern: '^tmp', text: 'my-tmp', want: false },
  { pattern: '^my', text: 'my-tmp', want: true },
  { pattern: 'tmp$', text: 'tmp-2', want: false },
  { pattern: '^(?:a|b)[0-9]$', text: 'b7', want: true },
  { pattern: '(?i)TMP', text: 'tmp', want: true },
  { pattern: 'a|b', text: 'line\nb', want: true },
  { pattern: 'x\\$', text: 'x$y', want: true },
])('$pattern in $text', ({ pattern, text, want }) => {
  const search = foundAnywhere(pattern);
  if (typeof search === 'string') throw new Error(search);
  expect(search.finds(text)).toBe(want);
  // The remembered answer is the same.
  expect(search.finds(text)).toBe(want);
});

test.each([
  { pattern: '[a', reason: /a \[ is not closed/ },
  { pattern: '^a|^b', reason: /\^ in the middle/ },
  { pattern: '(a{1000}){1000}', reason: /too large/ },
])('tells what is wrong with $pattern', ({ pattern, reason }) => {
  expect(foundAnywhere(pattern)).toEqual(expect.stringMatching(reason));
});
