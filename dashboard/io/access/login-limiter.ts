import { TokenBucket } from '../token-bucket.ts';

export interface LoginLimit {
  readonly burst: number;
  readonly perSecond: number;
}

/** Keys whose tries are counted at most. */
const MAX_KEYS = 10_000;

/** Counts tries to log in by address or by name; what was tried longest ago is forgotten first. */
export class LoginLimiter {
  readonly #limit: LoginLimit;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(limit: LoginLimit) {
    this.#limit = limit;
  }

  /** Whether one more try is allowed now. */
  take(key: string, nowMonotonicMs: number): boolean {
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#limit, nowMonotonicMs);
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= MAX_KEYS) break;
      this.#buckets.delete(oldest);
    }
    return bucket.take(nowMonotonicMs);
  }
}
