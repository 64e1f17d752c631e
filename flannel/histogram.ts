/** Upper bounds of the buckets, seconds: from a pass that finds nothing to one that programs 10,000 peers. */
const PASS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface HistogramView {
  /** How many were at most `le` seconds. */
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  readonly sum: number;
  readonly count: number;
}

/** Durations in seconds, counted by size; it costs nothing before somebody looks. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(bounds: readonly number[] = PASS_BUCKETS) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(seconds: number): void {
    this.#sum += seconds;
    this.#count += 1;
    const at = this.#bounds.findIndex((bound) => seconds <= bound);
    if (at !== -1) this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  view(): HistogramView {
    let below = 0;
    const buckets = this.#bounds.map((le, index) => {
      below += this.#counts[index] ?? 0;
      return { le, count: below };
    });
    return { buckets, sum: this.#sum, count: this.#count };
  }
}
