import { describe, expect, test } from 'vitest';
import { alertEvents, byTime, concerns, lineEvents, toldEvents } from '../../../../../dashboard/web/chart/events.ts';
import {
  compareCharts,
  containerCharts,
  hostCharts,
  type LineLimits,
} from '../../../../../dashboard/web/chart/panels.ts';
import type { PastLine } from '../../../../../dashboard/web/chart/past.ts';
import type { AlertView } from '../../../../../dashboard/wire.ts';

const T0 = Date.UTC(2026, 10, 27, 10);
const one = (value: number | null): PastLine['columns'][string] => ({ min: [value], avg: [value], max: [value] });

const WEB: PastLine = {
  key: 'n1/runc/web',
  kind: 'container',
  nodeId: 'n1',
  host: 'h1',
  name: 'web',
  columns: { cpuCores: one(0.4), memoryWorkingSetBytes: one(1e6) },
  marks: [
    { at: new Date(T0).toISOString(), kind: 'created', containerId: 'docker:0123456789abcdef' },
    { at: new Date(T0 - 1000).toISOString(), kind: 'oom', containerId: 'docker:ffff' },
  ],
};
const H1: PastLine = {
  key: 'n1',
  kind: 'host',
  nodeId: 'n1',
  host: 'h1',
  name: 'h1',
  columns: { cpuCores: one(2) },
  marks: [],
};
const LIMITS: LineLimits = { cpuLimitCores: 0.5, hostCores: 4, memoryBytes: 2e6, pids: undefined };

describe('CPU', () => {
  test.each([
    { mode: 'limit', limits: LIMITS, title: 'CPU, % of limit (0.5 cores)', value: 0.8, limit: 1 },
    { mode: 'host', limits: LIMITS, title: 'CPU, % of host (4 cores)', value: 0.1, limit: 1 },
    { mode: 'cores', limits: LIMITS, title: 'CPU, cores in use', value: 0.4, limit: 0.5 },
    {
      mode: 'limit',
      limits: { ...LIMITS, cpuLimitCores: undefined },
      title: 'CPU, % of host (4 cores)',
      value: 0.1,
      limit: 1,
    },
    {
      mode: 'limit',
      limits: { ...LIMITS, cpuLimitCores: undefined, hostCores: undefined },
      title: 'CPU, cores in use',
      value: 0.4,
      limit: undefined,
    },
  ] as const)('in $mode says what 100 % is: $title', ({ mode, limits, title, value, limit }) => {
    const cpu = containerCharts(WEB, mode, limits)[0];
    expect(cpu?.title).toBe(title);
    expect(cpu?.lines[0]?.column.avg[0]).toBeCloseTo(value, 9);
    expect(cpu?.limit?.value).toBe(limit);
  });
});

test('a host is held against itself', () => {
  const [cpu, memory] = hostCharts(H1, 'limit', { ...LIMITS, cpuLimitCores: undefined });
  expect([cpu?.title, memory?.limit]).toEqual(['CPU, % of host (4 cores)', { name: 'total', value: 2e6 }]);
});

test('a comparison has every line in each chart that has such a column', () => {
  const charts = compareCharts(
    [
      { line: WEB, name: 'web on h1', limits: LIMITS },
      { line: H1, name: 'h1', limits: { ...LIMITS, cpuLimitCores: undefined } },
    ],
    'limit',
  );
  const linesOf = (id: string): string[] | undefined =>
    charts.find((chart) => chart.id === id)?.lines.map(({ name }) => name);
  expect(linesOf('cpu')).toEqual(['web on h1', 'h1']);
  expect(linesOf('pids')).toEqual(['web on h1']);
  expect(charts[0]?.lines.map(({ column }) => column.avg[0])).toEqual([0.8, 0.5]);
});

describe('events', () => {
  test('of a line are in words, and sorted by time', () => {
    expect(byTime(lineEvents(WEB, 'web: ')).map(({ kind, what }) => [kind, what])).toEqual([
      ['oom', 'web: ffff was killed for its memory'],
      ['created', 'web: re-created as 0123456789ab'],
    ]);
  });

  const alert = {
    rule: 'Busy',
    labels: { host: 'h1', container: 'web' },
    metric: 'cpuCores',
    value: 0.5,
    firedAtUnixMs: T0,
    resolvedAtUnixMs: T0 + 5000,
    resolvedBecause: 'target_gone',
  };

  test.each([
    { name: 'pending', over: { firedAtUnixMs: undefined }, want: [] },
    { name: 'firing', over: { resolvedAtUnixMs: undefined }, want: ['Busy fired: 0.500\u00a0cores'] },
    { name: 'resolved', over: {}, want: ['Busy fired: 0.500\u00a0cores', 'Busy resolved: target gone'] },
  ])('of an alert that is $name', ({ over, want }) => {
    expect(alertEvents([{ ...alert, ...over } as unknown as AlertView]).map(({ what }) => what)).toEqual(want);
  });

  test('that the server tells stand beside those of live alerts, each once', () => {
    const live = { ...alert, resolvedAtUnixMs: undefined } as unknown as AlertView;
    const event = { rule: 'Busy', host: 'h1', name: 'web' };
    const iso = (unixMs: number): string => new Date(unixMs).toISOString();
    const told = [
      { ...event, at: iso(T0), kind: 'fired' },
      { ...event, at: iso(T0 - 60_000), kind: 'resolved' },
      { ...event, at: iso(T0), kind: 'fired', name: 'other' },
      { at: iso(T0), kind: 'ended', host: 'h1', name: 'web', series: 'n1/runc/web' },
    ] as const;
    expect(
      toldEvents(told, [live], ({ name, kind }) => `${name} ${kind}`).map(({ what, href }) => [what, href]),
    ).toEqual([
      ['web resolved', expect.stringContaining('/alerts/history?q=rule%3ABusy%20host%3Ah1%20name%3Aweb')],
      ['other fired', expect.stringContaining('/alerts/history?q=rule%3ABusy%20host%3Ah1%20name%3Aother')],
      ['web ended', expect.stringMatching(/^\/containers\/n1%2Frunc%2Fweb\?from=/)],
    ]);
  });

  test.each([
    { labels: { host: 'h1', container: 'web' }, container: true, host: true },
    { labels: { host: 'h1' }, container: false, host: true },
    { labels: { host: 'h2', container: 'web' }, container: false, host: false },
  ])('$labels concern what they name', ({ labels, container, host }) => {
    expect([concerns({ labels }, WEB), concerns({ labels }, H1)]).toEqual([container, host]);
  });
});
