import type { AlertRule, Query } from '../../dashboard/model/alert/rule.ts';
import { STARTER_RULES } from '../../dashboard/model/alert/starter-rules.ts';

/** No starter rule looks further back, or waits longer, than this in a test, milliseconds. */
const WINDOW_MS = 10_000;
const WAIT_MS = 2000;

export interface QuickRule {
  /** In the place of the rule's own, for what a test must not drive as far as it goes in earnest. */
  readonly threshold?: number;
  readonly windowMs?: number;
}

const seconds = (ms: number): string => `${ms / 1000}s`;

function queryOf({ metric, agg, windowMs }: Query, own: QuickRule = {}): object {
  return { metric, agg, ...(windowMs === 0 ? {} : { window: seconds(own.windowMs ?? Math.min(windowMs, WINDOW_MS)) }) };
}

function quick(rule: AlertRule, own: QuickRule = {}): object {
  const { name, op, levels, and, forMs, keepFiringForMs, annotations } = rule;
  return {
    name,
    ...queryOf(rule.query, own),
    op,
    levels: levels.map(({ severity, threshold, recovery }) => ({
      severity,
      threshold: own.threshold ?? threshold,
      recovery: own.threshold ?? recovery,
    })),
    and: and.map((condition) => ({ ...queryOf(condition.query), op: condition.op, threshold: condition.threshold })),
    for: seconds(Math.min(forMs, WAIT_MS)),
    keepFiringFor: seconds(Math.min(keepFiringForMs, WAIT_MS)),
    annotations,
  };
}

/** A rules file with the twelve starter rules, metric by metric and threshold by threshold, in a time that a test can wait for. */
export function quickStarterRules(own: Readonly<Record<string, QuickRule>> = {}): string {
  return JSON.stringify({ rules: STARTER_RULES.map((rule) => quick(rule, own[rule.name])) });
}
