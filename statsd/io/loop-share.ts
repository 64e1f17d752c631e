import type { Clock } from '../../native/host/clock.ts';

/** The event loop is given back after this long: a tick must not wait for clients. */
const SLICE_MS = 4;

/** Long work in slices: asked after each piece, it tells when others are to have their turn. */
export class LoopShare {
  readonly #clock: Clock;
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.monotonicMs();
  }

  get isUsedUp(): boolean {
    return this.#clock.monotonicMs() - this.#sinceMs >= SLICE_MS;
  }

  async giveBack(): Promise<void> {
    await new Promise(setImmediate);
    this.#sinceMs = this.#clock.monotonicMs();
  }
}
