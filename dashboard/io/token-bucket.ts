/** Anybody can be refused, as often as it likes: a metric counts all refusals of a door, the log tells so many. */
export const TOLD_REFUSALS = { burst: 20, perSecond: 1 / 6 } as const;

/** Lets `burst` through at once and `perSecond` in the long run. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #tokens: number;
  #lastMs: number;

  constructor(limit: { readonly burst: number; readonly perSecond: number }, nowMonotonicMs: number) {
    this.#burst = limit.burst;
    this.#perSecond = limit.perSecond;
    this.#tokens = limit.burst;
    this.#lastMs = nowMonotonicMs;
  }

  /** Whether one more may pass now. */
  take(nowMonotonicMs: number): boolean {
    const earned = (Math.max(0, nowMonotonicMs - this.#lastMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + earned);
    this.#lastMs = nowMonotonicMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
