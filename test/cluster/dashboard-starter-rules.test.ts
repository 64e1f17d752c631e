import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import { dialAgent, keepSending, startDashboard, startReceiver, untilAlert } from './dashboard-fixture.ts';

interface ShownAlert {
  readonly rule: string;
  readonly state: string;
  readonly delivery: string;
}

test('the starter rules tell of an OOM kill, an exit and a silent host, each once, and nothing of what is well', async () => {
  await using receiver = await startReceiver();
  await using dashboard = await startDashboard({ flags: ['--webhook', receiver.url] });
  const alerts = async (): Promise<readonly ShownAlert[]> =>
    ((await dashboard.get('/alerts')) as { alerts: readonly ShownAlert[] }).alerts;
  const rules = ((await dashboard.get('/rules')) as { rules: readonly { name: string; enabled: boolean }[] }).rules;
  expect(rules.filter(({ enabled }) => enabled)).toHaveLength(14);
  {
    using agent = await dialAgent(dashboard);
    agent.inventory([aContainer('hog'), aContainer('bad'), aContainer('fine')]);
    using frames = keepSending(agent, () => [{}, {}, {}].map(() => ({ memoryWorkingSetBytes: 1 })));
    await until(
      async () => ((await dashboard.get('/containers')) as { containers: object[] }).containers.length === 3,
      {
        what: 'the containers are known',
      },
    );
    const end = { v: 1, atUnixMs: Date.now() };
    agent.socket.emit('exit', { ...end, key: 'runc:hog', exitCode: 137, oomKilled: true });
    agent.socket.emit('exit', { ...end, key: 'runc:bad', exitCode: 3 });
    agent.socket.emit('exit', { ...end, key: 'runc:fine', exitCode: 0 });
    expect(await untilAlert(dashboard, 'hog', 'firing')).toMatchObject({ severity: 'critical' });
    await untilAlert(dashboard, 'bad', 'firing');
    frames[Symbol.dispose]();
  }
  // 15 s until the host is silent for sure, 30 s of the rule.
  const unreachable = await until(
    async () => (await alerts()).find(({ rule, state }) => rule === 'HostUnreachable' && state === 'firing'),
    { what: 'the host is unreachable', timeoutMs: 60_000 },
  );
  await until(() => receiver.deliveries.some(({ body }) => body.groupKey.includes('HostUnreachable')), {
    what: 'somebody is told',
  });
  expect(unreachable.rule).toBe('HostUnreachable');
  const others = (await alerts()).filter(({ rule, state }) => rule !== 'HostUnreachable' && state === 'firing');
  expect(others.length).toBeGreaterThan(0);
  expect(others.map(({ delivery }) => delivery)).toEqual(
    others.map(() => 'not sent: inhibited by HostUnreachable, h1'),
  );
  const told = receiver.deliveries.flatMap(({ body }) => body.alerts.map(({ labels }) => labels));
  expect(told.map(({ alertname, container }) => `${alertname ?? ''} ${container ?? ''}`.trim()).sort()).toEqual([
    'ContainerExitedUnexpectedly bad',
    'ContainerExitedUnexpectedly hog',
    'ContainerOOM hog',
    'HostUnreachable',
  ]);
});
