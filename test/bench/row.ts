/** One measured figure. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is held against, with its source: `flanneld v0.20.2, recorded 2026-11-20`, or `kernel limit, this run`. */
  readonly peer?: string;
  readonly peerValue?: number;
  /** What the ratio to `peerValue` has to be; where that is 0, the value itself. */
  readonly bar?: { readonly atMost: number } | { readonly atLeast: number };
}

/** Runs one benchmark from cold, cleans up after itself, and returns its figures. */
export type Bench = () => Promise<readonly BenchRow[]>;

/** The `p` quantile (0-1) of a sample; NaN of an empty one. */
export function quantile(sample: readonly number[], p: number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN;
}
