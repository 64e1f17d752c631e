/** Columns kept for the sparklines, in this order. */
export const HISTORY_COLUMNS = ['cpuOfLimitRatio', 'memoryWorkingSetBytes'] as const;

/** Columns kept of a host for the totals' sparklines, in this order. */
export const HOST_HISTORY_COLUMNS = ['cpuCores', 'memoryUsedBytes'] as const;

/** One slot a second for 15 minutes. */
export const HISTORY_SECONDS = 900;

/**
 * The last 15 minutes of two values of one container or host, a slot a second: 2 × 900 × 4 bytes. Writes may come in any order (a back-fill after live frames);
 * invariant: a slot that no frame wrote is NaN.
 */
export class HistoryRing {
  readonly #values = new Float32Array(HISTORY_COLUMNS.length * HISTORY_SECONDS).fill(Number.NaN);
  #newestSecond = Number.NaN;

  /** Writes one second; older than the ring or not a time at all is ignored. `columns` as its owner keeps them, such as {@link HISTORY_COLUMNS}. */
  write(timeUnixMs: number, columns: readonly number[]): void {
    const second = Math.floor(timeUnixMs / 1000);
    if (!Number.isSafeInteger(second)) return;
    if (second > this.#newestSecond || Number.isNaN(this.#newestSecond)) this.#advance(second);
    else if (second <= this.#newestSecond - HISTORY_SECONDS) return;
    const slot = slotOf(second);
    columns.forEach((value, column) => {
      this.#values[column * HISTORY_SECONDS + slot] = value;
    });
  }

  /** The mean of what is known in (`endSecond - seconds`, `endSecond`]; NaN when nothing is. */
  mean(column: number, endSecond: number, seconds: number): number {
    let sum = 0;
    let known = 0;
    const oldest = Math.max(endSecond - seconds, this.#newestSecond - HISTORY_SECONDS) + 1;
    for (let second = oldest; second <= Math.min(endSecond, this.#newestSecond); second += 1) {
      const value = this.#values[column * HISTORY_SECONDS + slotOf(second)] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      sum += value;
      known += 1;
    }
    return known === 0 ? Number.NaN : sum / known;
  }

  #advance(second: number): void {
    const skipped = Number.isNaN(this.#newestSecond) ? HISTORY_SECONDS : second - this.#newestSecond;
    for (let back = 0; back < Math.min(skipped, HISTORY_SECONDS); back += 1) {
      const slot = slotOf(second - back);
      for (let column = 0; column < HISTORY_COLUMNS.length; column += 1) {
        this.#values[column * HISTORY_SECONDS + slot] = Number.NaN;
      }
    }
    this.#newestSecond = second;
  }
}

/** Gives out rings until `limit` are out. */
export class RingBudget {
  readonly #limit: number;
  #out = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A new ring, or `undefined` when there is no memory for one more. */
  take(): HistoryRing | undefined {
    if (this.#out >= this.#limit) return undefined;
    this.#out += 1;
    return new HistoryRing();
  }

  /** Gives a ring back; `undefined` is allowed, so that a row without one needs no question. */
  release(ring: HistoryRing | undefined): void {
    if (ring !== undefined) this.#out -= 1;
  }
}

function slotOf(second: number): number {
  return ((second % HISTORY_SECONDS) + HISTORY_SECONDS) % HISTORY_SECONDS;
}
