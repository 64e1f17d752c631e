import { describe, expect, test } from 'vitest';
import { parseLabelFilter } from '../../../../../dashboard/model/alert/label-filter.ts';
import { emailMessage } from '../../../../../dashboard/model/notify/email-message.ts';
import { linkOf } from '../../../../../dashboard/model/notify/message-text.ts';
import { webhookPayload, type WebhookPayload } from '../../../../../dashboard/model/notify/webhook-payload.ts';
import { anAlert } from './alerts.ts';

function payloadOf(containers: readonly string[]): WebhookPayload {
  const notification = {
    id: 'n',
    groupKey: 'g',
    receiver: 'r',
    groupLabels: { alertname: 'A' },
    routeLabels: {},
    reason: 'first notification' as const,
    firing: [],
    resolved: [],
    alerts: containers.map((container) => anAlert({ container })),
  };
  return webhookPayload(notification, { externalUrl: 'https://dash.example', receiver: 'r' });
}

/** What the page of a link shows of some alerts. */
function shownBy(link: string, { alerts }: WebhookPayload): string[] {
  const { pathname, searchParams } = new URL(link);
  expect(pathname).toBe('/alerts');
  const takes = parseLabelFilter(searchParams.get('q') ?? '');
  return alerts.filter(({ labels }) => takes(labels)).map(({ labels }) => labels['container'] ?? '');
}

describe('the link of a message', () => {
  test.each(['web', 'a b', '~x', 'a&b=c#d', '<!channel>|', 'x*y', '%41', 'å'])(
    'of one alert shows %j alone',
    (name) => {
      const payload = payloadOf([name, 'other']);
      expect(shownBy(payload.alerts[0]!.generatorURL, payload)).toEqual([name]);
    },
  );

  test('of a group shows its alerts and no others', () => {
    expect(shownBy(linkOf(payloadOf(['web', 'db'])), payloadOf(['web', 'db']))).toEqual(['web', 'db']);
    expect(shownBy(linkOf(payloadOf(['web'])), payloadOf(['web', 'db']))).toEqual(['web']);
  });
});

test('a mail has one row for each alert that it tells, and says how many more there are', () => {
  const { html } = emailMessage(payloadOf(Array.from({ length: 33 }, (_, index) => `web-${index}`)));
  expect(html).toMatch(/web-29.*and 3 more/s);
  expect(html).not.toContain('web-30');
  expect(html.match(/<tr>/g)).toHaveLength(31);
});
