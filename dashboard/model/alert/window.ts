/**
 * How a window of samples becomes one number. `rate` is per second; both it and `increase` are over a counter. `zeroIn` is the
 * seconds until the series reaches 0 when it goes on as in the window; infinite while it does not fall.
 */
export const AGGREGATIONS = ['last', 'avg', 'max', 'min', 'p95', 'rate', 'increase', 'zeroIn'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

/** Steps of a window: a minute keeps each second, ten minutes keep ten seconds in one. */
const STEPS = 60;
const MIN_STEP_MS = 1000;

/** The longest window, milliseconds: what is older is not held in memory. */
export const MAX_WINDOW_MS = 3_600_000;

type Windowed = Exclude<Aggregation, 'last'>;

/** How the samples of one step become one, and those of all steps. */
interface Folding {
  readonly fold: (known: number, value: number) => number;
  /** Whether a new sample can be folded into the result of all steps, or that has to be made anew. */
  readonly adds: boolean;
}

const latest: Folding = { fold: (_, value) => value, adds: false };
const sum: Folding = { fold: (known, value) => known + value, adds: true };
const FOLDINGS: Readonly<Record<Windowed, Folding>> = {
  avg: sum,
  increase: sum,
  rate: sum,
  max: { fold: Math.max, adds: true },
  min: { fold: Math.min, adds: true },
  p95: latest,
  zeroIn: latest,
};

/**
 * The last `windowMs` of one series, in at most 60 steps. Invariant: a step that no sample fell into is NaN and counts for
 * nothing; a counter that went back counts from there.
 */
export class SampleWindow {
  readonly #aggregation: Windowed;
  readonly #folding: Folding;
  readonly #counts: boolean;
  readonly #stepMs: number;
  readonly #values: Float64Array;
  /** Samples in each step; only an average asks, and a window without is half as large. */
  readonly #samples: Uint32Array | undefined;
  #newest = Number.NaN;
  #firstMs = Number.NaN;
  #lastMs = Number.NaN;
  #previous: number;
  /** All steps folded into one; made anew when a step left. */
  #folded = Number.NaN;
  #sampleCount = 0;
  #stale = false;

  /** `previous`: what a counter had before its first sample; NaN when that is not known. */
  constructor(aggregation: Windowed, windowMs: number, previous: number) {
    this.#aggregation = aggregation;
    this.#folding = FOLDINGS[aggregation];
    this.#counts = aggregation === 'increase' || aggregation === 'rate';
    this.#stepMs = Math.max(MIN_STEP_MS, windowMs / STEPS);
    const steps = Math.max(1, Math.ceil(windowMs / this.#stepMs));
    this.#values = new Float64Array(steps).fill(Number.NaN);
    this.#samples = aggregation === 'avg' ? new Uint32Array(steps) : undefined;
    this.#previous = previous;
  }

  /** Adds what was read at a monotonic time; an unread value only lets time pass. */
  push(value: number, nowMs: number): void {
    const step = Math.floor(nowMs / this.#stepMs);
    if (step !== this.#newest) this.#advance(step);
    if (Number.isNaN(value)) return;
    if (Number.isNaN(this.#firstMs)) this.#firstMs = nowMs;
    this.#lastMs = nowMs;
    const sample = this.#counts ? this.#growth(value) : value;
    const slot = step % this.#values.length;
    this.#values[slot] = this.#fold(this.#values[slot] ?? Number.NaN, sample);
    if (this.#samples !== undefined) {
      this.#samples[slot] = (this.#samples[slot] ?? 0) + 1;
      this.#sampleCount += 1;
    }
    if (this.#folding.adds) this.#folded = this.#fold(this.#folded, sample);
  }

  /** NaN while nothing is known. */
  get value(): number {
    switch (this.#aggregation) {
      case 'avg':
        return this.#all() / this.#sampleCount;
      case 'max':
      case 'min':
      case 'increase':
        return this.#all();
      case 'rate':
        return (this.#all() * 1000) / this.#coveredMs();
      case 'p95':
        return this.#quantile(0.95);
      case 'zeroIn':
        return this.#zeroIn();
    }
  }

  #fold(known: number, value: number): number {
    return Number.isNaN(known) ? value : this.#folding.fold(known, value);
  }

  #all(): number {
    if (!this.#stale) return this.#folded;
    this.#stale = false;
    this.#folded = Number.NaN;
    for (const value of this.#values) if (!Number.isNaN(value)) this.#folded = this.#fold(this.#folded, value);
    return this.#folded;
  }

  #growth(value: number): number {
    const grown = value - this.#previous;
    this.#previous = value;
    if (Number.isNaN(grown)) return 0;
    return grown >= 0 ? grown : value;
  }

  #advance(step: number): void {
    const { length } = this.#values;
    const skipped = Number.isNaN(this.#newest) || step < this.#newest ? length : Math.min(step - this.#newest, length);
    for (let back = 0; back < skipped; back += 1) {
      const slot = (((step - back) % length) + length) % length;
      if (Number.isNaN(this.#values[slot])) continue;
      this.#values[slot] = Number.NaN;
      if (this.#samples !== undefined) {
        this.#sampleCount -= this.#samples[slot] ?? 0;
        this.#samples[slot] = 0;
      }
      this.#stale = true;
    }
    this.#newest = step;
    // What is pushed next must not be folded into a result that still holds what left.
    if (this.#folding.adds) this.#all();
  }

  #coveredMs(): number {
    const window = this.#stepMs * this.#values.length;
    const seen = this.#lastMs - this.#firstMs;
    // One sample covers no time: what a rate is made over begins with the second.
    return seen > 0 ? Math.min(window, seen) : Number.NaN;
  }

  /** By the line of least squares through the steps. A quarter of the window must be covered: less is noise. */
  #zeroIn(): number {
    const { length } = this.#values;
    let [n, sumX, sumY, sumXY, sumXX] = [0, 0, 0, 0, 0];
    for (let back = 0; back < length; back += 1) {
      const y = this.#values[(((this.#newest - back) % length) + length) % length] ?? Number.NaN;
      if (Number.isNaN(y)) continue;
      n += 1;
      sumX -= back;
      sumY += y;
      sumXY -= back * y;
      sumXX += back * back;
    }
    const slope = (n * sumXY - sumX * sumY) / (n * sumXX - sumX * sumX);
    if (n < Math.max(2, length / 4)) return Number.NaN;
    const now = (sumY - slope * sumX) / n;
    // Never is not a number that can be compared: far away is.
    return slope < 0 ? (Math.max(0, now / -slope) * this.#stepMs) / 1000 : Number.MAX_VALUE;
  }

  #quantile(share: number): number {
    const known = this.#values.filter((value) => !Number.isNaN(value)).sort();
    return known[Math.max(0, Math.ceil(known.length * share) - 1)] ?? Number.NaN;
  }
}
