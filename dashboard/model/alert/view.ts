import type { AlertView, RuleView } from '../../wire.ts';
import { isRecovering, type Alert } from './alert.ts';
import type { RuleHealth } from './rule-run.ts';
import type { AlertRule } from './rule.ts';

/** What is known around an alert: `delivery` is one sentence on its notification. */
export type AlertSurroundings = Pick<AlertView, 'delivery' | 'acknowledgedBy' | 'nodeId' | 'series'>;

/** An alert as the page and the API show it. */
export function alertView(alert: Alert, { delivery, acknowledgedBy, ...place }: AlertSurroundings): AlertView {
  const { state } = alert;
  return {
    fingerprint: alert.fingerprint,
    rule: alert.rule,
    state: isRecovering(alert) ? 'recovering' : state.kind,
    labels: alert.labels,
    annotations: alert.annotations,
    severity: alert.severity,
    metric: alert.metric,
    value: Number.isNaN(state.value) ? undefined : state.value,
    threshold: alert.threshold,
    forMs: alert.forMs,
    activeAtUnixMs: state.activeAtUnixMs,
    firedAtUnixMs: state.kind === 'pending' ? undefined : state.firedAtUnixMs,
    resolvedAtUnixMs: state.kind === 'resolved' ? state.resolvedAtUnixMs : undefined,
    resolvedBecause: state.kind === 'resolved' ? state.reason : undefined,
    noData: state.noData,
    flapping: alert.flapping,
    ...place,
    ...(acknowledgedBy === undefined ? {} : { acknowledgedBy }),
    delivery,
  };
}

const STATES = { firing: 0, pending: 1, resolved: 2 } as const;
const SEVERITIES = { critical: 0, warning: 1, info: 2 } as const;

/** Firing before pending before resolved, worse before better, then newest first. */
export function alertOrder(a: Alert, b: Alert): number {
  return (
    STATES[a.state.kind] - STATES[b.state.kind] ||
    SEVERITIES[a.severity] - SEVERITIES[b.severity] ||
    b.state.activeAtUnixMs - a.state.activeAtUnixMs ||
    (a.fingerprint < b.fingerprint ? -1 : 1)
  );
}

/** A rule as the page lists it: the mildest of its levels stands for the threshold. */
export function ruleView(rule: AlertRule, health: RuleHealth): RuleView {
  const { id, name, query, op, levels, forMs, origin, enabled } = rule;
  const [{ threshold, severity }] = levels;
  const { state, message } = health;
  const shown = { id, name, metric: query.metric, agg: query.agg, windowMs: query.windowMs, op, threshold, severity };
  return { ...shown, forMs, enabled, origin: origin.kind, health: state, healthMessage: message };
}
