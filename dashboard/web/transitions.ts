import type { AlertView } from '../wire.ts';

/** `ContainerCpuHigh, api on h1`. */
export function alertSubject(alert: Pick<AlertView, 'rule' | 'labels'>): string {
  const subject = [alert.labels['container'], alert.labels['host']].filter((part) => part !== undefined).join(' on ');
  return subject === '' ? alert.rule : `${alert.rule}, ${subject}`;
}

/** What a listener is told: one sentence for each alert whose state changed, none for one that is as it was. */
export function alertTransitions(before: readonly AlertView[], after: readonly AlertView[]): string[] {
  const known = new Map(before.map((alert) => [alert.fingerprint, alert.state]));
  return (
    after
      .filter((alert) => known.get(alert.fingerprint) !== alert.state)
      // A resolved alert that is seen for the first time is history, not news.
      .filter((alert) => alert.state !== 'resolved' || known.has(alert.fingerprint))
      .map((alert) => `Alert ${alert.state}: ${alertSubject(alert)}.`)
  );
}
