import { isRecovering, type Alert, type LivingState, type ResolvedState } from './alert.ts';
import { withTransition, type Transition } from './flap.ts';
import type { Identity, LevelState } from './instance.ts';
import type { AlertRule, Severity } from './rule.ts';
import { renderTemplate } from './template.ts';

/** What an alert is made of. */
export interface AlertParts {
  readonly rule: AlertRule;
  readonly target: string;
  readonly identity: Identity & { readonly severity: Severity };
  readonly state: Extract<LivingState, { kind: 'pending' | 'firing' }>;
  readonly levels: readonly LevelState[];
  /** The alert of the same label set as it was. */
  readonly old: Alert | undefined;
  readonly nowUnixMs: number;
}

/** An active alert as it is after one evaluation. */
export function composeAlert({ rule, target, identity, state, levels, old, nowUnixMs }: AlertParts): Alert {
  const { fingerprint, labels, severity } = identity;
  const level = rule.levels.find((each) => each.severity === severity) ?? rule.levels[0];
  return {
    fingerprint,
    labels,
    severity,
    target,
    state,
    levels,
    ruleId: rule.id,
    rule: rule.name,
    metric: rule.query.metric,
    op: rule.op,
    threshold: level.threshold,
    forMs: rule.forMs,
    annotations: annotationsOf(rule, { labels, state, old }),
    noDataSinceUnixMs: state.noData ? (old?.noDataSinceUnixMs ?? nowUnixMs) : undefined,
    before: state.kind === 'pending' ? beforeOf(old) : undefined,
    transitions: transitionsOf(old, state, nowUnixMs),
    flapping: old?.flapping ?? false,
  };
}

/** Whether an alert is in another state than before; a new value alone is none. */
export function isOtherState(old: Alert | undefined, alert: Alert): boolean {
  if (old?.state.kind !== alert.state.kind) return true;
  return old.state.noData !== alert.state.noData || isRecovering(old) !== isRecovering(alert);
}

function beforeOf(old: Alert | undefined): ResolvedState | undefined {
  return old?.state.kind === 'resolved' ? old.state : old?.before;
}

function transitionsOf(old: Alert | undefined, state: LivingState, atUnixMs: number): readonly Transition[] {
  const known = old?.transitions ?? [];
  if (old?.state.kind === 'resolved' && old.state.reason === 'severity_changed') return known;
  return state.kind === 'firing' && old?.state.kind !== 'firing'
    ? withTransition(known, { atUnixMs, to: 'firing' })
    : known;
}

/** Annotations say the last value at which the condition held, also after it resolved. */
function annotationsOf(
  rule: AlertRule,
  { labels, state, old }: { labels: Alert['labels']; state: LivingState; old: Alert | undefined },
): Alert['annotations'] {
  const alarmed = state.noData && Number.isNaN(state.value);
  if (state.noData && !alarmed && old !== undefined) return old.annotations;
  const values = { labels, value: state.value };
  const rendered = Object.entries(rule.annotations).map(
    ([name, text]) => [name, renderTemplate(text, values)] as const,
  );
  return Object.fromEntries(alarmed ? [...rendered, ['reason', 'NoData']] : rendered);
}
