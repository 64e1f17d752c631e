import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { LIMIT_BYTES, memoryRules, reportApi, untilTold, type Reporting } from './dashboard-scene.ts';
import {
  startDashboard,
  startReceiver,
  untilAlert,
  type Delivery,
  type TestDashboard,
  type TestReceiver,
} from './dashboard-fixture.ts';

const rulesOf = (times: string): string => memoryRules({ MemoryHigh: times });

interface Scene {
  readonly name: string;
  readonly times: string;
  readonly flags?: readonly string[];
  /** Goes on until the dashboard is in the state in which it is to be killed. */
  readonly reach: (stage: {
    readonly dashboard: TestDashboard;
    readonly receiver: TestReceiver;
    readonly reporting: Reporting;
  }) => Promise<unknown>;
  /** What the container uses after the crash, before it is well again. */
  readonly afterwards: number;
}

const SCENES: readonly Scene[] = [
  {
    name: 'pending',
    times: 'for: 8s',
    reach: ({ dashboard }) => untilAlert(dashboard, 'api', 'pending'),
    afterwards: 90,
  },
  {
    name: 'firing, and told',
    times: 'for: 1s',
    reach: async ({ dashboard, receiver }) => {
      await untilTold(receiver, 'firing');
      await until(async () => String((await untilAlert(dashboard, 'api', 'firing'))['delivery']).startsWith('sent'), {
        what: 'it is recorded',
      });
    },
    afterwards: 90,
  },
  {
    name: 'recovering',
    times: 'for: 1s, keepFiringFor: 10s',
    reach: async ({ dashboard, receiver, reporting }) => {
      await untilTold(receiver, 'firing');
      reporting.bytes = 10;
      await untilAlert(dashboard, 'api', 'recovering');
    },
    afterwards: 10,
  },
  {
    name: 'firing, and waiting to be told',
    times: 'for: 1s',
    flags: ['--group-wait', '8s'],
    reach: async ({ dashboard }) => {
      const { delivery } = await untilAlert(dashboard, 'api', 'firing');
      expect(delivery).toMatch(/more/);
    },
    afterwards: 90,
  },
  {
    name: 'the message is being delivered',
    times: 'for: 1s',
    reach: async ({ receiver }) => {
      receiver.answer = 'hang';
      await until(() => receiver.deliveries.length > 0, { what: 'the message is under way', timeoutMs: 30_000 });
      receiver.answer = 200;
    },
    afterwards: 90,
  },
];

const ids = (deliveries: readonly Delivery[]): unknown[] => [
  ...new Set(deliveries.map(({ headers }) => headers['webhook-id'])),
];

test.each(SCENES)(
  'kill -9 while $name: told that it fires once, and that it is over once',
  async (scene) => {
    await using receiver = await startReceiver();
    const flags = ['--webhook', receiver.url, ...(scene.flags ?? [])];
    await using dashboard = await startDashboard({ rules: rulesOf(scene.times), flags });
    {
      using reporting = await reportApi(dashboard, 90);
      await scene.reach({ dashboard, receiver, reporting });
      await dashboard.crash();
    }
    await dashboard.start();
    using reporting = await reportApi(dashboard, scene.afterwards);
    await untilTold(receiver, 'firing');
    if (scene.afterwards > LIMIT_BYTES / 2)
      await until(async () => (await untilAlert(dashboard, 'api', 'firing'))['noData'] === false, {
        what: 'it fires on what is reported now',
        timeoutMs: 30_000,
      });
    reporting.bytes = 10;
    await untilTold(receiver, 'resolved');
    const firing = receiver.deliveries.filter(({ body }) => body.status === 'firing');
    // A message that nobody answered is sent again under its id: a receiver drops what it has.
    expect(ids(firing)).toHaveLength(1);
    expect(firing.map(({ body }) => body.notification_reason)).toEqual(firing.map(() => 'first notification'));
    const resolved = receiver.deliveries.filter(({ body }) => body.status === 'resolved');
    expect(ids(resolved)).toHaveLength(1);
    // The episode is the one from before the crash.
    expect(new Set(receiver.deliveries.map(({ body }) => body.alerts[0]?.startsAt)).size).toBe(1);
  },
  120_000,
);

test('kill -9 while pending: it goes on from where it was, and fires no sooner than it had to', async () => {
  await using receiver = await startReceiver();
  await using dashboard = await startDashboard({ rules: rulesOf('for: 14s'), flags: ['--webhook', receiver.url] });
  let before: Record<string, unknown>;
  {
    using _reporting = await reportApi(dashboard, 90);
    before = await untilAlert(dashboard, 'api', 'pending');
    await dashboard.crash();
  }
  await dashboard.start();
  using _reporting = await reportApi(dashboard, 90);
  expect((await untilAlert(dashboard, 'api', 'pending'))['activeAt']).toBe(before['activeAt']);
  const fired = await untilAlert(dashboard, 'api', 'firing');
  const at = (name: string): number => Date.parse(String(fired[name]));
  expect(fired['activeAt']).toBe(before['activeAt']);
  expect(at('firedAt') - at('activeAt')).toBeGreaterThanOrEqual(14_000);
  await untilTold(receiver, 'firing');
  expect(receiver.deliveries.map(({ body }) => body.notification_reason)).toEqual(['first notification']);
}, 120_000);
