import type { Alert } from '../alert/alert.ts';
import { alertsPage } from '../alert/alert-link.ts';
import type { Notification } from './flush.ts';

/** What Go prints for a time that is not set; Alertmanager's word for "still firing". */
const ZERO_TIME = '0001-01-01T00:00:00Z';

export interface PayloadAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
  readonly fingerprint: string;
}

/** Alertmanager's webhook message, version 4. */
export interface WebhookPayload {
  readonly version: '4';
  readonly groupKey: string;
  readonly truncatedAlerts: number;
  readonly status: 'firing' | 'resolved';
  readonly receiver: string;
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly commonLabels: Readonly<Record<string, string>>;
  readonly commonAnnotations: Readonly<Record<string, string>>;
  readonly routeLabels: Readonly<Record<string, string>>;
  readonly externalURL: string;
  readonly notification_reason: string;
  readonly alerts: readonly PayloadAlert[];
}

/** Alerts in one message at most; further ones are counted in `truncatedAlerts`. */
export const MAX_ALERTS_PER_MESSAGE = 50;

function common(sets: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...rest] = sets;
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => rest.every((other) => other[name] === value)),
  );
}

function iso(unixMs: number): string {
  return new Date(unixMs).toISOString();
}

export function payloadAlert(alert: Alert, externalUrl: string): PayloadAlert {
  const { state, flapping } = alert;
  const over = state.kind === 'resolved' && !flapping;
  return {
    status: over ? 'resolved' : 'firing',
    labels: alert.labels,
    annotations: over ? { ...alert.annotations, resolved_because: state.reason } : alert.annotations,
    startsAt: iso(state.kind === 'pending' ? state.activeAtUnixMs : state.firedAtUnixMs),
    endsAt: over ? iso(state.resolvedAtUnixMs) : ZERO_TIME,
    generatorURL: `${externalUrl}${alertsPage(alert.labels)}`,
    fingerprint: alert.fingerprint,
  };
}

/** `externalUrl` is where people reach the dashboard, without a slash at its end. */
export function webhookPayload(
  notification: Notification,
  at: { readonly externalUrl: string; readonly receiver: string },
): WebhookPayload {
  const alerts = notification.alerts.map((alert) => payloadAlert(alert, at.externalUrl));
  return {
    version: '4',
    groupKey: notification.groupKey,
    truncatedAlerts: Math.max(0, alerts.length - MAX_ALERTS_PER_MESSAGE),
    status: alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
    receiver: at.receiver,
    groupLabels: notification.groupLabels,
    commonLabels: common(alerts.map(({ labels }) => labels)),
    commonAnnotations: common(alerts.map(({ annotations }) => annotations)),
    routeLabels: notification.routeLabels,
    externalURL: at.externalUrl,
    notification_reason: notification.reason,
    alerts: alerts.slice(0, MAX_ALERTS_PER_MESSAGE),
  };
}
