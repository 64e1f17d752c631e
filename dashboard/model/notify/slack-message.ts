import { linesOf, linkOf, titleOf } from './message-text.ts';
import type { WebhookPayload } from './webhook-payload.ts';

/** The three characters that mean something to Slack: a container called `<!channel>` must not page a channel. */
export function slackEscaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function colourOf({ status, commonLabels }: WebhookPayload): string {
  if (status === 'resolved') return 'good';
  return commonLabels['severity'] === 'critical' ? 'danger' : 'warning';
}

/** The body for an incoming webhook: an attachment, still the only way to a coloured bar, and the text that is read aloud. */
export function slackMessage(payload: WebhookPayload): object {
  const title = slackEscaped(titleOf(payload));
  const text = linesOf(payload).map(slackEscaped).join('\n');
  return {
    text: title,
    link_names: false,
    attachments: [
      {
        title,
        title_link: linkOf(payload),
        fallback: `${title} | ${linkOf(payload)}`,
        color: colourOf(payload),
        mrkdwn_in: [],
        text,
        footer: slackEscaped(payload.notification_reason),
      },
    ],
  };
}
