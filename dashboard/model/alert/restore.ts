import type { Alert } from './alert.ts';
import { EVALUATION_INTERVAL_MS, type AlertState } from './state.ts';

/** After an outage of more than this nobody knows whether a pending condition went on, milliseconds. */
export const OUTAGE_TOLERANCE_MS = 3_600_000;

const MAX_GRACE_MS = 600_000;

/** A pending alert has at least this long to go after a restart: its data must have arrived first. */
function graceMs(forMs: number): number {
  return Math.min(MAX_GRACE_MS, Math.max(2 * EVALUATION_INTERVAL_MS, forMs / 4));
}

function restoredState(state: AlertState, forMs: number): AlertState {
  if (state.kind !== 'pending') return state;
  const grace = graceMs(forMs);
  const left = forMs - state.heldMs;
  // The time that the process was away is in no `for`: what it had held before counts.
  return left > 0 && left < grace ? { ...state, heldMs: Math.max(0, forMs - grace) } : state;
}

/**
 * Alerts of an earlier process as this one begins with them. What fired goes on firing whatever the outage: a receiver that was
 * told of it must hear of its end. @see Prometheus' `rules/group.go`, RestoreForState
 */
export function restoreAlerts(
  alerts: readonly Alert[],
  { downAtUnixMs, nowUnixMs }: { readonly downAtUnixMs: number | undefined; readonly nowUnixMs: number },
): readonly Alert[] {
  const outageMs = downAtUnixMs === undefined ? 0 : nowUnixMs - downAtUnixMs;
  return alerts.flatMap((alert) => {
    if (alert.state.kind === 'resolved') return [alert];
    if (alert.state.kind === 'pending' && outageMs > OUTAGE_TOLERANCE_MS)
      return alert.before === undefined ? [] : [{ ...alert, state: alert.before, before: undefined, levels: [] }];
    const levels = alert.levels.map(({ severity, state }) => ({ severity, state: restoredState(state, alert.forMs) }));
    const state = restoredState(alert.state, alert.forMs);
    return state.kind === 'inactive' ? [] : [{ ...alert, state, levels }];
  });
}
