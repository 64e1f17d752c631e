import { alertsPage } from '../alert/alert-link.ts';
import type { PayloadAlert, WebhookPayload } from './webhook-payload.ts';

const MAX_TITLE = 200;
/** Lines of alerts in one message; further ones are counted. */
export const MAX_LINES = 30;

/** Names and values come from containers: no control characters, one line, an end. */
export function oneLine(text: string, most: number): string {
  const plain = text.replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  const characters = Array.from(plain);
  return characters.length <= most ? plain : `${characters.slice(0, most - 1).join('')}…`;
}

/** `[FIRING:2] ContainerHighCPU h1 (warning)`. */
export function titleOf({ status, alerts, groupLabels, commonLabels, truncatedAlerts }: WebhookPayload): string {
  const firing = alerts.filter((alert) => alert.status === 'firing').length + truncatedAlerts;
  const head = status === 'firing' ? `[FIRING:${firing}]` : '[RESOLVED]';
  const subject = Object.values(groupLabels).join(' ') || 'alerts';
  const severity = commonLabels['severity'];
  return oneLine(`${head} ${subject}${severity === undefined ? '' : ` (${severity})`}`, MAX_TITLE);
}

/** One line on one alert: what it is about, then what its rule says of it. */
export function lineOf({ status, labels, annotations }: PayloadAlert): string {
  const place = [labels['container'], labels['host']].filter((part) => part !== undefined).join(' on ');
  const summary = annotations['summary'] ?? labels['alertname'] ?? '';
  const because = annotations['resolved_because'];
  const end = status === 'resolved' ? ` (over${because === undefined ? '' : `: ${because}`})` : '';
  const flapping = annotations['flapping'] === undefined ? '' : ` (is flapping: ${annotations['flapping']})`;
  return oneLine(`${place === '' || summary.includes(place) ? '' : `${place}: `}${summary}${end}${flapping}`, 300);
}

/** The alerts of a message, line by line. */
export function linesOf({ alerts, truncatedAlerts }: WebhookPayload): string[] {
  const rest = Math.max(0, alerts.length - MAX_LINES) + truncatedAlerts;
  return [...alerts.slice(0, MAX_LINES).map(lineOf), ...(rest === 0 ? [] : [`and ${rest} more`])];
}

/** Where a person sees these alerts. */
export function linkOf({ externalURL, commonLabels }: WebhookPayload): string {
  return `${externalURL}${alertsPage(commonLabels)}`;
}
