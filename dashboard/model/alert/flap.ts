import { EVALUATION_INTERVAL_MS } from './state.ts';

/** One change of an alert between firing and resolved. */
export interface Transition {
  readonly atUnixMs: number;
  readonly to: 'firing' | 'resolved';
}

/** Transitions that are kept of one alert. */
const TRANSITIONS_KEPT = 20;

export const FLAP_WINDOW_MS = 15 * 60_000;
const FLAPPING_FROM = 4;
const STEADY_BELOW = 2;
const BACKOFF = 1.5;
const MAX_KEEP_FIRING_MS = 3_600_000;

/** Those of the last quarter of an hour; a clock that went back keeps what it cannot judge. */
function recent(transitions: readonly Transition[], nowUnixMs: number): readonly Transition[] {
  return transitions.filter(({ atUnixMs }) => nowUnixMs - atUnixMs < FLAP_WINDOW_MS);
}

export function withTransition(transitions: readonly Transition[], next: Transition): readonly Transition[] {
  return [...transitions, next].slice(-TRANSITIONS_KEPT);
}

/** Flapping from four changes within a quarter of an hour on, until fewer than two are left in it. */
export function isFlapping(was: boolean, transitions: readonly Transition[], nowUnixMs: number): boolean {
  const changes = recent(transitions, nowUnixMs).length;
  return was ? changes >= STEADY_BELOW : changes >= FLAPPING_FROM;
}

/** `5 changes in 12 min`, for the one message that says so. */
export function flapWords(transitions: readonly Transition[], nowUnixMs: number): string {
  const seen = recent(transitions, nowUnixMs);
  const since = seen[0]?.atUnixMs ?? nowUnixMs;
  return `${seen.length} changes in ${Math.max(1, Math.round((nowUnixMs - since) / 60_000))} min`;
}

/**
 * How long an alert keeps firing after it cleared: what its rule says, and half as long again for every time it came back
 * within the window, an hour at most. A quiet window sets it back.
 */
export function keepFiringMs(configuredMs: number, transitions: readonly Transition[], nowUnixMs: number): number {
  const fired = recent(transitions, nowUnixMs).filter(({ to }) => to === 'firing').length;
  const comeBacks = Math.max(0, fired - 1);
  if (comeBacks === 0) return configuredMs;
  const base = configuredMs > 0 ? configuredMs : 2 * EVALUATION_INTERVAL_MS;
  return Math.max(configuredMs, Math.min(MAX_KEEP_FIRING_MS, base * BACKOFF ** comeBacks));
}
