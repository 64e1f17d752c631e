import { globMatches } from './glob.ts';
import { compileMatchers, labelOf, type LabelTest, type Labels, type Matcher } from './matcher.ts';
import { metricInfo, type AlertMetric } from './metric.ts';
import { IDENTITY_LABELS, type AlertTarget, type Subject } from './target.ts';
import { renderTemplate } from './template.ts';
import type { Aggregation } from './window.ts';

export const ALERT_OPERATORS = ['>', '>=', '<', '<=', '==', '!='] as const;
export type AlertOperator = (typeof ALERT_OPERATORS)[number];

/** From mild to severe. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What missing data means: `keep` the state, take it as `ok`, or take it as an `alert`. */
export const NO_DATA_POLICIES = ['keep', 'ok', 'alert'] as const;
export type NoDataPolicy = (typeof NO_DATA_POLICIES)[number];

/** Globs over what a container is; an absent one takes everything. */
export interface AlertMatch {
  readonly host?: string | undefined;
  readonly container?: string | undefined;
  readonly image?: string | undefined;
}

/** One number of a target: a metric, or a window of it made into one. */
export interface Query {
  readonly metric: AlertMetric;
  readonly agg: Aggregation;
  /** 0 for `last`. */
  readonly windowMs: number;
}

/** A severity with its threshold; once it fires it clears only when the value no longer passes `recovery`. */
export interface Level {
  readonly severity: Severity;
  /** In the metric's unit: a ratio, cores or bytes. */
  readonly threshold: number;
  readonly recovery: number;
}

/** A further condition that must hold at the same time, without recovery of its own. */
export interface Condition {
  readonly query: Query;
  readonly op: AlertOperator;
  readonly threshold: number;
}

/** Where a rule comes from; only what the API made can be changed by it. */
export type RuleOrigin = { readonly kind: 'builtin' | 'api' } | { readonly kind: 'file'; readonly path: string };

/** One number of every target in scope, held against one threshold or several. */
export interface AlertRule {
  /** Stable across edits: an edit keeps the state of what still matches. */
  readonly id: string;
  /** Becomes the label `alertname`. */
  readonly name: string;
  readonly group: string;
  readonly origin: RuleOrigin;
  readonly enabled: boolean;
  readonly scope: readonly Matcher[];
  readonly match: AlertMatch;
  readonly query: Query;
  readonly op: AlertOperator;
  /** At least one, from mild to severe. */
  readonly levels: readonly [Level, ...Level[]];
  readonly and: readonly Condition[];
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly noData: NoDataPolicy;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Active alerts at most; further ones are refused and the rule says so. */
  readonly limit: number;
}

/** Labels that weft sets itself; a rule may not. */
export const RESERVED_LABELS = ['alertname', 'severity', ...IDENTITY_LABELS, 'rule', 'channel'] as const;

export const DEFAULT_LIMIT = 1000;

/** Compares; `undefined` for a value that is not known, which decides nothing. */
export function holds(op: AlertOperator, value: number, threshold: number): boolean | undefined {
  if (!Number.isFinite(value)) return undefined;
  switch (op) {
    case '>':
      return value > threshold;
    case '>=':
      return value >= threshold;
    case '<':
      return value < threshold;
    case '<=':
      return value <= threshold;
    case '==':
      return value === threshold;
    case '!=':
      return value !== threshold;
  }
}

export function subjectOf(rule: Pick<AlertRule, 'query'>): Subject {
  return metricInfo(rule.query.metric).subject;
}

/** The rule's choice of targets made ready. @throws {RangeError} for a regular expression that cannot be used. */
export function compileScope(rule: Pick<AlertRule, 'scope' | 'match'>): LabelTest {
  const matches = compileMatchers(rule.scope);
  const { host, container, image } = rule.match;
  const globs = Object.entries({ host, container, image }).flatMap(([name, glob]) =>
    glob === undefined ? [] : [{ name, glob }],
  );
  return (labels) => matches(labels) && globs.every(({ name, glob }) => globMatches(glob, labelOf(labels, name)));
}

/** Rules with the same choice share one list of targets. */
export function scopeKey(rule: AlertRule): string {
  return JSON.stringify([subjectOf(rule), rule.scope, rule.match]);
}

/** Most have no template in them, and there is one for each rule and target. */
function ownLabel(text: string, labels: Readonly<Record<string, string>>): string {
  return text.includes('{{') ? renderTemplate(text, { labels, value: Number.NaN }) : text;
}

/** The label set that is an alert's identity; nothing that is measured is in it. Empty labels are left out. A rule's own may be made of the target's. */
export function alertLabels(rule: AlertRule, target: AlertTarget, severity: Severity): Record<string, string> {
  const names = target.self === undefined ? IDENTITY_LABELS : Object.keys(target.labels);
  const identity = names.map((name) => [name, labelOf(target.labels, name)] as const);
  const labels = Object.fromEntries(identity);
  const own = Object.entries(rule.labels).map(([name, text]) => [name, ownLabel(text, labels)] as const);
  const all = [...own, ['alertname', rule.name], ['severity', severity], ...identity] as const;
  return Object.fromEntries(all.filter(([, value]) => value !== ''));
}
