import type { Alert } from '../alert/alert.ts';
import { fingerprint } from '../alert/fingerprint.ts';
import { flapWords } from '../alert/flap.ts';
import { notificationReason, type NotificationReason, type NotifyEntry } from './dedup.ts';
import type { Group } from './group-book.ts';
import type { Silence } from './silence.ts';

/** Why an alert is not sent now. */
export type Suppression =
  | { readonly kind: 'inhibited'; readonly by: Alert }
  | { readonly kind: 'silenced'; readonly by: Silence }
  | { readonly kind: 'muted'; readonly by: string; readonly untilUnixMs: number | undefined }
  /** Its host fell silent before anybody was told: whether it is the host's own alert that matters shows soon. */
  | { readonly kind: 'held' };

/** One message that one channel should get now. */
export interface Notification {
  /** The same for the same content after the same message: receivers may drop a repeat by it. */
  readonly id: string;
  readonly groupKey: string;
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly routeLabels: Readonly<Record<string, string>>;
  readonly reason: NotificationReason;
  readonly alerts: readonly Alert[];
  /** What {@link NotifyEntry} holds once it arrived. */
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
}

export interface FlushInput {
  readonly group: Group;
  /** Those of the group that nothing keeps quiet. */
  readonly alerts: readonly Alert[];
  readonly entry: NotifyEntry | undefined;
  readonly isAcknowledged: (alert: Alert) => boolean;
  readonly sendResolved: boolean;
  readonly nowUnixMs: number;
}

/** An alert as receivers are told of it: what is pending again still has the end of its last episode to tell. */
function told(alert: Alert): Alert {
  return alert.before === undefined ? alert : { ...alert, state: alert.before };
}

/** Whether receivers are told that an alert fires; what flaps is told so until it is steady. */
export function firesFor(alert: Alert): boolean {
  return alert.state.kind === 'firing' || alert.flapping;
}

/** What one channel has to be told of a group now, or `undefined` when it knows all. */
export function planFlush(input: FlushInput): Notification | undefined {
  const { group, entry, nowUnixMs } = input;
  const alerts = input.alerts.map(told);
  if (alerts.length === 0) return undefined;
  const firing = alerts.filter(firesFor);
  const resolved = alerts.filter((alert) => !firesFor(alert));
  const fingerprints = { firing: idsOf(firing), resolved: idsOf(resolved) };
  const reason = notificationReason({
    entry,
    ...fingerprints,
    sendResolved: input.sendResolved,
    repeatIntervalMs: group.route.repeatIntervalMs,
    acknowledged: firing.length > 0 && firing.every((alert) => input.isAcknowledged(alert)),
    nowUnixMs,
  });
  const flaps = flapReason(firing, entry);
  const because = reason ?? flaps;
  if (because === undefined) return undefined;
  // Ends that nobody heard the beginning of are no news.
  const knownEnds = resolved.filter((alert) => entry?.firing.includes(alert.fingerprint) === true);
  const shown = [...firing.map((alert) => withFlapWords(alert, nowUnixMs)), ...knownEnds];
  const { firing: ids, resolved: ends } = fingerprints;
  const content = {
    group: group.key,
    firing: ids.join(' '),
    resolved: ends.join(' '),
    after: String(entry?.atUnixMs ?? 0),
  };
  return {
    id: `msg_${fingerprint(content)}`,
    groupKey: group.key,
    groupLabels: group.labels,
    routeLabels: group.route.labels,
    reason: because,
    alerts: shown,
    ...fingerprints,
  };
}

function idsOf(alerts: readonly Alert[]): string[] {
  return alerts.map((alert) => alert.fingerprint).sort();
}

/** Once an alert began to flap, and at each flush while it went on. */
function flapReason(firing: readonly Alert[], entry: NotifyEntry | undefined): NotificationReason | undefined {
  const changed = firing.some(
    ({ flapping, transitions }) => flapping && (transitions.at(-1)?.atUnixMs ?? 0) > (entry?.atUnixMs ?? 0),
  );
  return changed ? 'alert is flapping' : undefined;
}

function withFlapWords(alert: Alert, nowUnixMs: number): Alert {
  if (!alert.flapping) return alert;
  return { ...alert, annotations: { ...alert.annotations, flapping: flapWords(alert.transitions, nowUnixMs) } };
}
