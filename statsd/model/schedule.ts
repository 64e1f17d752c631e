/** Exact periods without drift: tick n is due at `start + n × interval`, whatever the ticks before took. */
export interface Schedule {
  readonly startMs: number;
  readonly intervalMs: number;
}

export interface PhaseFacts {
  readonly nowMonotonicMs: number;
  readonly nowUnixMs: number;
  readonly intervalMs: number;
  /** Of this host, 0 to 1; see {@link phaseOf}. */
  readonly phase: number;
}

/**
 * The start (at most one interval ago) that puts this host's ticks at its own phase of the wall clock's intervals, so that a
 * thousand hosts do not read and send at the same moment. Ticks keep their period if the wall clock is set afterwards.
 */
export function phasedStart({ nowMonotonicMs, nowUnixMs, intervalMs, phase }: PhaseFacts): number {
  const since = (nowUnixMs - phase * intervalMs) % intervalMs;
  return nowMonotonicMs - (since < 0 ? since + intervalMs : since);
}

/** A number from 0 to 1 that a text always gives, evenly spread over texts (FNV-1a). */
export function phaseOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}

export interface NextTick {
  readonly index: number;
  readonly dueAtMs: number;
  /** Ticks that could not be held since the last one, because the process or the machine stood still. */
  readonly missed: number;
}

/**
 * The tick after number `last`, never one that is already over: what was missed is counted, not made up for. With a `stretch`
 * only each so-manieth tick is held, and the others are not missed.
 */
export function nextTick(
  schedule: Schedule,
  last: number,
  now: { readonly ms: number; readonly stretch: number },
): NextTick {
  const { startMs, intervalMs } = schedule;
  const current = Math.floor((now.ms - startMs) / intervalMs);
  const wanted = last + now.stretch;
  // The tick whose period we are in may still be held late; older ones are lost.
  const index = Math.max(wanted, current);
  return { index, dueAtMs: startMs + index * intervalMs, missed: index - wanted };
}

/** Slow files and limits are read each 5th round, what hardly ever changes each 30th, spread over the containers by their phase. */
export const SLOW_EVERY = 5;
export const RARE_EVERY = 30;
/** A runtime sets limits and makes hierarchies after the directory that announces the container: look often at first. */
export const YOUNG_TICKS = 5;

export interface Tiers {
  readonly slow: boolean;
  readonly rare: boolean;
}

const NONE: Tiers = { slow: false, rare: false };
const SLOW: Tiers = { slow: true, rare: false };
const RARE: Tiers = { slow: false, rare: true };
const BOTH: Tiers = { slow: true, rare: true };

/** `round` counts the ticks that were held, without gaps. */
export function tiersOf(round: number, container: { readonly phase: number; readonly age: number }): Tiers {
  if (container.age < YOUNG_TICKS) return BOTH;
  const turn = round + container.phase;
  if (turn % RARE_EVERY === 0) return turn % SLOW_EVERY === 0 ? BOTH : RARE;
  return turn % SLOW_EVERY === 0 ? SLOW : NONE;
}

/**
 * The round, counted from a multiple of {@link RARE_EVERY}, at which everything of a grown container is read; its slow files have
 * their turn then and at each {@link SLOW_EVERY}th round after it.
 */
export const wholeTurnOf = (phase: number): number => (RARE_EVERY - (phase % RARE_EVERY)) % RARE_EVERY;
