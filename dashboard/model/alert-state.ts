/** Why a firing alert ended. */
export const RESOLVED_REASONS = [
  'recovered',
  'container is gone',
  'host is gone',
  'rule was changed or removed',
  'its labels changed',
] as const;
export type ResolvedReason = (typeof RESOLVED_REASONS)[number];

interface Life {
  readonly activeAtUnixMs: number;
  /** How long the condition has been seen to hold, milliseconds. Time without data is not in it. */
  readonly heldMs: number;
  /** How long the condition has been seen not to hold while firing, milliseconds; `undefined` while it holds. */
  readonly clearMs: number | undefined;
  readonly noData: boolean;
  readonly value: number;
}

/** What one alert is in; `inactive` leaves no trace. */
export type AlertState =
  | { readonly kind: 'inactive' }
  | ({ readonly kind: 'pending' } & Life)
  | ({ readonly kind: 'firing'; readonly firedAtUnixMs: number } & Life)
  | ({
      readonly kind: 'resolved';
      readonly firedAtUnixMs: number;
      readonly resolvedAtUnixMs: number;
      readonly reason: ResolvedReason;
    } & Life);

export const INACTIVE: AlertState = { kind: 'inactive' };

/** What one evaluation saw of the alert's target. */
export type Observation =
  /** The condition was decided. */
  | { readonly kind: 'sample'; readonly holds: boolean; readonly value: number }
  /** Nothing new is known; `noData` when its host stopped reporting. */
  | { readonly kind: 'unknown'; readonly noData: boolean }
  /** It will not come back under this identity. */
  | { readonly kind: 'ended'; readonly reason: ResolvedReason };

export interface EvaluationTime {
  /** Since the last evaluation, by a monotonic clock, milliseconds; 0 when that time cannot be trusted. */
  readonly elapsedMs: number;
  readonly nowUnixMs: number;
}

export interface AlertTiming {
  readonly forMs: number;
  readonly keepFiringForMs: number;
}

/** An evaluation that comes this late counts no time: the process stood still and saw nothing in between. */
export const MAX_EVALUATION_GAP_MS = 5000;

/** The time between two evaluations that may count as "the condition held", milliseconds. */
export function trustedElapsedMs(sinceLastMs: number): number {
  return sinceLastMs >= 0 && sinceLastMs <= MAX_EVALUATION_GAP_MS ? sinceLastMs : 0;
}

type Active = Extract<AlertState, { kind: 'pending' | 'firing' }>;

function fireWhenDue(
  pending: Extract<AlertState, { kind: 'pending' }>,
  timing: AlertTiming,
  nowUnixMs: number,
): AlertState {
  if (pending.heldMs < timing.forMs) return pending;
  return { ...pending, kind: 'firing', firedAtUnixMs: nowUnixMs };
}

function activate(value: number, timing: AlertTiming, nowUnixMs: number): AlertState {
  const fresh = {
    kind: 'pending',
    activeAtUnixMs: nowUnixMs,
    heldMs: 0,
    clearMs: undefined,
    noData: false,
    value,
  } as const;
  return fireWhenDue(fresh, timing, nowUnixMs);
}

function resolve(
  firing: Extract<AlertState, { kind: 'firing' }>,
  reason: ResolvedReason,
  nowUnixMs: number,
): AlertState {
  return { ...firing, kind: 'resolved', resolvedAtUnixMs: nowUnixMs, reason, noData: false };
}

function nextOfActive(
  state: Active,
  sample: Extract<Observation, { kind: 'sample' }>,
  { timing, time }: { readonly timing: AlertTiming; readonly time: EvaluationTime },
): AlertState {
  const seen = { value: sample.value, noData: false };
  if (state.kind === 'pending') {
    if (!sample.holds) return INACTIVE;
    return fireWhenDue({ ...state, ...seen, heldMs: state.heldMs + time.elapsedMs }, timing, time.nowUnixMs);
  }
  if (sample.holds) return { ...state, ...seen, heldMs: state.heldMs + time.elapsedMs, clearMs: undefined };
  // The first clear evaluation starts the clock of keepFiringFor; the time before it still belonged to the condition.
  const clearMs = state.clearMs === undefined ? 0 : state.clearMs + time.elapsedMs;
  if (clearMs >= timing.keepFiringForMs) return resolve({ ...state, ...seen, clearMs }, 'recovered', time.nowUnixMs);
  return { ...state, ...seen, clearMs };
}

/**
 * One evaluation of one alert, with Prometheus' semantics: pending at the first evaluation that holds, firing when it has held
 * for at least `for`, dropped from pending at once, resolved after `keepFiringFor`. Unlike Prometheus, a missing value freezes
 * the state instead of resolving it.
 */
export function nextAlertState(
  state: AlertState,
  observation: Observation,
  rule: { readonly timing: AlertTiming; readonly time: EvaluationTime },
): AlertState {
  const { nowUnixMs } = rule.time;
  switch (observation.kind) {
    case 'ended':
      if (state.kind === 'pending') return INACTIVE;
      return state.kind === 'firing' ? resolve(state, observation.reason, nowUnixMs) : state;
    case 'unknown':
      if (state.kind !== 'pending' && state.kind !== 'firing') return state;
      return state.noData === observation.noData ? state : { ...state, noData: observation.noData };
    case 'sample':
      if (state.kind === 'pending' || state.kind === 'firing') return nextOfActive(state, observation, rule);
      return observation.holds ? activate(observation.value, rule.timing, nowUnixMs) : state;
  }
}
