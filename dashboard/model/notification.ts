import type { Alert } from './alert-book.ts';
import { fingerprint, sortedNames } from './fingerprint.ts';

/** Labels that a notification's alerts have in common. */
export const GROUP_BY = ['alertname', 'container', 'host'] as const;

/** What one receiver was last told of one group. */
export interface Delivered {
  /** {@link episodeOf} of every alert that it was told is firing. */
  readonly firing: readonly string[];
  /** The message that it refused for good; the same one is not sent again. */
  readonly refusedId: string | undefined;
}

export type NotificationReason =
  'first notification' | 'new alerts added' | 'some alerts resolved' | 'all alerts resolved';

/** One message that a receiver should get now. */
export interface Notification {
  /** The same for the same content to the same group, also after a restart: receivers may drop a repeat by it. */
  readonly id: string;
  readonly groupKey: string;
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly reason: NotificationReason;
  readonly alerts: readonly Alert[];
  /** What {@link Delivered.firing} is once it arrived. */
  readonly firing: readonly string[];
}

/** A label set activates many times; each time is one episode. */
export function episodeOf(alert: Alert): string {
  return `${alert.fingerprint}/${alert.state.activeAtUnixMs}`;
}

export function groupLabelsOf(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(GROUP_BY.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])));
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
  '\u0007': '\\a',
};

/** Quotes as Go's `%q` does, which is how Alertmanager prints a label's value. */
function goQuoted(text: string): string {
  const escaped = text.replace(/["\\\u0000-\u001f\u007f]/g, (character) => {
    const code = character.charCodeAt(0);
    return ESCAPES[character] ?? `\\x${code.toString(16).padStart(2, '0')}`;
  });
  return `"${escaped}"`;
}

/** `{}:{alertname="ContainerCpuHigh", container="api", host="h1"}`: the root route's key, then the group's labels. */
export function groupKeyOf(labels: Readonly<Record<string, string>>): string {
  const group = groupLabelsOf(labels);
  const pairs = sortedNames(group).map((name) => `${name}=${goQuoted(group[name] ?? '')}`);
  return `{}:{${pairs.join(', ')}}`;
}

function reasonOf(
  firing: readonly string[],
  told: readonly string[],
  resolved: number,
): NotificationReason | undefined {
  if (firing.some((episode) => !told.includes(episode)))
    return told.length === 0 ? 'first notification' : 'new alerts added';
  if (resolved === 0) return undefined;
  return firing.length === 0 ? 'all alerts resolved' : 'some alerts resolved';
}

/**
 * What a receiver has to be told of a group now, or `undefined` when it knows all. A resolved alert is told only to whom it was
 * told as firing; whatever changed between two deliveries is told once, in its last state.
 */
export function planNotification(alerts: readonly Alert[], delivered: Delivered | undefined): Notification | undefined {
  const group = alerts.map((alert) => (alert.before === undefined ? alert : { ...alert, state: alert.before }));
  const told = delivered?.firing ?? [];
  const firing = group.filter(({ state }) => state.kind === 'firing');
  const resolved = group.filter((alert) => alert.state.kind === 'resolved' && told.includes(episodeOf(alert)));
  const episodes = firing.map(episodeOf);
  const reason = reasonOf(episodes, told, resolved.length);
  const [first] = [...firing, ...resolved];
  if (reason === undefined || first === undefined) return undefined;
  const groupKey = groupKeyOf(first.labels);
  const content = { groupKey, firing: episodes.join(' '), resolved: resolved.map(episodeOf).join(' ') };
  const id = `msg_${fingerprint(content)}`;
  if (delivered?.refusedId === id) return undefined;
  const groupLabels = groupLabelsOf(first.labels);
  return { id, groupKey, groupLabels, reason, alerts: [...firing, ...resolved], firing: episodes };
}
