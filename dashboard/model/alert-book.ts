import {
  alertLabels,
  conditionHolds,
  metricOf,
  ruleTakes,
  type AlertMetric,
  type AlertRule,
  type AlertTarget,
  type Severity,
} from './alert-rule.ts';
import {
  INACTIVE,
  nextAlertState,
  trustedElapsedMs,
  type AlertState,
  type EvaluationTime,
  type Observation,
  type ResolvedReason,
} from './alert-state.ts';
import { FORGET_AFTER_MS, type Cluster } from './cluster.ts';
import { fingerprint } from './fingerprint.ts';
import { renderTemplate } from './template.ts';

export type LivingState = Exclude<AlertState, { kind: 'inactive' }>;
export type ResolvedState = Extract<AlertState, { kind: 'resolved' }>;

/** One alert: a rule that looked at a container and saw its condition hold. */
export interface Alert {
  readonly fingerprint: string;
  readonly rule: string;
  /** The container's key in the view, `<nodeId>/<container key>`. */
  readonly target: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly severity: Severity;
  readonly metric: AlertMetric;
  readonly threshold: number;
  readonly forMs: number;
  /** Since when its host does not report; `undefined` while it does. */
  readonly noDataSinceUnixMs: number | undefined;
  readonly state: LivingState;
  /** How its last episode ended, while a new one is pending: a receiver may still have to be told. */
  readonly before: ResolvedState | undefined;
}

/** A resolved alert is shown for this long, milliseconds. */
export const RESOLVED_RETENTION_MS = 15 * 60_000;

/** Alerts that are kept at most; what fires stays, further ones are refused and counted. */
export const MAX_ALERTS = 5000;

/** What one evaluation changed. */
export interface Evaluation {
  /** Alerts whose state is another one now. */
  readonly changed: readonly Alert[];
  /** Fingerprints of alerts that are no more. */
  readonly removed: readonly string[];
  /** Targets that would have made an alert with the label set of another target's. */
  readonly duplicates: number;
  /** New alerts that were refused, because there are too many. */
  readonly refused: number;
}

/**
 * Holds every alert and evaluates all rules over a cluster. Invariant: at most one alert per fingerprint, and at most one
 * active alert per rule and target.
 */
export class AlertBook {
  readonly #rules: readonly AlertRule[];
  readonly #alerts = new Map<string, Alert>();
  /** Fingerprints of the active ones by rule and target. */
  readonly #active = new Map<string, string>();
  #lastMonotonicMs: number | undefined;
  #revision = -1;

  constructor(rules: readonly AlertRule[], restored: readonly Alert[]) {
    this.#rules = rules;
    for (const alert of restored) this.#put(alert);
  }

  get alerts(): readonly Alert[] {
    return [...this.#alerts.values()];
  }

  /** The alert with this identity, whatever its state. */
  get(identity: string): Alert | undefined {
    return this.#alerts.get(identity);
  }

  /** Evaluates every rule once. `owed` says whether a receiver still waits to be told that an alert resolved. */
  evaluate(
    cluster: Cluster,
    now: { readonly nowUnixMs: number; readonly monotonicMs: number; readonly owed: (alert: Alert) => boolean },
  ): Evaluation {
    const elapsedMs =
      this.#lastMonotonicMs === undefined ? 0 : trustedElapsedMs(now.monotonicMs - this.#lastMonotonicMs);
    this.#lastMonotonicMs = now.monotonicMs;
    const pass = new Pass({ elapsedMs, nowUnixMs: now.nowUnixMs });
    const relabelled = cluster.revision !== this.#revision;
    this.#revision = cluster.revision;
    for (const alert of this.alerts) this.#follow(alert, { cluster, pass, relabelled });
    for (const rule of this.#rules) this.#discover(rule, cluster, pass);
    this.#forget(now, pass);
    return pass;
  }

  /** Moves one active alert on. */
  #follow(
    alert: Alert,
    { cluster, pass, relabelled }: { readonly cluster: Cluster; readonly pass: Pass; readonly relabelled: boolean },
  ): void {
    if (alert.state.kind === 'resolved') return;
    const rule = this.#rules.find(({ name }) => name === alert.rule);
    const observation = observe(alert, { rule, cluster, relabelled, nowUnixMs: pass.time.nowUnixMs });
    this.#advance(alert, { rule, observation, pass });
  }

  #advance(
    alert: Alert,
    { rule, observation, pass }: { rule: AlertRule | undefined; observation: Observation; pass: Pass },
  ): void {
    const timing = rule ?? { forMs: alert.forMs, keepFiringForMs: 0 };
    const state = nextAlertState(alert.state, observation, { timing, time: pass.time });
    if (state === alert.state) return;
    if (state.kind === 'inactive') {
      this.#takeBack(alert, pass);
      return;
    }
    const silent = state.noData ? (alert.noDataSinceUnixMs ?? pass.time.nowUnixMs) : undefined;
    const before = state.kind === 'pending' ? alert.before : undefined;
    const next = { ...alert, ...renderedWith(rule, alert, state), noDataSinceUnixMs: silent, state, before };
    this.#put(next);
    if (state.kind !== alert.state.kind || state.noData !== alert.state.noData) pass.changed.push(next);
  }

