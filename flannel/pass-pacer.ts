import type { Clock } from '../native/host/clock.ts';
import { Waker } from '../native/host/waker.ts';

/** In the long run passes take a quarter of the time at most, whatever wakes them. */
const PAUSE_PER_PASS = 3;
/** News of our own, of which much may come at once, waits so long at most. */
const MAX_PAUSE_MS = 250;
/** What somebody else changed waits so long at most, also while there is no end of it. */
const MAX_URGENT_PAUSE_MS = 100;
/** Pauses owed below this are not taken when somebody else changed something: a few passes in a row do no harm. */
const FREE_DEBT_MS = 500;

/**
 * How long the loop rests after a pass. Own news (a burst of leases) waits in proportion to what a pass takes, so that it is taken
 * together; what others changed in the kernel is met at once, unless passes have followed each other for a while.
 */
export class PassPacer {
  readonly #clock: Clock;
  readonly #urgent = new Waker();
  #debtMs = 0;
  #countedAtMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Somebody else changed something: the rest is cut short. */
  hurry(): void {
    this.#urgent.wake();
  }

  /** Rests after a pass that took `tookMs`. @throws the signal's reason. */
  async rest(tookMs: number, signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const pauseMs = tookMs * PAUSE_PER_PASS;
    this.#debtMs = Math.max(0, this.#debtMs - (nowMs - this.#countedAtMs)) + pauseMs;
    this.#countedAtMs = nowMs;
    const urgentMs = Math.min(Math.max(0, this.#debtMs - FREE_DEBT_MS), MAX_URGENT_PAUSE_MS, pauseMs);
    if (urgentMs > 0) await this.#clock.sleep(urgentMs, signal);
    await this.#restOrHurry(Math.min(MAX_PAUSE_MS, pauseMs) - urgentMs, signal);
  }

  async #restOrHurry(restMs: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    const whichever = [this.#clock.sleep(restMs, until), this.#urgent.next(until)];
    try {
      await Promise.race(whichever);
    } finally {
      over.abort();
      await Promise.allSettled(whichever);
    }
  }
}
