/** A gauge or counter as it may be trusted: finite and not negative, else NaN. */
export function sane(value: number | undefined): number {
  return value !== undefined && value >= 0 && value < Infinity ? value : Number.NaN;
}

/**
 * Units per second between two readings of a counter, from the reader's own monotonic clock. NaN where nothing can be said:
 * an unread value, no time between, or a counter that went backwards (the thing counted was started anew). Never negative.
 */
export function ratePerSecond(previous: number, current: number, elapsedMs: number): number {
  const delta = current - previous;
  return elapsedMs > 0 && delta >= 0 && delta < Infinity ? (delta * 1000) / elapsedMs : Number.NaN;
}

/** When a frame was taken, by its agent's clocks. */
export interface FrameTime {
  readonly seq: number;
  readonly monotonicMs: number;
  readonly timeUnixMs: number;
}

/** Frames further apart than this many intervals are a gap: its average would draw a plateau that never was. */
const GAP_INTERVALS = 5;

/** How far wall and monotonic time may disagree between two frames of one agent process, milliseconds. */
const CLOCK_SLACK_MS = 2000;

/** Whether two frames come from one run of an agent: its monotonic clock and its sequence start anew with the process. */
export function sameRun(previous: FrameTime, current: FrameTime): boolean {
  const monotonic = current.monotonicMs - previous.monotonicMs;
  const wall = current.timeUnixMs - previous.timeUnixMs;
  return Math.abs(wall - monotonic) <= Math.max(CLOCK_SLACK_MS, Math.abs(monotonic) * 0.2);
}

/**
 * The time that rates between two frames are made over, milliseconds; NaN when there is none: another run of the agent, a
 * gap, or a frame that is not newer.
 */
export function rateWindowMs(previous: FrameTime | undefined, current: FrameTime, intervalMs: number): number {
  if (previous === undefined || current.seq <= previous.seq || !sameRun(previous, current)) return Number.NaN;
  const elapsed = current.monotonicMs - previous.monotonicMs;
  return elapsed > 0 && elapsed <= GAP_INTERVALS * Math.max(intervalMs, 1000) ? elapsed : Number.NaN;
}
