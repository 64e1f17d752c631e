import { linesOf, linkOf, MAX_LINES, titleOf } from './message-text.ts';
import type { WebhookPayload } from './webhook-payload.ts';

export interface EmailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** For text and attribute values alike. */
export function htmlEscaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function cells(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${htmlEscaped(name)}=${htmlEscaped(value)}`)
    .join(', ');
}

/** One mail for one group: text for every reader, and HTML without anything from elsewhere. */
export function emailMessage(payload: WebhookPayload): EmailText {
  const subject = titleOf(payload);
  const lines = linesOf(payload);
  const link = linkOf(payload);
  const rows = payload.alerts
    .slice(0, MAX_LINES)
    .map(
      ({ status, labels }, index) =>
        `<tr><td>${status}</td><td>${htmlEscaped(lines[index] ?? '')}</td><td><small>${cells(labels)}</small></td></tr>`,
    );
  const rest = lines.slice(rows.length).map((line) => `<tr><td></td><td colspan="2">${htmlEscaped(line)}</td></tr>`);
  return {
    subject,
    text: [
      subject,
      '',
      ...lines.map((line) => `- ${line}`),
      '',
      `Why now: ${payload.notification_reason}`,
      link,
      '',
    ].join('\n'),
    html: [
      '<!doctype html><html><body>',
      `<h2>${htmlEscaped(subject)}</h2>`,
      `<table border="0" cellpadding="4">${[...rows, ...rest].join('')}</table>`,
      `<p>Why now: ${htmlEscaped(payload.notification_reason)}</p>`,
      `<p><a href="${htmlEscaped(link)}">${htmlEscaped(link)}</a></p>`,
      '</body></html>',
    ].join('\n'),
  };
}
