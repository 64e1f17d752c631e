import type { Transition } from './flap.ts';
import type { Labels } from './matcher.ts';
import type { AlertMetric } from './metric.ts';
import type { AlertOperator, Severity } from './rule.ts';
import type { LevelState } from './instance.ts';
import type { AlertState } from './state.ts';

export type LivingState = Exclude<AlertState, { kind: 'inactive' }>;
export type ResolvedState = Extract<AlertState, { kind: 'resolved' }>;

/** One alert: a rule that looked at a target and saw its condition hold. It is its label set. */
export interface Alert {
  readonly fingerprint: string;
  readonly ruleId: string;
  /** The rule's name. */
  readonly rule: string;
  /** The target's key, `<nodeId>/…` where it belongs to a host. */
  readonly target: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly severity: Severity;
  readonly metric: AlertMetric;
  readonly op: AlertOperator;
  readonly threshold: number;
  readonly forMs: number;
  /** Since when its host does not report; `undefined` while it does. */
  readonly noDataSinceUnixMs: number | undefined;
  readonly state: LivingState;
  /** Every level's own state, in the order of the rule's levels: a severity rises only after its own `for`. */
  readonly levels: readonly LevelState[];
  /** How its last episode ended, while a new one is pending: a receiver may still have to be told. */
  readonly before: ResolvedState | undefined;
  readonly transitions: readonly Transition[];
  readonly flapping: boolean;
}

/** A firing alert whose condition is over, for as long as it is kept firing. */
export function isRecovering({ state }: Pick<Alert, 'state'>): boolean {
  return state.kind === 'firing' && state.clearMs !== undefined;
}
