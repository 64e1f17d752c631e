import { expect, test } from 'vitest';
import { suggestLabels } from '../../../../../dashboard/model/alert/label-suggest.ts';

const ALERTS = [
  { alertname: 'CpuHigh', severity: 'critical', host: 'h1', container: 'web 1', team: 'a' },
  { alertname: 'CpuHigh', severity: 'warning', host: 'h1', container: 'db' },
  { alertname: 'HostDown', severity: 'critical', host: 'h2' },
];

test.each([
  { text: '', want: ['rule:', 'severity:', 'host:', 'name:', 'team:'] },
  { text: 'h', want: ['host:', 'rule:HostDown ', 'rule:CpuHigh ', 'host:h1 ', 'host:h2 '] },
  { text: 'host:', want: ['host:h1 ', 'host:h2 '] },
  { text: '-severity:w', want: ['-severity:warning '] },
  { text: 'name:w', want: ['name:"web 1" '] },
  { text: 'team:', want: ['team:a '] },
  { text: 'name:~w', want: [] },
  { text: 'host:h1', want: [] },
  { text: 'image:', want: [] },
])('after $text come $want', ({ text, want }) => {
  const { items } = suggestLabels({ text, caret: text.length }, ALERTS);
  expect(items.map(({ insert }) => insert)).toEqual(want);
});
