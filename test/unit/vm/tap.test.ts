import { expect, test } from 'vitest';
import { parseTap } from '../../vm/tap.ts';

const block = (indent: string, lines: string): string => `${indent}  ---\n${lines}${indent}  ...\n`;

test('leaf tests by name; a suite is named, not counted', () => {
  const text = [
    'TAP version 13\n# Subtest: suite\n    # Subtest: good\n    ok 1 - good\n',
    block('    ', '      duration_ms: 1\n'),
    '    # Subtest: bad\n    not ok 2 - bad\n',
    block('    ', "      error: 'why'\n"),
    '    # Subtest: left out\n    ok 3 - left out # SKIP no disk\n',
    block('    ', ''),
    '    1..3\nnot ok 1 - suite\n',
    block('', "  error: '1 subtest failed'\n"),
    '# Subtest: alone\nok 2 - alone\n',
    block('', ''),
    '1..2\n',
  ].join('');
  expect(parseTap(text).map(({ name, outcome }) => [name, outcome])).toEqual([
    ['suite > good', 'passed'],
    ['suite > bad', 'failed'],
    ['suite > left out', 'skipped'],
    ['suite', 'failed'],
    ['alone', 'passed'],
  ]);
  expect(parseTap(text)[1]!.detail).toContain("error: 'why'");
});

test('no output is no test', () => {
  expect(parseTap('sh: node: not found\n')).toEqual([]);
});
