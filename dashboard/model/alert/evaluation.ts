import type { Alert } from './alert.ts';
import type { EvaluationTime } from './state.ts';

/** A resolved alert is shown, and sent again, for this long, milliseconds. */
export const RESOLVED_RETENTION_MS = 15 * 60_000;

/** Alerts that are kept at most; what fires stays, further ones are refused and counted. */
export const MAX_ALERTS = 5000;

/** What one evaluation changed. */
export interface Evaluation {
  /** Alerts whose state is another one now. */
  readonly changed: readonly Alert[];
  /** Fingerprints of alerts that are no more. */
  readonly removed: readonly string[];
  /** Targets that would have made an alert with the label set of another target's. */
  readonly duplicates: number;
  /** New alerts that were refused, because there are too many. */
  readonly refused: number;
}

export interface EvaluationNow {
  readonly nowUnixMs: number;
  readonly monotonicMs: number;
  /** Soon after a start: nothing is resolved before every known host was heard. */
  readonly grace?: boolean;
  /** Whether a receiver still waits to be told that an alert resolved. */
  readonly owed: (alert: Alert) => boolean;
}

/** The books of one evaluation while it runs. */
export class Pass implements Evaluation {
  readonly time: EvaluationTime;
  readonly changed: Alert[] = [];
  readonly removed: string[] = [];
  duplicates = 0;
  refused = 0;

  constructor(time: EvaluationTime) {
    this.time = time;
  }
}
