import { type AlertRule, type Condition, type Level, type Query } from '../../model/alert/rule.ts';
import { framed, identityOf, labelsNotCarried, scopeOf, selfLabelOf, type Scope } from './carrier-frame.ts';
import { SAYINGS } from './metric-saying.ts';
import { durationText, indented, selector } from './promql.ts';
import { MOMENT, queryText } from './query-text.ts';

/** One alerting rule as Prometheus reads it. */
export interface PrometheusRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A live rule in Prometheus' words, or why there is none; `remarks` tell where the two differ. */
export interface Translation {
  readonly rule: AlertRule;
  /** One for each level. */
  readonly said: readonly PrometheusRule[];
  readonly unsaid: string | undefined;
  readonly remarks: readonly string[];
}

/** With fewer scrapes in its window than four, a rate is often unknown. */
const SCRAPES_IN_WINDOW = 4;

function reasonAgainst(rule: AlertRule, scope: Scope): string | undefined {
  const { query, op, enabled } = rule;
  if (!enabled) return 'it is switched off';
  const missing = labelsNotCarried(SAYINGS[query.metric].carrier, scope);
  if (missing.length > 0) return `no metric of ended containers has the label ${missing.join(', ')}`;
  const falling = [{ query, op }, ...rule.and].every(
    (each) => each.query.agg !== 'zeroIn' || each.op === '<' || each.op === '<=',
  );
  return falling
    ? undefined
    : 'what does not fall has no time until zero in PromQL: only < and <= can be said of zeroIn';
}

const isShort = ({ agg, windowMs }: Query): boolean => agg !== 'last' && windowMs < 60_000;

function remarksOn({ query, and, noData, annotations }: AlertRule): readonly string[] {
  const queries = [query, ...and.map((condition) => condition.query)];
  const short = queries.filter(isShort).map(({ windowMs }) => windowMs);
  const moments = queries.filter(({ metric, agg }) => SAYINGS[metric].kind === 'rate' && agg !== 'avg');
  return [
    ...short.map(
      (windowMs) =>
        `looks at ${durationText(windowMs)}: Prometheus has to scrape every ${durationText(windowMs / SCRAPES_IN_WINDOW)}`,
    ),
    ...moments.map(({ metric }) => `${metric} is a rate over ${MOMENT} here, and over one second in the live rule`),
    ...(Object.values(annotations).some((text) => text.includes('humanize1024'))
      ? ['humanize1024 writes ki here where the dashboard writes Ki']
      : []),
    ...(noData === 'alert' ? ['noData: alert is not said: missing data ends the alert here'] : []),
  ];
}

function valueOf(query: Query, rule: AlertRule, op: string): string {
  const saying = SAYINGS[query.metric];
  const { carrier } = saying;
  const scope = scopeOf(rule);
  const matched = (metric: string): string => (carrier === 'life' ? selector(metric, scope.container) : metric);
  const worse = op.startsWith('<') ? 'min' : 'max';
  return framed(queryText(query, saying, matched), { carrier, scope, identity: identityOfRule(rule), worse });
}

function identityOfRule({ query: { metric } }: AlertRule): readonly string[] {
  return identityOf(SAYINGS[metric].carrier, selfLabelOf(metric));
}

/** Once it fires it stays until the value is past recovery: Prometheus knows what fired by its own series. */
function leveled(rule: AlertRule, { severity, threshold, recovery }: Level): string {
  const value = valueOf(rule.query, rule, rule.op);
  const begins = `${value} ${rule.op} ${threshold}`;
  if (recovery === threshold) return begins;
  const firing = `ALERTS{alertname="${rule.name}", alertstate="firing", severity="${severity}"}`;
  return `${begins}\nor\n(\n${indented(`${value} ${rule.op} ${recovery}`)}\n  and on (${identityOfRule(rule).join(', ')}) ${firing}\n)`;
}

function further(rule: AlertRule, { query, op, threshold }: Condition): string {
  const on = `and on (${identityOfRule(rule).join(', ')})`;
  return `${on} (\n${indented(`${valueOf(query, rule, op)} ${op} ${threshold}`)}\n)`;
}

function expression(rule: AlertRule, level: Level): string {
  const main = leveled(rule, level);
  if (rule.and.length === 0) return main;
  return [`(\n${indented(main)}\n)`, ...rule.and.map((condition) => further(rule, condition))].join('\n');
}

function ruleOf(rule: AlertRule, level: Level): PrometheusRule {
  const { forMs, keepFiringForMs } = rule;
  return {
    alert: rule.name,
    expr: expression(rule, level),
    ...(forMs > 0 ? { for: durationText(forMs) } : {}),
    ...(keepFiringForMs > 0 ? { keep_firing_for: durationText(keepFiringForMs) } : {}),
    labels: { ...rule.labels, severity: level.severity },
    annotations: rule.annotations,
  };
}

/** Says a live rule in PromQL: the same labels, thresholds, times and texts. */
export function translate(rule: AlertRule): Translation {
  const unsaid = reasonAgainst(rule, scopeOf(rule));
  if (unsaid !== undefined) return { rule, unsaid, said: [], remarks: [] };
  return {
    rule,
    unsaid,
    said: rule.levels.map((level) => ruleOf(rule, level)),
    remarks: remarksOn(rule),
  };
}
