import { describe, expect, test } from 'vitest';
import { translate } from '../../../../dashboard/grafana/model/prometheus-rule.ts';
import { ALERT_METRICS, metricInfo } from '../../../../dashboard/model/alert/metric.ts';
import type { AlertRule } from '../../../../dashboard/model/alert/rule.ts';
import { OWN_RULES, STARTER_RULES } from '../../../../dashboard/model/alert/starter-rules.ts';
import { AGGREGATIONS } from '../../../../dashboard/model/alert/window.ts';
import { allExpressions, metricsIn, syntaxFaults } from '../../../support/grafana/expressions.ts';
import { aRule } from '../builders.ts';

const RULES = [...STARTER_RULES, ...OWN_RULES];

describe('the judge itself', () => {
  test.each([
    { expr: 'sum by (a) (rate(b_total[5m]))', faults: 0 },
    { expr: 'sum by (a (rate(b_total[5m]))', faults: 1 },
    { expr: 'a and and b', faults: 1 },
    { expr: 'a > ', faults: 1 },
  ])('$expr', ({ expr, faults }) => {
    expect(Math.min(1, syntaxFaults(expr).length)).toBe(faults);
  });

  test('metrics of an expression', () => {
    expect(metricsIn('sum by (x) (rate(a_total{b="c"}[5m])) / on (d) group_left (e) last_over_time(f[1d])')).toEqual([
      'a_total',
      'f',
    ]);
  });
});

test('every query of the dashboards and every rule is PromQL', () => {
  const all = allExpressions(RULES);
  expect(all.length).toBeGreaterThan(80);
  expect(all.flatMap(({ place, expr }) => syntaxFaults(expr).map((fault) => `${place} ${fault}`))).toEqual([]);
  expect(all.filter(({ expr }) => /\$(?!1)|\{\{/.test(expr))).toEqual([]);
});

/** Every metric in every way that a rules file may ask for it. */
const EVERY_QUERY: readonly AlertRule[] = ALERT_METRICS.flatMap((metric) => {
  const counts = metricInfo(metric).counter === true;
  const aggregations = AGGREGATIONS.filter((agg) => counts === (agg === 'rate' || agg === 'increase'));
  return aggregations.map((agg) =>
    aRule({
      name: `${metric}_${agg}`,
      op: agg === 'zeroIn' ? '<' : '>=',
      query: { metric, agg, windowMs: agg === 'last' ? 0 : 300_000 },
      levels: [
        { severity: 'warning', threshold: 1.5, recovery: 1 },
        { severity: 'critical', threshold: 1e21, recovery: 1e21 },
      ],
      scope: [{ name: 'host', value: 'a"\\\n', isRegex: false, isEqual: false }],
      match: { container: 'w*.b?' },
    }),
  );
});

test('every metric in every aggregation is PromQL, one rule for each level', () => {
  const said = EVERY_QUERY.map(translate);
  expect(said.filter(({ unsaid }) => unsaid !== undefined)).toEqual([]);
  expect(said.every(({ said: rules }) => rules.length === 2)).toBe(true);
  const faults = said.flatMap(({ said: rules }) =>
    rules.flatMap(({ alert, expr }) => syntaxFaults(expr).map((fault) => `${alert} ${fault}`)),
  );
  expect(faults).toEqual([]);
});

test.each([
  { name: 'switched off', over: { enabled: false }, want: 'it is switched off' },
  {
    name: 'a label that ended containers do not carry',
    over: {
      query: { metric: 'restarts', agg: 'increase', windowMs: 60_000 },
      scope: [{ name: 'label_team', value: 'a', isRegex: false, isEqual: true }],
    },
    want: 'no metric of ended containers has the label container_label_team',
  },
  {
    name: 'more than a time that PromQL has no number for',
    over: { query: { metric: 'hostDiskAvailableBytes', agg: 'zeroIn', windowMs: 60_000 }, op: '>' },
    want: 'what does not fall has no time until zero in PromQL: only < and <= can be said of zeroIn',
  },
] as const)('a rule that cannot be said is not made up: $name', ({ over, want }) => {
  expect(translate(aRule(over))).toMatchObject({ said: [], unsaid: want });
});

test.each([
  {
    name: 'missing data',
    over: { noData: 'alert' },
    want: ['noData: alert is not said: missing data ends the alert here'],
  },
  {
    name: 'a short window',
    over: { query: { metric: 'memoryWorkingSetBytes', agg: 'max', windowMs: 10_000 } },
    want: ['looks at 10s: Prometheus has to scrape every 2500ms'],
  },
  {
    name: 'what the live rules see from second to second',
    over: { query: { metric: 'cpuCores', agg: 'last', windowMs: 0 } },
    want: ['cpuCores is a rate over 1m here, and over one second in the live rule'],
  },
  { name: 'nothing', over: {}, want: [] },
] as const)('where the two differ is said: $name', ({ over, want }) => {
  expect(translate(aRule(over)).remarks).toEqual(want);
});
