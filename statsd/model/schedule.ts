/** Exact periods without drift: tick n is due at `start + n × interval`, whatever the ticks before took. */
export interface Schedule {
  readonly startMs: number;
  readonly intervalMs: number;
}

export interface NextTick {
  readonly index: number;
  readonly dueAtMs: number;
  /** Ticks that could not be held since the last one, because the process or the machine stood still. */
  readonly missed: number;
}

/** The tick after number `last`, never one that is already over: what was missed is counted, not made up for. */
export function nextTick(schedule: Schedule, last: number, nowMs: number): NextTick {
  const current = Math.floor((nowMs - schedule.startMs) / schedule.intervalMs);
  // The tick whose period we are in may still be held late; older ones are lost.
  const index = Math.max(last + 1, current);
  return { index, dueAtMs: schedule.startMs + index * schedule.intervalMs, missed: index - last - 1 };
}

/** Slow files are read each 5th tick, limits each 30th, spread over the containers by their phase. */
export const SLOW_EVERY = 5;
export const LIMITS_EVERY = 30;
/** A runtime sets limits and makes hierarchies after the directory that announces the container: look often at first. */
export const YOUNG_TICKS = 5;

export interface Tiers {
  readonly slow: boolean;
  readonly limits: boolean;
}

export function tiersOf(tickIndex: number, container: { readonly phase: number; readonly age: number }): Tiers {
  if (container.age < YOUNG_TICKS) return { slow: true, limits: true };
  const turn = tickIndex + container.phase;
  return { slow: turn % SLOW_EVERY === 0, limits: turn % LIMITS_EVERY === 0 };
}
