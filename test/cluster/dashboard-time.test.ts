import { expect, test } from 'vitest';
import { ShiftedClock } from '../support/shifted-clock.ts';
import { until } from '../support/until.ts';
import { memoryRules, reportApi, untilTold } from './dashboard-scene.ts';
import { metricsOf, startDashboard, startReceiver, untilAlert, type TestDashboard } from './dashboard-fixture.ts';

interface Shown {
  readonly rule: string;
  readonly state: string;
  readonly noData: boolean;
  readonly value: number;
}

async function alertsOf(dashboard: TestDashboard): Promise<readonly Shown[]> {
  return ((await dashboard.get('/alerts')) as { alerts: readonly Shown[] }).alerts;
}

/** More than the gap between two evaluations that counts as time, milliseconds. */
const LONG_STOP_MS = 62_000;

/** That a host is silent is known whatever reports: only the clock can make this alert fire. */
const SILENT = `  - { name: Silent, metric: hostUnreachable, op: "==", threshold: 1, for: 30s }\n`;

test('a process that was suspended counts none of that time, and tells nobody twice', async () => {
  await using receiver = await startReceiver();
  const rules = memoryRules({ Fires: 'for: 0s' }) + SILENT;
  await using dashboard = await startDashboard({ rules, flags: ['--webhook', receiver.url] });
  const stateOf = async (rule: string): Promise<string | undefined> =>
    (await alertsOf(dashboard)).find((alert) => alert.rule === rule)?.state;
  const ticks = async (): Promise<number> =>
    Number(/^weft_dashboard_tick_seconds_count (\d+)$/m.exec(await metricsOf(dashboard))?.[1]);
  {
    using _reporting = await reportApi(dashboard, 90);
    await untilTold(receiver, 'firing');
  }
  await until(async () => (await stateOf('Silent')) === 'pending', { what: 'the host is silent', timeoutMs: 40_000 });
  const before = await ticks();
  dashboard.process().signal('SIGSTOP');
  const stoppedMs = performance.now();
  await until(() => performance.now() - stoppedMs > LONG_STOP_MS, { what: 'it stood still', timeoutMs: 80_000 });
  dashboard.process().signal('SIGCONT');
  await until(async () => (await ticks()) >= before + 3, { what: 'rules were evaluated since', timeoutMs: 20_000 });
  // Had the time counted, it would have fired at the first evaluation after it.
  expect(await stateOf('Silent')).toBe('pending');
  await until(() => receiver.deliveries.some(({ body }) => body.groupKey.includes('Silent')), {
    what: 'the one that waited fires in the end',
    timeoutMs: 60_000,
  });
  expect(receiver.deliveries.map(({ body }) => body.notification_reason)).toEqual([
    'first notification',
    'first notification',
  ]);
}, 240_000);

test.each([
  { name: 'an hour ahead', seconds: 3600 },
  { name: 'an hour back', seconds: -3600 },
])(
  'a wall clock that jumps $name fires nothing early, and tells nobody twice',
  async ({ seconds }) => {
    using clock = new ShiftedClock();
    await using receiver = await startReceiver();
    const rules = memoryRules({ Waits: 'for: 10m', Fires: 'for: 0s' });
    await using dashboard = await startDashboard({ rules, flags: ['--webhook', receiver.url], env: clock.env });
    using reporting = await reportApi(dashboard, 90);
    await untilTold(receiver, 'firing');
    await untilAlert(dashboard, 'api', 'pending');
    const wallClock = async (): Promise<number> =>
      Date.parse((await fetch(`${dashboard.url}/healthz`)).headers.get('date') ?? '');
    const before = await wallClock();
    clock.jump(seconds);
    await until(async () => Math.abs((await wallClock()) - before - seconds * 1000) < 60_000, {
      what: 'the dashboard has the new time',
    });
    reporting.bytes = 95;
    const later = await until(
      async () => {
        const alerts = await alertsOf(dashboard);
        return alerts.every(({ value }) => value > 0.94) && alerts;
      },
      { what: 'rules were evaluated since', timeoutMs: 20_000 },
    );
    expect(later.map(({ rule, state }) => `${rule} ${state}`).sort()).toEqual(['Fires firing', 'Waits pending']);
    expect(receiver.deliveries).toHaveLength(1);
    reporting.bytes = 10;
    await untilTold(receiver, 'resolved');
    expect(receiver.deliveries.map(({ body }) => body.status)).toEqual(['firing', 'resolved']);
  },
  120_000,
);
