import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { asRoot } from './access-fixture.ts';
import { memoryRules, reportApi, untilTold } from './dashboard-scene.ts';
import {
  metricsOf,
  startDashboard,
  startReceiver,
  untilAlert,
  type TestDashboard,
  type TestReceiver,
} from './dashboard-fixture.ts';

const RULES = memoryRules({ MemoryHigh: 'for: 0s' });

const statuses = ({ deliveries }: TestReceiver): string[] => deliveries.map(({ body }) => body.status);

const messages = ({ deliveries }: TestReceiver): string[] => [
  ...new Set(deliveries.map(({ body, headers }) => `${body.status} ${String(headers['webhook-id'])}`)),
];

/** Rules and groups were looked at often enough for a message that must not come. */
async function untilLookedAt(dashboard: TestDashboard): Promise<void> {
  const ticks = async (): Promise<number> =>
    Number(/^weft_dashboard_tick_seconds_count (\d+)$/m.exec(await metricsOf(dashboard))?.[1]);
  const before = await ticks();
  await until(async () => (await ticks()) >= before + 5, { what: 'five evaluations', timeoutMs: 30_000 });
}

/** Long enough for the test; the process forgets nothing by itself. */
const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();

test('kill -9 while the end is being delivered: it is told once, and the firing not again', async () => {
  await using receiver = await startReceiver();
  await using dashboard = await startDashboard({ rules: RULES, flags: ['--webhook', receiver.url] });
  {
    using reporting = await reportApi(dashboard, 90);
    await untilTold(receiver, 'firing');
    receiver.answer = 'hang';
    reporting.bytes = 10;
    await untilTold(receiver, 'resolved');
    await dashboard.crash();
  }
  receiver.answer = 200;
  const before = receiver.deliveries.length;
  await dashboard.start();
  using _reporting = await reportApi(dashboard, 10);
  await until(() => receiver.deliveries.length > before, { what: 'the end is told again', timeoutMs: 30_000 });
  await untilLookedAt(dashboard);
  expect(messages(receiver).map((text) => text.split(' ')[0])).toEqual(['firing', 'resolved']);
  expect(statuses(receiver).slice(before)).toEqual(['resolved']);
});

test('kill -9 after the end was told: nothing is told of it any more, and a new episode is a new one', async () => {
  await using receiver = await startReceiver();
  await using dashboard = await startDashboard({ rules: RULES, flags: ['--webhook', receiver.url] });
  {
    using reporting = await reportApi(dashboard, 90);
    await untilTold(receiver, 'firing');
    reporting.bytes = 10;
    await untilTold(receiver, 'resolved');
    await until(async () => (await metricsOf(dashboard)).includes('weft_dashboard_notifications_waiting 0'), {
      what: 'it is recorded',
    });
    await dashboard.crash();
  }
  await dashboard.start();
  using reporting = await reportApi(dashboard, 10);
  expect(await untilAlert(dashboard, 'api', 'resolved')).toMatchObject({ resolvedBecause: 'recovered' });
  await untilLookedAt(dashboard);
  expect(statuses(receiver)).toEqual(['firing', 'resolved']);
  reporting.bytes = 90;
  await until(() => receiver.deliveries.length > 2, { what: 'the next episode', timeoutMs: 30_000 });
  const starts = receiver.deliveries.map(({ body }) => body.alerts[0]?.startsAt);
  expect(starts[2]).not.toBe(starts[0]);
  expect(receiver.deliveries[2]?.body).toMatchObject({ status: 'firing', notification_reason: 'first notification' });
});

test('kill -9 while silenced: the silence holds over the restart, and its end is when people are told', async () => {
  await using receiver = await startReceiver();
  await using dashboard = await startDashboard({ rules: RULES, flags: ['--webhook', receiver.url] });
  const matchers = [{ name: 'container', value: 'api', isRegex: false, isEqual: true }];
  const body = { matchers, startsAt: new Date().toISOString(), endsAt: inAnHour(), createdBy: 'ann', comment: 'c' };
  const made = await asRoot(dashboard, '/silences', { body });
  {
    using _reporting = await reportApi(dashboard, 90);
    expect((await untilAlert(dashboard, 'api', 'firing'))['delivery']).toMatch(/^not sent: silenced by /);
    await dashboard.crash();
  }
  await dashboard.start();
  using _reporting = await reportApi(dashboard, 90);
  await until(async () => (await untilAlert(dashboard, 'api', 'firing'))['noData'] === false, { what: 'it has data' });
  await untilLookedAt(dashboard);
  expect(receiver.deliveries).toEqual([]);
  expect((await untilAlert(dashboard, 'api', 'firing'))['delivery']).toMatch(/^not sent: silenced by /);
  await asRoot(dashboard, `/silences/${String(made.body['id'])}`, { method: 'DELETE' });
  await untilTold(receiver, 'firing');
  expect(receiver.deliveries.map((each) => each.body.notification_reason)).toEqual(['first notification']);
});

test('kill -9 after an acknowledgement: nothing is repeated, and the end is told', async () => {
  await using receiver = await startReceiver();
  const flags = ['--webhook', receiver.url, '--repeat-interval', '2s'];
  await using dashboard = await startDashboard({ rules: RULES, flags });
  {
    using _reporting = await reportApi(dashboard, 90);
    await until(() => receiver.deliveries.length > 1, { what: 'it is repeated', timeoutMs: 30_000 });
    const { fingerprint } = await untilAlert(dashboard, 'api', 'firing');
    const path = `/alerts/${String(fingerprint)}/acknowledge`;
    expect((await asRoot(dashboard, path, { body: { by: 'ann', comment: 'on it' } })).status).toBe(200);
    await dashboard.crash();
  }
  const told = receiver.deliveries.length;
  await dashboard.start();
  using reporting = await reportApi(dashboard, 90);
  expect(await untilAlert(dashboard, 'api', 'firing')).toMatchObject({ acknowledgedBy: 'ann' });
  await until(async () => (await untilAlert(dashboard, 'api', 'firing'))['noData'] === false, { what: 'it has data' });
  await untilLookedAt(dashboard);
  expect(receiver.deliveries).toHaveLength(told);
  reporting.bytes = 10;
  await untilTold(receiver, 'resolved');
});
