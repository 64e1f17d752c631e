import type { RandomSource } from './clock.ts';

export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  readonly random: RandomSource;
}

/** Doubling delays with full jitter in the upper half: `delay/2 … delay`. Call {@link Backoff.reset} after a success. */
export class Backoff {
  readonly #options: BackoffOptions;
  #attempt = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** The delay before the next attempt, milliseconds. */
  nextMs(): number {
    const { firstMs, maxMs, random } = this.#options;
    const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(this.#attempt, 30));
    this.#attempt += 1;
    return ceiling / 2 + (ceiling / 2) * random();
  }

  reset(): void {
    this.#attempt = 0;
  }
}
