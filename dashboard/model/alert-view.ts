import type { AlertView, RuleView } from '../wire.ts';
import type { Alert } from './alert-book.ts';
import type { AlertRule } from './alert-rule.ts';

/** An alert as the page and the API show it; `delivery` is one sentence on its notification. */
export function alertView(alert: Alert, delivery: string): AlertView {
  const { state } = alert;
  return {
    fingerprint: alert.fingerprint,
    rule: alert.rule,
    state: state.kind,
    labels: alert.labels,
    annotations: alert.annotations,
    severity: alert.severity,
    metric: alert.metric,
    value: state.value,
    threshold: alert.threshold,
    forMs: alert.forMs,
    activeAtUnixMs: state.activeAtUnixMs,
    firedAtUnixMs: state.kind === 'pending' ? undefined : state.firedAtUnixMs,
    resolvedAtUnixMs: state.kind === 'resolved' ? state.resolvedAtUnixMs : undefined,
    noData: state.noData,
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

export function ruleView(rule: AlertRule): RuleView {
  const { name, metric, op, threshold, forMs, severity } = rule;
  return { name, metric, op, threshold, forMs, severity };
}
