import { fingerprint } from './fingerprint.ts';
import type { Labels } from './matcher.ts';
import { alertLabels, SEVERITIES, type AlertRule, type Severity } from './rule.ts';
import {
  INACTIVE,
  nextAlertState,
  type AlertState,
  type AlertTiming,
  type EvaluationTime,
  type Observation,
} from './state.ts';
import type { AlertTarget } from './target.ts';

/** The state of one level. */
export interface LevelState {
  readonly severity: Severity;
  readonly state: AlertState;
}

/** A label set with its fingerprint. */
export interface Identity {
  readonly labels: Labels;
  readonly fingerprint: string;
}

/** One rule at one target. Every level lives by itself; the highest one that fires is what is shown. */
export interface Instance {
  readonly target: string;
  identities: ReadonlyMap<Severity, Identity>;
  /** What the identities were made of; `undefined` for those of an earlier process. */
  madeOf: { readonly rule: AlertRule; readonly labels: Labels } | undefined;
  levels: readonly LevelState[];
  /** Of the alert that stands for this instance. */
  shown: (Identity & { readonly severity: Severity }) | undefined;
  /** Since when no data came, by the monotonic clock. */
  missingSinceMs: number | undefined;
  /** From an earlier process: what windows held is lost. */
  readonly restored: boolean;
  pass: number;
}

export function identitiesOf(rule: AlertRule, target: AlertTarget): ReadonlyMap<Severity, Identity> {
  return new Map(
    rule.levels.map(({ severity }) => {
      const labels = alertLabels(rule, target, severity);
      return [severity, { labels, fingerprint: fingerprint(labels) }];
    }),
  );
}

/** The states of an edited rule's levels: a severity that stays keeps its state. */
export function remapLevels(rule: AlertRule, levels: readonly LevelState[]): readonly LevelState[] {
  return rule.levels.map(({ severity }) => ({
    severity,
    state: levels.find((level) => level.severity === severity)?.state ?? INACTIVE,
  }));
}

/** Moves every level on; `observe` says what was seen of one. The same array when nothing changed. */
export function stepLevels(
  levels: readonly LevelState[],
  observe: (level: LevelState, index: number) => Observation,
  rule: { readonly timing: AlertTiming; readonly time: EvaluationTime },
): readonly LevelState[] {
  const next = levels.map((level, index) => {
    const state = nextAlertState(level.state, observe(level, index), rule);
    return state === level.state ? level : { severity: level.severity, state };
  });
  return next.some((level, index) => level !== levels[index]) ? next : levels;
}

/** The level that stands for all: the most severe that fires, else the most severe that is pending. */
export function leadingLevel(levels: readonly LevelState[]): LevelState | undefined {
  const ofKind = (kind: AlertState['kind']): LevelState | undefined =>
    levels
      .filter(({ state }) => state.kind === kind)
      .reduce<LevelState | undefined>(
        (best, level) => (best === undefined || worse(level, best) ? level : best),
        undefined,
      );
  return ofKind('firing') ?? ofKind('pending');
}

function worse(a: LevelState, b: LevelState): boolean {
  return SEVERITIES.indexOf(a.severity) > SEVERITIES.indexOf(b.severity);
}
