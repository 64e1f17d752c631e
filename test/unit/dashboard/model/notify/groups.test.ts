import { describe, expect, test } from 'vitest';
import { parseMatchers } from '../../../../../dashboard/model/alert/matcher.ts';
import { planFlush, type FlushInput } from '../../../../../dashboard/model/notify/flush.ts';
import { GroupBook } from '../../../../../dashboard/model/notify/group-book.ts';
import { compileRoutes, groupKeyOf, routesFor } from '../../../../../dashboard/model/notify/route.ts';
import { webhookPayload } from '../../../../../dashboard/model/notify/webhook-payload.ts';
import { T0 } from '../../builders.ts';
import { anAlert, FIRING, PENDING, RESOLVED } from './alerts.ts';

const shop = parseMatchers('team="shop"');
const tree = compileRoutes({
  receiver: 'root',
  groupWaitMs: 10_000,
  routes: [
    { receiver: 'crit', matchers: parseMatchers('severity="critical"'), continue: true },
    {
      receiver: 'shop',
      matchers: shop,
      groupBy: ['...'],
      routes: [{ receiver: 'db', matchers: parseMatchers('container=~"db.*"') }],
    },
    { receiver: 'never', matchers: shop },
  ],
});

describe('routes', () => {
  test.each([
    { labels: { severity: 'warning' }, want: ['root'] },
    { labels: { severity: 'critical' }, want: ['crit'] },
    { labels: { severity: 'critical', team: 'shop' }, want: ['crit', 'shop'] },
    { labels: { team: 'shop', container: 'db-1' }, want: ['db'] },
  ])('$labels go to $want', ({ labels, want }) => {
    expect(routesFor(tree, labels).map(({ receiver }) => receiver)).toEqual(want);
  });

  test('children inherit times and have keys from the root down', () => {
    const [route] = routesFor(tree, { team: 'shop', container: 'db' });
    expect(route).toMatchObject({
      key: '{}/{team="shop"}/{container=~"db.*"}',
      groupWaitMs: 10_000,
      groupIntervalMs: 300_000,
      repeatIntervalMs: 14_400_000,
      groupBy: ['...'],
    });
  });

  test.each([
    { by: ['alertname', 'host'], labels: { alertname: 'A', host: 'h"1' }, want: '{}:{alertname="A", host="h\\"1"}' },
    { by: ['missing'], labels: { alertname: 'A' }, want: '{}:{}' },
    { by: ['...'], labels: { b: '2', a: '1' }, want: '{}:{a="1", b="2"}' },
    { by: ['a'], labels: { a: '\u0001\n' }, want: '{}:{a="\\x01\\n"}' },
  ])('groups by $by: $want', ({ by, labels, want }) => {
    expect(groupKeyOf({ key: '{}', groupBy: by }, labels)).toBe(want);
  });
});

describe('groups', () => {
  const root = compileRoutes({ receiver: 'r', groupWaitMs: 30_000, groupIntervalMs: 300_000 });
  const due = (groups: GroupBook, seconds: number, alerts = [anAlert()]): number =>
    groups.update(alerts, { nowUnixMs: T0 + seconds * 1000, monotonicMs: seconds * 1000 }).length;

  test('waits, then looks each interval', () => {
    const groups = new GroupBook(root, []);
    expect([0, 29, 30, 31, 329, 330].map((second) => due(groups, second))).toEqual([0, 0, 1, 0, 0, 1]);
  });

  test('an alert that fired long ago does not wait', () => {
    expect(due(new GroupBook(root, []), 100)).toBe(1);
  });

  test('pending alerts make no group, and a group ends with its last alert', () => {
    const groups = new GroupBook(root, []);
    due(groups, 0, [anAlert({}, { state: PENDING })]);
    expect(groups.all).toHaveLength(0);
    due(groups, 1);
    due(groups, 2, []);
    expect(groups.all).toHaveLength(0);
  });

  test('a wall clock that jumps takes the timers along', () => {
    const groups = new GroupBook(root, []);
    const at = (wallSeconds: number, seconds: number): number =>
      groups.update([anAlert()], { nowUnixMs: T0 + wallSeconds * 1000, monotonicMs: seconds * 1000 }).length;
    expect([at(0, 0), at(7200, 1), at(7229, 30), at(-7200, 31), at(-6900, 331)]).toEqual([0, 0, 1, 0, 1]);
  });

  test('timers survive a restart', () => {
    const groups = new GroupBook(root, []);
    due(groups, 0);
    due(groups, 30);
    const again = new GroupBook(root, groups.records);
    expect([40, 329, 330].map((second) => due(again, second))).toEqual([0, 0, 1]);
  });

  test('who takes over looks at once at what was told before', () => {
    const groups = new GroupBook(root, []);
    due(groups, 0);
    due(groups, 30);
    groups.hurry(T0 + 40_000);
    expect(due(groups, 40)).toBe(1);
  });
});

