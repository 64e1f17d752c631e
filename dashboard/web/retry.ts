const FIRST_MS = 500;
const LONGEST_MS = 4_000;
const JITTER = 0.25;

/**
 * Wait before try number `attempt` (from 0), ms: doubled each time up to 4 s, spread by a quarter so that the browsers of a
 * restarted server do not come back all at once. `random` is in [0, 1).
 */
export function retryDelayMs(attempt: number, random: number): number {
  const base = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(base * (1 - JITTER + 2 * JITTER * random));
}
