import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startEtcd } from '../support/etcd.ts';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import {
  dialAgent,
  keepSending,
  startDashboard,
  startReceiver,
  untilAlert,
  type TestDashboard,
} from './dashboard-fixture.ts';

const RULES = `rules:
  - { name: MemoryHigh, metric: memoryOfLimitRatio, op: ">", threshold: 80% }
`;

const limited = (name: string) => aContainer(name, { memoryLimitBytes: 100 });
const run = promisify(execFile);

async function delivery(dashboard: TestDashboard, container: string): Promise<string> {
  return String((await untilAlert(dashboard, container, 'firing'))['delivery']);
}

test('of two dashboards one notifies; when it is killed the other takes over without telling twice', async () => {
  await using etcd = await startEtcd();
  await using receiver = await startReceiver();
  const flags = ['--webhook', receiver.url, '--etcd-endpoints', etcd.endpoint];
  await using first = await startDashboard({ rules: RULES, flags });
  await using second = await startDashboard({ rules: RULES, flags });
  let bytes = [90, 1];
  await using stack = new AsyncDisposableStack();
  for (const dashboard of [first, second]) {
    const agent = stack.use(await dialAgent(dashboard));
    agent.inventory([limited('api'), limited('db')]);
    stack.use(keepSending(agent, () => bytes.map((memoryWorkingSetBytes) => ({ memoryWorkingSetBytes }))));
  }
  await until(() => receiver.deliveries.length > 0, { what: 'somebody told of api', timeoutMs: 30_000 });
  const words = await until(
    async () => {
      const both = [await delivery(first, 'api'), await delivery(second, 'api')];
      return both.some((text) => text.startsWith('sent to')) && both.some((text) => text.includes('notifies')) && both;
    },
    { what: 'one says that it was sent, the other who notifies', timeoutMs: 20_000 },
  );
  const [leader, follower] = words[0]?.startsWith('sent to') === true ? [first, second] : [second, first];
  expect(words.find((text) => text.includes('notifies'))).toBe(`not sent: ${leader.url} notifies, not this dashboard`);

  // A silence that is made at one holds at the other.
  const url = `http://weft:${await leader.token('api-token')}@${leader.listen}`;
  await run('amtool', [
    `--alertmanager.url=${url}`,
    'silence',
    'add',
    'container=never',
    '-c',
    'x',
    '-a',
    'ann',
    '-d',
    '1h',
  ]);
  await until(async () => ((await follower.get('/silences')) as { silences: object[] }).silences.length === 1, {
    what: 'the silence is known to the other',
  });

  await leader.crash();
  await until(async () => (await delivery(follower, 'api')).startsWith('sent to'), {
    what: 'the other took over, and knows that api was told',
    // What is promised.
    timeoutMs: 15_000,
  });
  expect(receiver.deliveries).toHaveLength(1);
  bytes = [90, 90];
  await until(() => receiver.deliveries.length > 1, { what: 'the new leader tells of db' });
  expect(receiver.deliveries[1]?.body).toMatchObject({ notification_reason: 'new alerts added' });
  bytes = [1, 1];
  await until(() => receiver.deliveries.at(-1)?.body.status === 'resolved', { what: 'and of the end' });
});

test('etcd that is away does not silence a dashboard', async () => {
  await using etcd = await startEtcd();
  await using receiver = await startReceiver();
  await using dashboard = await startDashboard({
    rules: RULES,
    flags: ['--webhook', receiver.url, '--etcd-endpoints', etcd.endpoint],
  });
  await until(
    () =>
      dashboard
        .process()
        .logs()
        .some(({ msg }) => msg === 'notifying dashboard'),
    { what: 'it leads' },
  );
  await etcd.kill();
  using agent = await dialAgent(dashboard);
  agent.inventory([limited('api')]);
  using _frames = keepSending(agent, () => [{ memoryWorkingSetBytes: 90 }]);
  await until(() => receiver.deliveries.length === 1, { what: 'it is told all the same', timeoutMs: 30_000 });
});