describe('one flush', () => {
  const route = compileRoutes({ receiver: 'r' });
  const group = { key: 'g', route, labels: { alertname: 'A' }, nextFlushUnixMs: 0, flushed: true, alerts: [] };
  const flush = (alerts: FlushInput['alerts'], entry?: FlushInput['entry']) =>
    planFlush({ group, alerts, entry, isAcknowledged: () => false, sendResolved: true, nowUnixMs: T0 + 90_000 });
  const told = (firing: readonly string[], atUnixMs = T0) => ({
    groupKey: 'g',
    receiver: 'r',
    firing,
    resolved: [],
    atUnixMs,
  });

  test('what resolved before anybody was told is not told', () => {
    expect(flush([anAlert({}, { state: RESOLVED })])).toBeUndefined();
  });

  test('an end that a new pending hides is told', () => {
    const alert = anAlert({}, { state: PENDING, before: RESOLVED });
    expect(flush([alert], told([alert.fingerprint]))).toMatchObject({ reason: 'all alerts resolved' });
  });

  test('the same content after the same message has the same id', () => {
    const again = anAlert({}, { state: { ...FIRING, value: 1 } as typeof FIRING });
    expect(flush([anAlert()])?.id).toBe(flush([again])?.id);
    expect(flush([anAlert()])?.id).not.toBe(flush([anAlert()], told([], T0 + 1))?.id);
  });

  test('what flaps is told once, then in a digest, as firing', () => {
    const transitions = [0, 10, 20, 30].map((second) => ({ atUnixMs: T0 + second * 1000, to: 'firing' as const }));
    const alert = anAlert({}, { state: RESOLVED, flapping: true, transitions });
    const plan = flush([alert], told([alert.fingerprint]));
    expect(plan).toMatchObject({
      reason: 'alert is flapping',
      alerts: [{ annotations: { flapping: '4 changes in 2 min' } }],
    });
    expect(webhookPayload(plan!, { externalUrl: 'https://d', receiver: 'r' })).toMatchObject({ status: 'firing' });
    expect(flush([alert], told([alert.fingerprint], T0 + 40_000))).toBeUndefined();
  });

  test('the payload of version 4', () => {
    const gone = anAlert({ container: 'b' }, { state: { ...RESOLVED, reason: 'target_gone' } });
    const firing = anAlert({ container: 'a' });
    const plan = flush([firing, gone], told([firing.fingerprint, gone.fingerprint]));
    expect(webhookPayload(plan!, { externalUrl: 'https://dash.example', receiver: 'team' })).toMatchInlineSnapshot(`
      {
        "alerts": [
          {
            "annotations": {
              "summary": "api uses 93%",
            },
            "endsAt": "0001-01-01T00:00:00Z",
            "fingerprint": "b943a2f0fb0a26c3",
            "generatorURL": "https://dash.example/alerts?q=rule%3AA%20host%3Ah1%20name%3Aa",
            "labels": {
              "alertname": "A",
              "container": "a",
              "host": "h1",
              "severity": "warning",
            },
            "startsAt": "2026-11-20T10:00:00.000Z",
            "status": "firing",
          },
          {
            "annotations": {
              "resolved_because": "target_gone",
              "summary": "api uses 93%",
            },
            "endsAt": "2026-11-20T10:01:00.000Z",
            "fingerprint": "9728820b846b20fe",
            "generatorURL": "https://dash.example/alerts?q=rule%3AA%20host%3Ah1%20name%3Ab",
            "labels": {
              "alertname": "A",
              "container": "b",
              "host": "h1",
              "severity": "warning",
            },
            "startsAt": "2026-11-20T10:00:00.000Z",
            "status": "resolved",
          },
        ],
        "commonAnnotations": {
          "summary": "api uses 93%",
        },
        "commonLabels": {
          "alertname": "A",
          "host": "h1",
          "severity": "warning",
        },
        "externalURL": "https://dash.example",
        "groupKey": "g",
        "groupLabels": {
          "alertname": "A",
        },
        "notification_reason": "some alerts resolved",
        "receiver": "team",
        "routeLabels": {},
        "status": "firing",
        "truncatedAlerts": 0,
        "version": "4",
      }
    `);
  });

  test('too many alerts are cut and counted', () => {
    const many = Array.from({ length: 60 }, (_, index) => anAlert({ container: `c${index}` }));
    const payload = webhookPayload(flush(many)!, { externalUrl: '', receiver: 'r' });
    expect([payload.alerts.length, payload.truncatedAlerts]).toEqual([50, 10]);
  });
});
