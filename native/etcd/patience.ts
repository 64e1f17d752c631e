const LONGEST = 4;
/** The part of a deadline within which an answer is a quick one. */
const QUICK = 0.5;

/**
 * How much longer than usual an answer is waited for. A short deadline leaves a hung member soon; a store that answers nowhere in
 * time is slow, and asking it more often would only make it slower.
 */
export class Patience {
  #factor = 1;

  /** @returns the deadline as it is now, in the unit of the given one. */
  stretch(deadline: number): number {
    return deadline * this.#factor;
  }

  /** No endpoint answered within the deadline. */
  lost(): void {
    this.#factor = Math.min(LONGEST, this.#factor * 2);
  }

  /** @param used of the usual deadline: 0.1 = after a tenth of it. */
  answered(used: number): void {
    if (used < QUICK) this.#factor = 1;
  }
}
