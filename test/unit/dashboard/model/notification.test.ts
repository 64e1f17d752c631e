import { describe, expect, test } from 'vitest';
import type { Alert } from '../../../../dashboard/model/alert-book.ts';
import { episodeOf, groupKeyOf, planNotification } from '../../../../dashboard/model/notification.ts';
import { webhookPayload } from '../../../../dashboard/model/webhook-payload.ts';
import { T0 } from '../builders.ts';

const life = { activeAtUnixMs: T0, heldMs: 30_000, clearMs: undefined, noData: false, value: 0.93 };
const firing: Alert['state'] = { kind: 'firing', firedAtUnixMs: T0 + 30_000, ...life };
const resolved: NonNullable<Alert['before']> = {
  kind: 'resolved',
  firedAtUnixMs: T0 + 30_000,
  resolvedAtUnixMs: T0 + 60_000,
  reason: 'recovered',
  ...life,
};

function anAlert(state: Alert['state'], over: Partial<Alert> = {}): Alert {
  return {
    fingerprint: '507a62d79ee76c9a',
    rule: 'ContainerCpuHigh',
    target: 'n1/runc:api',
    labels: { alertname: 'ContainerCpuHigh', severity: 'warning', host: 'h1', container: 'api', runtime: 'runc' },
    annotations: { summary: 'api on h1 uses 93% of its CPU limit' },
    severity: 'warning',
    metric: 'cpuOfLimitRatio',
    threshold: 0.8,
    forMs: 30_000,
    noDataSinceUnixMs: undefined,
    before: undefined,
    state,
    ...over,
  };
}

const other = { fingerprint: '1111111111111111' };
const told = (...alerts: Alert[]) => ({ firing: alerts.map(episodeOf), refusedId: undefined });

describe('what a receiver has to be told', () => {
  test.each([
    {
      name: 'nothing of what is pending',
      group: [anAlert({ kind: 'pending', ...life })],
      known: undefined,
      want: undefined,
    },
    { name: 'the first firing', group: [anAlert(firing)], known: undefined, want: 'first notification' },
    { name: 'not the same again', group: [anAlert(firing)], known: told(anAlert(firing)), want: undefined },
    {
      name: 'not that it goes on without data',
      group: [anAlert({ ...firing, noData: true })],
      known: told(anAlert(firing)),
      want: undefined,
    },
    {
      name: 'one more',
      group: [anAlert(firing), anAlert(firing, other)],
      known: told(anAlert(firing)),
      want: 'new alerts added',
    },
    { name: 'that all ended', group: [anAlert(resolved)], known: told(anAlert(firing)), want: 'all alerts resolved' },
    {
      name: 'that one of two ended',
      group: [anAlert(firing), anAlert(resolved, other)],
      known: told(anAlert(firing), anAlert(firing, other)),
      want: 'some alerts resolved',
    },
    { name: 'not the end of what it never heard of', group: [anAlert(resolved)], known: undefined, want: undefined },
    {
      name: 'a new episode',
      group: [anAlert({ ...firing, activeAtUnixMs: T0 + 99_000 })],
      known: told(anAlert(firing)),
      want: 'new alerts added',
    },
    {
      name: 'an end that a new pending hides',
      group: [anAlert({ kind: 'pending', ...life, activeAtUnixMs: T0 + 99_000 }, { before: resolved })],
      known: told(anAlert(firing)),
      want: 'all alerts resolved',
    },
    { name: 'nothing of an empty group', group: [], known: told(anAlert(firing)), want: undefined },
  ])('$name', ({ group, known, want }) => {
    expect(planNotification(group, known)?.reason).toBe(want);
  });

  test('what it refused for good is not sent again, but what comes after is', () => {
    const first = planNotification([anAlert(firing)], undefined);
    const refused = { firing: [], refusedId: first?.id };
    expect(planNotification([anAlert(firing)], refused)).toBeUndefined();
    expect(planNotification([anAlert(firing), anAlert(firing, other)], refused)?.id).not.toBe(first?.id);
  });

  test('the same content has the same id', () => {
    expect(planNotification([anAlert(firing)], undefined)?.id).toBe(
      planNotification([anAlert({ ...firing, value: 0.99 })], undefined)?.id,
    );
  });
});

test.each([
  {
    labels: { alertname: 'A', host: 'h1', container: 'api', severity: 'x' },
    want: '{}:{alertname="A", container="api", host="h1"}',
  },
  { labels: { alertname: 'A', container: 'a"b\\c\n' }, want: '{}:{alertname="A", container="a\\"b\\\\c\\n"}' },
  { labels: { alertname: 'A', container: '\u0001\u007fé' }, want: '{}:{alertname="A", container="\\x01\\x7fé"}' },
])('group key $want', ({ labels, want }) => {
  expect(groupKeyOf(labels)).toBe(want);
});

describe('the payload of version 4', () => {
  const at = { externalUrl: 'https://dash.example', receiver: 'webhook' };

  test('firing', () => {
    expect(webhookPayload(planNotification([anAlert(firing)], undefined)!, at)).toMatchInlineSnapshot(`
      {
        "alerts": [
          {
            "annotations": {
              "summary": "api on h1 uses 93% of its CPU limit",
            },
            "endsAt": "0001-01-01T00:00:00Z",
            "fingerprint": "507a62d79ee76c9a",
            "generatorURL": "https://dash.example/alerts#507a62d79ee76c9a",
            "labels": {
              "alertname": "ContainerCpuHigh",
              "container": "api",
              "host": "h1",
              "runtime": "runc",
              "severity": "warning",
            },
            "startsAt": "2026-11-20T10:00:30.000Z",
            "status": "firing",
          },
        ],
        "commonAnnotations": {
          "summary": "api on h1 uses 93% of its CPU limit",
        },
        "commonLabels": {
          "alertname": "ContainerCpuHigh",
          "container": "api",
          "host": "h1",
          "runtime": "runc",
          "severity": "warning",
        },
        "externalURL": "https://dash.example",
        "groupKey": "{}:{alertname="ContainerCpuHigh", container="api", host="h1"}",
        "groupLabels": {
          "alertname": "ContainerCpuHigh",
          "container": "api",
          "host": "h1",
        },
        "notification_reason": "first notification",
        "receiver": "webhook",
        "routeLabels": {},
        "status": "firing",
        "truncatedAlerts": 0,
        "version": "4",
      }
    `);
  });

  test('resolved', () => {
    const payload = webhookPayload(planNotification([anAlert(resolved)], told(anAlert(firing)))!, at);
    expect(payload.status).toBe('resolved');
    expect(payload.alerts[0]).toMatchInlineSnapshot(`
      {
        "annotations": {
          "resolved_because": "recovered",
          "summary": "api on h1 uses 93% of its CPU limit",
        },
        "endsAt": "2026-11-20T10:01:00.000Z",
        "fingerprint": "507a62d79ee76c9a",
        "generatorURL": "https://dash.example/alerts#507a62d79ee76c9a",
        "labels": {
          "alertname": "ContainerCpuHigh",
          "container": "api",
          "host": "h1",
          "runtime": "runc",
          "severity": "warning",
        },
        "startsAt": "2026-11-20T10:00:30.000Z",
        "status": "resolved",
      }
    `);
  });

  test('too many alerts are cut and counted', () => {
    const many = Array.from({ length: 60 }, (_, index) => anAlert(firing, { fingerprint: String(index) }));
    const payload = webhookPayload(planNotification(many, undefined)!, at);
    expect([payload.alerts.length, payload.truncatedAlerts]).toEqual([50, 10]);
  });
});
