import { Backoff } from '../native/host/backoff.ts';
import type { Clock, RandomSource } from '../native/host/clock.ts';

const RETRY = { firstMs: 200, maxMs: 30_000 };

export interface PassRetryParts {
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** The next look after a pass that left something undone: one at a time, later from failure to failure. */
export class PassRetry {
  readonly #clock: Clock;
  readonly #wake: () => void;
  readonly #backoff: Backoff;
  #isDue = false;

  constructor({ clock, random }: PassRetryParts, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
    this.#backoff = new Backoff({ ...RETRY, random });
  }

  /** Wakes after a while, unless that is to happen anyway. */
  later(signal: AbortSignal): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.sleep(this.#backoff.nextMs(), signal).then(
      () => {
        this.#isDue = false;
        this.#wake();
      },
      () => undefined, // stopped
    );
  }

  /** A pass did all that there was to do. */
  reset(): void {
    this.#backoff.reset();
  }
}
