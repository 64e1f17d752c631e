import { expect, test } from 'vitest';
import { hostGroups, parseHostGroupBy, sumKnown, usedOf } from '../../../../dashboard/web/host-groups.ts';
import type { HostRow } from '../../../../dashboard/web/host-rows.ts';
import { aHostView } from './builders.ts';

const row = (name: string, over: Parameters<typeof aHostView>[1] = {}, cpuCores = 1): HostRow => ({
  host: aHostView(name, over),
  ageMs: 0,
  alerts: 0,
  value: (column) => (column === 'cpuCores' ? cpuCores : Number.NaN),
});

const rows = [
  row('h3', { tags: { zone: 'b' }, agentVersion: '0.1.0' }),
  row('h1', { tags: { zone: 'a', rack: '7' }, state: 'stale' }),
  row('h2', { tags: { zone: 'b' }, agentVersion: '0.2.0' }),
  row('h4'),
];

test.each([
  { by: 'label:zone', want: ['b: h3 h2', 'a: h1', 'none: h4'] },
  { by: 'label:rack', want: ['7: h1', 'none: h3 h2 h4'] },
  { by: 'label:nothing', want: ['none: h3 h1 h2 h4'] },
  { by: 'state', want: ['live: h3 h2 h4', 'stale: h1'] },
  { by: 'agent', want: ['0.1.0: h3', '0.2.0: h2', 'none: h1 h4'] },
])('by $by, in the order of the hosts and with those without one last', ({ by, want }) => {
  const groups = hostGroups(rows, parseHostGroupBy(by)!);
  expect(
    groups.map(({ label, rows: of }) => `${label ?? 'none'}: ${of.map(({ host }) => host.name).join(' ')}`),
  ).toEqual(want);
});

test.each([null, '', 'project', 'label:'])('%s is no grouping of hosts', (text) => {
  expect(parseHostGroupBy(text)).toBeUndefined();
});

test('a sum leaves out what is unknown, and is unknown when nothing is known', () => {
  expect(sumKnown([1, Number.NaN, 2])).toBe(3);
  expect(sumKnown([Number.NaN])).toBeNaN();
});

test('used of all is of the hosts that tell both and are not silent', () => {
  const cpu = [
    row('a', { cpuCores: 4 }, 1),
    row('b', { cpuCores: undefined }, 2),
    row('c', { cpuCores: 8 }, Number.NaN),
    row('d', { cpuCores: 16, state: 'stale' }, 3),
    row('e', { cpuCores: 2 }, 2),
  ];
  const sizes = [
    ({ value }: HostRow) => value('cpuCores'),
    ({ host }: HostRow) => host.cpuCores ?? Number.NaN,
  ] as const;
  expect(usedOf(cpu, sizes)).toEqual({ used: 3, total: 6 });
});