  /** A pending alert came to nothing: what was resolved before is shown (and told) again, or nothing is left. */
  #takeBack(alert: Alert, pass: Pass): void {
    this.#drop(alert);
    if (alert.before === undefined) {
      pass.removed.push(alert.fingerprint);
      return;
    }
    const restored = { ...alert, state: alert.before, before: undefined };
    this.#put(restored);
    pass.changed.push(restored);
  }

  /** Finds targets whose condition holds and that have no active alert yet. */
  #discover(rule: AlertRule, cluster: Cluster, pass: Pass): void {
    for (const target of liveTargets(cluster)) {
      const value = metricOf(rule, target.row);
      if (conditionHolds(rule, value) !== true) continue;
      if (this.#active.has(activeKey(rule.name, target.row.key)) || !ruleTakes(rule.match, target)) continue;
      this.#activate(rule, target, { value, pass });
    }
  }

  #activate(rule: AlertRule, target: AlertTarget, { value, pass }: { value: number; pass: Pass }): void {
    const labels = alertLabels(rule, target);
    const identity = fingerprint(labels);
    const known = this.#alerts.get(identity);
    if (known !== undefined && known.state.kind !== 'resolved') {
      pass.duplicates += 1;
      return;
    }
    if (known === undefined && this.#alerts.size >= MAX_ALERTS) {
      pass.refused += 1;
      return;
    }
    const state = nextAlertState(INACTIVE, { kind: 'sample', holds: true, value }, { timing: rule, time: pass.time });
    if (state.kind === 'inactive') return;
    const { metric, threshold, forMs, severity } = rule;
    const bare = { fingerprint: identity, rule: rule.name, target: target.row.key, labels, annotations: {} };
    const before = state.kind === 'pending' && known?.state.kind === 'resolved' ? known.state : undefined;
    const alert: Alert = { ...bare, metric, threshold, forMs, severity, noDataSinceUnixMs: undefined, state, before };
    const rendered = { ...alert, ...renderedWith(rule, alert, state) };
    this.#put(rendered);
    pass.changed.push(rendered);
  }

  #forget({ nowUnixMs, owed }: { nowUnixMs: number; owed: (alert: Alert) => boolean }, pass: Pass): void {
    for (const alert of this.alerts) {
      const { state } = alert;
      if (state.kind !== 'resolved' || nowUnixMs - state.resolvedAtUnixMs < RESOLVED_RETENTION_MS || owed(alert))
        continue;
      this.#drop(alert);
      pass.removed.push(alert.fingerprint);
    }
  }

  #put(alert: Alert): void {
    this.#alerts.set(alert.fingerprint, alert);
    const key = activeKey(alert.rule, alert.target);
    if (alert.state.kind !== 'resolved') this.#active.set(key, alert.fingerprint);
    else if (this.#active.get(key) === alert.fingerprint) this.#active.delete(key);
  }

  #drop(alert: Alert): void {
    this.#alerts.delete(alert.fingerprint);
    const key = activeKey(alert.rule, alert.target);
    if (this.#active.get(key) === alert.fingerprint) this.#active.delete(key);
  }
}

/** The books of one evaluation while it runs. */
class Pass implements Evaluation {
  readonly time: EvaluationTime;
  readonly changed: Alert[] = [];
  readonly removed: string[] = [];
  duplicates = 0;
  refused = 0;

  constructor(time: EvaluationTime) {
    this.time = time;
  }
}

function activeKey(rule: string, target: string): string {
  return `${rule}\n${target}`;
}

function* liveTargets(cluster: Cluster): Generator<AlertTarget> {
  for (const host of cluster.hosts.values()) {
    if (host.state !== 'live') continue;
    for (const row of host.feed.rows.values()) yield { hostName: host.name, row };
  }
}

interface Surroundings {
  readonly rule: AlertRule | undefined;
  readonly cluster: Cluster;
  /** Whether names or membership changed since the last evaluation. */
  readonly relabelled: boolean;
  readonly nowUnixMs: number;
}

function observe(alert: Alert, { rule, cluster, relabelled, nowUnixMs }: Surroundings): Observation {
  if (rule === undefined) return { kind: 'ended', reason: 'rule was changed or removed' };
  if (alert.noDataSinceUnixMs !== undefined && nowUnixMs - alert.noDataSinceUnixMs > FORGET_AFTER_MS)
    return { kind: 'ended', reason: 'host is gone' };
  const host = cluster.hosts.get(alert.target.slice(0, alert.target.indexOf('/')));
  // Not heard of since this process started, or stale: nothing new can be decided.
  if (host === undefined || host.state === 'stale') return { kind: 'unknown', noData: true };
  const row = cluster.find(alert.target)?.row;
  if (row === undefined) return { kind: 'ended', reason: 'container is gone' };
  const target = { hostName: host.name, row };
  const ended = relabelled ? changedReason(alert, rule, target) : undefined;
  if (ended !== undefined) return { kind: 'ended', reason: ended };
  const value = metricOf(rule, row);
  const holds = host.state === 'live' ? conditionHolds(rule, value) : undefined;
  return holds === undefined ? { kind: 'unknown', noData: false } : { kind: 'sample', holds, value };
}

/** Whether rule and target still make this alert; an alert is its labels. */
function changedReason(alert: Alert, rule: AlertRule, target: AlertTarget): ResolvedReason | undefined {
  if (!ruleTakes(rule.match, target)) return 'rule was changed or removed';
  return fingerprint(alertLabels(rule, target)) === alert.fingerprint ? undefined : 'its labels changed';
}

/** Annotations say the last value at which the condition held, also after it resolved. */
function renderedWith(
  rule: AlertRule | undefined,
  alert: Alert,
  state: LivingState,
): Pick<Alert, 'annotations' | 'threshold' | 'forMs'> {
  if (rule === undefined) return { annotations: alert.annotations, threshold: alert.threshold, forMs: alert.forMs };
  const { threshold, forMs } = rule;
  if (state.kind === 'resolved' || state.noData) return { annotations: alert.annotations, threshold, forMs };
  const values = { labels: alert.labels, value: state.value };
  const annotations = Object.fromEntries(
    Object.entries(rule.annotations).map(([name, template]) => [name, renderTemplate(template, values)]),
  );
  return { annotations, threshold, forMs };
}
