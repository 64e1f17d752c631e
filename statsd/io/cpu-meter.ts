import { nextStretch } from '../model/cpu-budget.ts';

export interface CpuMeterParts {
  /** Part of one core, such as 0.01; `Infinity` for no budget. */
  readonly budget: number;
  readonly intervalMs: number;
  /** CPU time of this process so far, all threads together. */
  readonly cpuSeconds: () => number;
}

/** Over how long spending is measured, at least this and eight ticks; one slow tick is no reason. */
const WINDOW_MS = 10_000;
const WINDOW_TICKS = 8;
/** Starting costs more than running. */
const WARM_UP_MS = 20_000;
/** The interval is never stretched beyond the longest one that can be configured. */
const MAX_INTERVAL_MS = 60_000;

/** Compares what the agent costs with what it may cost. */
export class CpuMeter {
  readonly #parts: CpuMeterParts;
  #since: { readonly ms: number; readonly cpuSeconds: number } | undefined;
  #stretch = 1;

  constructor(parts: CpuMeterParts) {
    this.#parts = parts;
  }

  /** By how much the interval is to be stretched from now on; asked after each tick. */
  stretch(nowMs: number): number {
    const { budget, intervalMs, cpuSeconds } = this.#parts;
    if (budget === Infinity) return 1;
    this.#since ??= { ms: nowMs + WARM_UP_MS, cpuSeconds: Number.NaN };
    const elapsedMs = nowMs - this.#since.ms;
    if (Number.isNaN(this.#since.cpuSeconds)) {
      if (elapsedMs >= 0) this.#since = { ms: nowMs, cpuSeconds: cpuSeconds() };
      return this.#stretch;
    }
    if (elapsedMs < Math.max(WINDOW_MS, WINDOW_TICKS * intervalMs * this.#stretch)) return this.#stretch;
    const spent = cpuSeconds();
    const used = (spent - this.#since.cpuSeconds) / (elapsedMs / 1000);
    this.#since = { ms: nowMs, cpuSeconds: spent };
    const maxStretch = Math.max(1, Math.floor(MAX_INTERVAL_MS / intervalMs));
    this.#stretch = nextStretch({ stretch: this.#stretch, used, budget, maxStretch });
    return this.#stretch;
  }
}
