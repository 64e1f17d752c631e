import { matcherText } from './matcher.ts';
import type { AlertMatch, AlertRule, Level, Query } from './rule.ts';

/** A further condition of a rule, as people write it. */
export interface ConditionSource {
  readonly metric: string;
  readonly agg?: string;
  readonly window?: DurationSource;
  readonly op: string;
  readonly threshold: Amount;
}

/** A rule as people write it, in a file or through the API; what is left out has its default. */
export interface RuleSource {
  readonly name: string;
  readonly group?: string;
  readonly enabled?: boolean;
  readonly metric: string;
  readonly agg?: string;
  readonly window?: DurationSource;
  readonly op: string;
  readonly levels?: readonly { readonly severity: string; readonly threshold: Amount; readonly recovery?: Amount }[];
  readonly threshold?: Amount;
  readonly recovery?: Amount;
  readonly severity?: string;
  readonly and?: readonly ConditionSource[];
  readonly for?: DurationSource;
  readonly keepFiringFor?: DurationSource;
  readonly noData?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly match?: AlertMatch;
  readonly scope?: readonly string[];
  readonly limit?: number;
}

/** A number in the metric's unit, or with a unit of its own: `80%`, `512MiB`. */
export type Amount = number | string;

/** `5m`; a bare number is in seconds. */
export type DurationSource = string | number;

/** `5m`, `30s`: the largest unit in which it is whole. */
export function durationText(durationMs: number): string {
  for (const [unit, size] of [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const)
    if (durationMs > 0 && durationMs % size === 0) return `${durationMs / size}${unit}`;
  return durationMs === 0 ? '0s' : `${durationMs}ms`;
}

function queryOf({ metric, agg, windowMs }: Query): Pick<RuleSource, 'metric' | 'agg' | 'window'> {
  return agg === 'last' ? { metric } : { metric, agg, window: durationText(windowMs) };
}

function levelOf({ severity, threshold, recovery }: Level): NonNullable<RuleSource['levels']>[number] {
  return { severity, threshold, ...(recovery === threshold ? {} : { recovery }) };
}

/** The rule written down again, so that a copy of it can be changed. Reading that gives the same rule, but for its id and origin. */
export function ruleSource(rule: AlertRule): RuleSource {
  const { name, group, enabled, query, op, levels, and, noData, labels, annotations, match, scope, limit } = rule;
  return {
    name,
    group,
    enabled,
    ...queryOf(query),
    op,
    levels: levels.map(levelOf),
    and: and.map((each) => ({ ...queryOf(each.query), op: each.op, threshold: each.threshold })),
    for: durationText(rule.forMs),
    keepFiringFor: durationText(rule.keepFiringForMs),
    noData,
    labels,
    annotations,
    match,
    scope: scope.map(matcherText),
    limit,
  };
}
