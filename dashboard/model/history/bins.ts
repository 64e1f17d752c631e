import { decodeNumber } from './code.ts';

/** The answer's time axis: `count` bins of `stepMs`, the first one starting at `fromUnixMs`. */
export interface BinAxis {
  readonly fromUnixMs: number;
  readonly stepMs: number;
  readonly count: number;
}

/** min, avg and max of one column, a value for each bin; NaN where nothing is known. */
export interface BinnedColumn {
  readonly min: Float64Array;
  readonly avg: Float64Array;
  readonly max: Float64Array;
}

/** What of {@link Bins} goes from one thread to another. */
export interface BinsState {
  readonly min: Float64Array<ArrayBuffer>;
  readonly max: Float64Array<ArrayBuffer>;
  readonly sum: Float64Array<ArrayBuffer>;
  readonly weight: Float64Array<ArrayBuffer>;
}

export interface BinReading {
  readonly min: number;
  readonly average: number;
  readonly max: number;
  /** The time it stands for, milliseconds. */
  readonly weight: number;
}

/** Collects samples of some columns into bins, whatever their resolution; an average is weighted by the time its sample stands for. */
export class Bins {
  readonly axis: BinAxis;
  readonly columns: readonly string[];
  readonly state: BinsState;

  constructor(axis: BinAxis, columns: readonly string[]) {
    this.axis = axis;
    this.columns = columns;
    const size = axis.count * columns.length;
    this.state = {
      min: new Float64Array(size).fill(Infinity),
      max: new Float64Array(size).fill(-Infinity),
      sum: new Float64Array(size),
      weight: new Float64Array(size),
    };
  }

  /** A row of one code a column (`perColumn` 1), or of min, avg and max (3). `laneOf` is the place of each of our columns in the row, or -1. */
  addCodes(
    sample: { readonly timeUnixMs: number; readonly stepMs: number },
    codeAt: (lane: number) => number,
    layout: CodeLayout,
  ): void {
    const bin = Math.floor((sample.timeUnixMs - this.axis.fromUnixMs) / this.axis.stepMs);
    if (bin < 0 || bin >= this.axis.count) return;
    const { laneOf, perColumn } = layout;
    for (const [column, lane] of laneOf.entries()) {
      if (lane < 0) continue;
      const start = lane * perColumn;
      const at = (place: number): number => decodeNumber(codeAt(place));
      const average = at(perColumn === 3 ? start + 1 : start);
      if (Number.isNaN(average)) continue;
      const reading = { min: at(start), average, max: at(start + perColumn - 1), weight: sample.stepMs };
      this.#add(column * this.axis.count + bin, reading);
    }
  }

  /** One reading of a column by its name; outside of the axis, of another column or without an average it is left out. */
  addReading(column: string, bin: number, reading: BinReading): void {
    const index = this.columns.indexOf(column);
    if (index < 0 || bin < 0 || bin >= this.axis.count || Number.isNaN(reading.average)) return;
    this.#add(index * this.axis.count + bin, reading);
  }

  /** The first bin in which anything is known; `count` when nothing is. */
  firstKnown(): number {
    const { count } = this.axis;
    for (let bin = 0; bin < count; bin += 1)
      if (this.columns.some((_, column) => (this.state.weight[column * count + bin] ?? 0) > 0)) return bin;
    return count;
  }

  #add(place: number, reading: BinReading): void {
    const { min, max, sum, weight } = this.state;
    min[place] = Math.min(min[place] ?? Infinity, reading.min);
    max[place] = Math.max(max[place] ?? -Infinity, reading.max);
    sum[place] = (sum[place] ?? 0) + reading.average * reading.weight;
    weight[place] = (weight[place] ?? 0) + reading.weight;
  }

  /** Adds what another thread collected on the same axis, of the same columns. */
  merge(other: BinsState): void {
    const { min, max, sum, weight } = this.state;
    for (let at = 0; at < weight.length; at += 1) {
      min[at] = Math.min(min[at] ?? Infinity, other.min[at] ?? Infinity);
      max[at] = Math.max(max[at] ?? -Infinity, other.max[at] ?? -Infinity);
      sum[at] = (sum[at] ?? 0) + (other.sum[at] ?? 0);
      weight[at] = (weight[at] ?? 0) + (other.weight[at] ?? 0);
    }
  }

  column(name: string): BinnedColumn {
    const index = this.columns.indexOf(name);
    const { count } = this.axis;
    const [from, to] = [index * count, (index + 1) * count];
    const { min, max, sum, weight } = this.state;
    const known = weight.subarray(from, to);
    const where = (values: Float64Array): Float64Array =>
      values.subarray(from, to).map((value, bin) => ((known[bin] ?? 0) > 0 ? value : Number.NaN));
    return {
      min: where(min),
      avg: sum.subarray(from, to).map((value, bin) => value / (known[bin] ?? 0)),
      max: where(max),
    };
  }
}

export interface CodeLayout {
  readonly laneOf: readonly number[];
  readonly perColumn: 1 | 3;
}
