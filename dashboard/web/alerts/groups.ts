import type { AlertView } from '../../wire.ts';

/** What `GET /api/v1/groups` answers with. */
export interface GroupAnswer {
  readonly groups: readonly {
    readonly key: string;
    readonly receiver: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly nextFlushAt: string;
    /** Fingerprints. */
    readonly alerts: readonly string[];
  }[];
}

/** Alerts that people are told of together. */
export interface ShownGroup {
  readonly key: string;
  /** Names its table. */
  readonly title: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Nobody while its alerts only wait. */
  readonly receivers: readonly string[];
  readonly nextFlushAt: string | undefined;
  readonly alerts: readonly AlertView[];
}

const STATES = { firing: 0, recovering: 1, pending: 2, resolved: 3 } as const;
const SEVERITIES: Readonly<Record<string, number>> = { critical: 0, warning: 1, info: 2 };

function byUrgency(a: AlertView, b: AlertView): number {
  return (
    STATES[a.state] - STATES[b.state] ||
    (SEVERITIES[a.severity] ?? 3) - (SEVERITIES[b.severity] ?? 3) ||
    a.activeAtUnixMs - b.activeAtUnixMs
  );
}

function titleOf(labels: Readonly<Record<string, string>>): string {
  return Object.values(labels).join(', ') || 'all alerts';
}

/** Each alert once, in the first group that has it; the worst group first, and last what no group has (yet). */
export function groupsOf(alerts: readonly AlertView[], answered: GroupAnswer['groups']): readonly ShownGroup[] {
  const left = new Map(alerts.map((alert) => [alert.fingerprint, alert]));
  const groups: ShownGroup[] = [];
  for (const { key, labels, nextFlushAt, alerts: members } of answered) {
    const mine = members.flatMap((fingerprint) => left.get(fingerprint) ?? []).sort(byUrgency);
    for (const { fingerprint } of mine) left.delete(fingerprint);
    const told = answered.filter((other) => members.some((member) => other.alerts.includes(member)));
    const receivers = [...new Set(told.map(({ receiver }) => receiver))];
    if (mine.length > 0) groups.push({ key, title: titleOf(labels), labels, receivers, nextFlushAt, alerts: mine });
  }
  groups.sort((a, b) => {
    const [first, second] = [a.alerts[0], b.alerts[0]];
    return first === undefined || second === undefined ? 0 : byUrgency(first, second);
  });
  const alone = [...left.values()].sort(byUrgency);
  if (alone.length === 0) return groups;
  const rest = { key: '', title: 'Alerts of no group', labels: {}, receivers: [], nextFlushAt: undefined };
  return [...groups, { ...rest, alerts: alone }];
}
