/** What one receiver was last told of one group. */
export interface NotifyEntry {
  readonly groupKey: string;
  /** Receiver and channel. */
  readonly receiver: string;
  /** Fingerprints that it was told fire. */
  readonly firing: readonly string[];
  /** Fingerprints that it was told are over. */
  readonly resolved: readonly string[];
  readonly atUnixMs: number;
}

export type NotificationReason =
  | 'first notification'
  | 'new alerts added'
  | 'some alerts resolved'
  | 'all alerts resolved'
  | 'repeat interval elapsed'
  /** Beyond Alertmanager's: an alert changes too often to be told of each time. */
  | 'alert is flapping';

export interface DedupInput {
  readonly entry: NotifyEntry | undefined;
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  readonly sendResolved: boolean;
  readonly repeatIntervalMs: number;
  /** Nobody wants to be reminded: all that fires is acknowledged. */
  readonly acknowledged: boolean;
  readonly nowUnixMs: number;
}

function isSubset(part: readonly string[], whole: readonly string[]): boolean {
  const known = new Set(whole);
  return part.every((each) => known.has(each));
}

/** Whether a receiver has to be told, and why: Alertmanager's table, row by row and in its order. */
export function notificationReason(input: DedupInput): NotificationReason | undefined {
  const { entry, firing, resolved, sendResolved, repeatIntervalMs, nowUnixMs } = input;
  if (entry === undefined) return firing.length > 0 ? 'first notification' : undefined;
  if (!isSubset(firing, entry.firing)) return entry.firing.length === 0 ? 'first notification' : 'new alerts added';
  // Also told to the log of a receiver that does not want to hear of ends: it must not believe that they still fire.
  if (firing.length === 0) return entry.firing.length > 0 ? 'all alerts resolved' : undefined;
  if (sendResolved && !isSubset(resolved, entry.resolved)) return 'some alerts resolved';
  if (!input.acknowledged && entry.atUnixMs < nowUnixMs - repeatIntervalMs) return 'repeat interval elapsed';
  return undefined;
}
