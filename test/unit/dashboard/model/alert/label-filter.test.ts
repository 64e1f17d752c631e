import { expect, test } from 'vitest';
import { parseLabelFilter } from '../../../../../dashboard/model/alert/label-filter.ts';

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
  ['team:', false],
  ['"shop-web-1"', true],
])('%s', (text, takes) => {
  expect(parseLabelFilter(text)(LABELS)).toBe(takes);
});

test('a pattern that cannot be used is told', () => {
  expect(() => parseLabelFilter('name:~(')).toThrow(/regular expression/);
});
