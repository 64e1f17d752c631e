import type { Alert } from '../alert/alert.ts';
import type { Group } from './group-book.ts';
import type { NotifyEntry } from './dedup.ts';
import type { Suppression } from './flush.ts';

/** What is known of one channel's last attempts for a group. */
export type ChannelStatus =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sending' }
  | { readonly kind: 'retrying'; readonly why: string; readonly attempt: number; readonly nextUnixMs: number }
  | { readonly kind: 'refused'; readonly why: string; readonly atUnixMs: number }
  | { readonly kind: 'sent'; readonly status: string; readonly atUnixMs: number }
  | { readonly kind: 'disabled'; readonly why: string };

export interface ChannelView {
  readonly label: string;
  readonly status: ChannelStatus;
  readonly entry: NotifyEntry | undefined;
}

export interface WhyInput {
  readonly alert: Alert;
  readonly nowUnixMs: number;
  /** Of the group that the alert is in; `undefined` while it is in none. */
  readonly group: Group | undefined;
  readonly suppression: Suppression | undefined;
  readonly channels: readonly ChannelView[];
  /** The dashboard that notifies, when it is not this one. */
  readonly leader: string | undefined;
  readonly graceUntil: 'hosts' | undefined;
  readonly acknowledgedBy: string | undefined;
}

export function timeOfDay(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(11, 19)} UTC`;
}

function untilWords(unixMs: number, nowUnixMs: number): string {
  const iso = new Date(unixMs).toISOString();
  return unixMs - nowUnixMs < 24 * 3_600_000
    ? `${iso.slice(11, 16)} UTC`
    : `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** `12 s`, `4 min`, `3 h`. */
export function spanWords(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

function suppressionWords(suppression: Suppression, nowUnixMs: number): string {
  switch (suppression.kind) {
    case 'inhibited': {
      const { alertname = '', host, container } = suppression.by.labels;
      const where = [container, host].filter((part) => part !== undefined).join(' on ');
      return `inhibited by ${alertname}${where === '' ? '' : `, ${where}`}`;
    }
    case 'silenced': {
      const { id, endsAtUnixMs, createdBy, comment } = suppression.by;
      return `silenced by ${id} until ${untilWords(endsAtUnixMs, nowUnixMs)} by ${createdBy}${comment === '' ? '' : `: ${comment}`}`;
    }
    case 'muted': {
      const until = suppression.untilUnixMs;
      return `muted by ${suppression.by}${until === undefined ? '' : ` until ${untilWords(until, nowUnixMs)}`}`;
    }
    case 'held':
      return 'its host fell silent, and HostUnreachable may soon say more';
  }
}

/** Why nothing is sent of an alert at all, if so. */
function silentWords({ alert, suppression, nowUnixMs, ...input }: WhyInput): string | undefined {
  const { state } = alert;
  if (state.kind === 'pending' && alert.before === undefined)
    return `pending ${spanWords(state.heldMs)} of ${spanWords(alert.forMs)}${state.noData ? ', and no data comes' : ''}`;
  if (suppression !== undefined) return suppressionWords(suppression, nowUnixMs);
  if (input.leader !== undefined) return `${input.leader} notifies, not this dashboard`;
  if (input.channels.length === 0) return 'no channel is configured';
  if (input.graceUntil === 'hosts') return 'the dashboard started a moment ago and waits for its hosts';
  return undefined;
}

function channelWords({ label, status, entry }: ChannelView, alert: Alert): string | undefined {
  switch (status.kind) {
    case 'disabled':
      return `${label} is switched off: ${status.why}`;
    case 'sending':
      return `being sent to ${label}`;
    case 'retrying':
      return `${label} ${status.why}; attempt ${status.attempt} at ${timeOfDay(status.nextUnixMs)}`;
    case 'refused':
      return `${label} ${status.why} at ${timeOfDay(status.atUnixMs)}; it is not sent again`;
    case 'sent':
      return knows(entry, alert) ? `sent to ${label} at ${timeOfDay(status.atUnixMs)} (${status.status})` : undefined;
    case 'idle':
      return knows(entry, alert) ? `sent to ${label} at ${timeOfDay(entry?.atUnixMs ?? 0)}` : undefined;
  }
}

function knows(entry: NotifyEntry | undefined, { fingerprint, state }: Alert): boolean {
  if (entry === undefined) return false;
  return state.kind === 'resolved' ? entry.resolved.includes(fingerprint) : entry.firing.includes(fingerprint);
}

/** One sentence on what became of an alert's notification, and why. */
export function whyLine(input: WhyInput): string {
  const silent = silentWords(input);
  if (silent !== undefined) return `not sent: ${silent}`;
  const { alert, group, nowUnixMs } = input;
  const ack = input.acknowledgedBy === undefined ? '' : `; acknowledged by ${input.acknowledgedBy}, so not repeated`;
  const told = input.channels.map((channel) => channelWords(channel, alert));
  const known = told.filter((words) => words !== undefined);
  if (known.length === told.length) return `${known.join('; ')}${ack}`;
  const waits = waitWords(alert, group, nowUnixMs);
  return [...known, waits].join('; ') + ack;
}

function waitWords({ state }: Alert, group: Group | undefined, nowUnixMs: number): string {
  if (group === undefined) return 'not sent yet';
  const rest = group.nextFlushUnixMs - nowUnixMs;
  if (state.kind === 'resolved' && !group.flushed) return 'not sent: it resolved before anyone was told';
  if (!group.flushed) return `not sent yet: groups for ${spanWords(rest)} more`;
  return `not sent yet: its group is told of changes in ${spanWords(rest)}`;
}
