import { uptime } from 'node:os';
import { setTimeout as sleepFor } from 'node:timers/promises';

/** Time as an argument, so that a test can hold it still. */
export interface Clock {
  /** Wall time, Unix milliseconds: for stamps that people and other hosts read. */
  nowMs(): number;
  /** Monotonic milliseconds with a fraction: for intervals and rates. */
  monotonicMs(): number;
  /** Resolves after `delayMs`; rejects with the signal's reason when it aborts. Longer than 24 days is cut to that. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** setTimeout turns anything longer into one millisecond. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (delayMs, signal) => {
    try {
      await sleepFor(Math.min(Math.max(delayMs, 0), MAX_TIMER_MS), undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/** Milliseconds since boot, to 10 ms, time asleep included: timers and {@link Clock.monotonicMs} stand still meanwhile. */
export const systemBootMs = (): number => uptime() * 1000;

/** A number in [0, 1); `Math.random` in production. */
export type RandomSource = () => number;

export const systemRandom: RandomSource = () => Math.random();
