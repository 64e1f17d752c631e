import { lineOf, linesOf, linkOf, oneLine, titleOf } from './message-text.ts';
import type { WebhookPayload } from './webhook-payload.ts';

const SEVERITIES: Readonly<Record<string, string>> = { critical: 'critical', warning: 'warning', info: 'info' };
const MAX_SUMMARY = 1024;

export interface PagerDutyKeys {
  readonly routingKey: string;
  /** The same for all messages of one group. */
  readonly dedupKey: string;
}

/** An event of the Events API v2: a trigger with what is known, or the end of it. */
export function pagerDutyEvent(payload: WebhookPayload, { routingKey, dedupKey }: PagerDutyKeys): object {
  const key = { routing_key: routingKey, dedup_key: dedupKey };
  if (payload.status === 'resolved') return { ...key, event_action: 'resolve' };
  const { commonLabels: labels, alerts } = payload;
  const firing = alerts.filter(({ status }) => status === 'firing');
  const optional = {
    component: labels['container'],
    group: labels['compose_project'],
    class: labels['alertname'],
  };
  return {
    ...key,
    event_action: 'trigger',
    client: 'weft',
    client_url: linkOf(payload),
    payload: {
      summary: oneLine(`${titleOf(payload)}: ${linesOf(payload)[0] ?? ''}`, MAX_SUMMARY),
      source: labels['host'] ?? 'weft',
      severity: SEVERITIES[labels['severity'] ?? ''] ?? 'error',
      timestamp: firing[0]?.startsAt,
      ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
      custom_details: { firing: firing.map(lineOf).join('\n'), num_firing: firing.length + payload.truncatedAlerts },
    },
    links: [{ href: linkOf(payload), text: 'weft' }],
    images: [],
  };
}
