import { expect, test } from 'vitest';
import { parseLabelFilter, readLabelFilter } from '../../../../../dashboard/model/alert/label-filter.ts';

const LABELS = {
  alertname: 'CpuHigh',
  severity: 'critical',
  host: 'h1',
  container: 'shop-web-1',
  compose_project: 'shop',
};

test.each([
  ['', true],
  ['web', true],
  ['WEB cpu', true],
  ['web nothing', false],
  ['host:h1', true],
  ['host:h2', false],
  ['-host:h2', true],
  ['rule:CpuHigh severity:critical', true],
  ['project:shop name:web', true],
  ['name:~web-[0-9]', true],
  ['name:~^db', false],
  ['name:~^shop', true],
  ['name:~web-1$', true],
  ['name:~web$', false],
  ['-name:~web', false],
  // Half typed.
  ['team:', true],
  ['team:a', false],
  // As in the filter of containers: what is no free text is meant whole, `*` stands for anything, case does not count.
  ['host:h', false],
  ['host:H*', true],
  ['-host:h*', false],
  ['name:shop-*-1', true],
  ['name:~SHOP', true],
  ['rule:cpu', true],
  ['label:severity', true],
  ['label:severity=critical', true],
  ['label:team', false],
  // No label, so a word.
  ['redis:7', false],
  ['-redis:7', true],
  ['"shop-web-1"', true],
])('%s', (text, takes) => {
  expect(parseLabelFilter(text)(LABELS)).toBe(takes);
});

test('a pattern that cannot be used is told', () => {
  expect(() => parseLabelFilter('name:~(')).toThrow(/regular expression/);
});

test('what cannot be understood is told beside what can, and left out', () => {
  const { terms, faults, takes } = readLabelFilter('host:h1 cpu>80% name:~(');
  expect(terms.map(({ source }) => source)).toEqual(['host:h1']);
  expect(faults.map(({ source }) => source)).toEqual(['cpu>80%', 'name:~(']);
  expect(faults[0]?.reason).toMatch(/no values to compare/);
  expect(faults[1]?.reason).toMatch(/regular expression/);
  expect(takes(LABELS)).toBe(true);
});
