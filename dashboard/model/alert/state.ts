/** Why a firing alert ended. */
export const RESOLVED_REASONS = [
  /** The value came back. */
  'recovered',
  /** What it was about ended, while its host went on reporting. */
  'target_gone',
  /** Its host was silent for a day. */
  'stale',
  /** No data came, and its rule says that this is well. */
  'no_data',
  /** The same trouble goes on under another severity. */
  'severity_changed',
  /** Its target is known by other labels now. */
  'labels_changed',
  'rule_changed',
  'rule_deleted',
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
  /** The condition was decided: `holds` against the threshold, `stays` against the recovery of what fires. */
  | { readonly kind: 'sample'; readonly holds: boolean; readonly stays: boolean; readonly value: number }
  /** Its data is missing for long enough, and its rule takes that for trouble: fires without waiting. */
  | { readonly kind: 'alarm' }
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

/** Between two evaluations, milliseconds. */
export const EVALUATION_INTERVAL_MS = 1000;

/** An evaluation that comes later than this counts no time: the process stood still and saw nothing in between. */
export const MAX_EVALUATION_GAP_MS = Math.max(4 * EVALUATION_INTERVAL_MS, 60_000);

/** The time between two evaluations that may count as "the condition held", milliseconds. */
export function trustedElapsedMs(sinceLastMs: number): number {
  return sinceLastMs >= 0 && sinceLastMs <= MAX_EVALUATION_GAP_MS ? sinceLastMs : 0;
}

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

function resolve(firing: Firing, reason: ResolvedReason, nowUnixMs: number): AlertState {
  return { ...firing, kind: 'resolved', resolvedAtUnixMs: nowUnixMs, reason, noData: false };
}

type Sample = Extract<Observation, { kind: 'sample' }>;
type Firing = Extract<AlertState, { kind: 'firing' }>;

interface Evaluated {
  readonly timing: AlertTiming;
  readonly time: EvaluationTime;
}

function nextOfPending(
  state: Extract<AlertState, { kind: 'pending' }>,
  { holds, value }: Sample,
  { timing, time }: Evaluated,
): AlertState {
  if (!holds) return INACTIVE;
  return fireWhenDue({ ...state, value, noData: false, heldMs: state.heldMs + time.elapsedMs }, timing, time.nowUnixMs);
}

function nextOfFiring(state: Firing, { stays, value }: Sample, { timing, time }: Evaluated): AlertState {
  const seen = { value, noData: false };
  if (stays) {
    const heldMs = state.heldMs + time.elapsedMs;
    // Its rule now asks for more time than it has held: back to waiting, as if it had been so from the start.
    if (heldMs < timing.forMs) return { ...life(state), ...seen, kind: 'pending', heldMs, clearMs: undefined };
    return { ...state, ...seen, heldMs, clearMs: undefined };
  }
  // The first clear evaluation starts the clock of keepFiringFor; the time before it still belonged to the condition.
  const clearMs = state.clearMs === undefined ? 0 : state.clearMs + time.elapsedMs;
  if (clearMs >= timing.keepFiringForMs) return resolve({ ...state, ...seen, clearMs }, 'recovered', time.nowUnixMs);
  return { ...state, ...seen, clearMs };
}

function life({ activeAtUnixMs, heldMs, clearMs, noData, value }: Life): Life {
  return { activeAtUnixMs, heldMs, clearMs, noData, value };
}

function sampled(state: AlertState, sample: Sample, rule: Evaluated): AlertState {
  switch (state.kind) {
    case 'pending':
      return nextOfPending(state, sample, rule);
    case 'firing':
      return nextOfFiring(state, sample, rule);
    case 'inactive':
    case 'resolved':
      return sample.holds ? activate(sample.value, rule.timing, rule.time.nowUnixMs) : state;
  }
}

function alarmed(state: AlertState, { timing, time }: Evaluated): AlertState {
  if (state.kind === 'firing') return state.noData ? state : { ...state, noData: true, clearMs: undefined };
  const { nowUnixMs } = time;
  const activeAtUnixMs = state.kind === 'pending' ? state.activeAtUnixMs : nowUnixMs;
  const seen = { activeAtUnixMs, heldMs: timing.forMs, clearMs: undefined, noData: true, value: Number.NaN };
  return { kind: 'firing', firedAtUnixMs: nowUnixMs, ...seen };
}

/**
 * One evaluation of one alert, with Prometheus' semantics: pending at the first evaluation that holds, firing when it has held
 * for at least `for`, dropped from pending at once, resolved after `keepFiringFor`. Unlike Prometheus, a missing value freezes
 * the state instead of resolving it, and a firing alert clears at its recovery threshold.
 */
export function nextAlertState(state: AlertState, observation: Observation, rule: Evaluated): AlertState {
  const { nowUnixMs } = rule.time;
  switch (observation.kind) {
    case 'ended':
      if (state.kind === 'pending') return INACTIVE;
      return state.kind === 'firing' ? resolve(state, observation.reason, nowUnixMs) : state;
    case 'unknown':
      if (state.kind !== 'pending' && state.kind !== 'firing') return state;
      return state.noData === observation.noData ? state : { ...state, noData: observation.noData };
    case 'alarm':
      return alarmed(state, rule);
    case 'sample':
      return sampled(state, observation, rule);
  }
}
