import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { freePort } from '../../cli/demo/ports.ts';
import { startProcess } from '../support/processes.ts';
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
  - name: MemoryHigh
    metric: memoryOfLimitRatio
    op: ">"
    levels: [{ severity: warning, threshold: 60% }, { severity: critical, threshold: 80%, recovery: 70% }]
    labels: { team: shop }
`;

const limited = aContainer('api', { memoryLimitBytes: 100 });
const run = promisify(execFile);

async function amtool(dashboard: TestDashboard, ...argv: string[]): Promise<string> {
  const url = `http://weft:${await dashboard.token('api-token')}@${dashboard.listen}`;
  return (await run('amtool', [`--alertmanager.url=${url}`, ...argv])).stdout.trim();
}

test('amtool looks at alerts and silences them, and the page says why nothing is sent', async () => {
  await using receiver = await startReceiver();
  await using dashboard = await startDashboard({ rules: RULES, flags: ['--webhook', receiver.url] });
  using agent = await dialAgent(dashboard);
  agent.inventory([limited]);
  using _frames = keepSending(agent, () => [{ memoryWorkingSetBytes: 90 }]);
  await untilAlert(dashboard, 'api', 'firing');
  const query = await amtool(dashboard, 'alert', 'query', '-o', 'json', 'team=shop', 'severity=~"crit.*"');
  expect(JSON.parse(query)).toMatchObject([
    { labels: { alertname: 'MemoryHigh', container: 'api', severity: 'critical' }, status: { state: 'active' } },
  ]);
  expect(JSON.parse(await amtool(dashboard, 'alert', 'query', '-o', 'json', 'team!=shop'))).toEqual([]);

  const id = await amtool(dashboard, 'silence', 'add', 'team=shop', '-c', 'works', '-a', 'ann', '-d', '1h');
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(JSON.parse(await amtool(dashboard, 'alert', 'query', '-o', 'json', '-s'))).toMatchObject([
    { status: { state: 'suppressed', silencedBy: [id] } },
  ]);
  const alert = await untilAlert(dashboard, 'api', 'firing');
  expect(alert['delivery']).toMatch(new RegExp(`^not sent: silenced by ${id} until .* by ann: works$`));

  await dashboard.crash();
  await dashboard.start();
  expect(JSON.parse(await amtool(dashboard, 'silence', 'query', '-o', 'json'))).toMatchObject([
    { id, createdBy: 'ann' },
  ]);
  await amtool(dashboard, 'silence', 'expire', id);
  expect(JSON.parse(await amtool(dashboard, 'silence', 'query', '-o', 'json'))).toEqual([]);
  expect(await amtool(dashboard, 'silence', 'query', '-o', 'json', '--expired')).toContain(id);
});

test('a real Alertmanager is forwarded what fires and what is over', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-alertmanager-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'am.yml'), 'route: { receiver: none }\nreceivers: [{ name: none }]\n');
  const listen = `127.0.0.1:${await freePort()}`;
  const argv = ['prometheus-alertmanager', `--config.file=${folder}/am.yml`, `--storage.path=${folder}/data`];
  stack.use(await startProcess([...argv, `--web.listen-address=${listen}`, '--cluster.listen-address=']));
  const notify = join(folder, 'notify.yaml');
  await writeFile(
    notify,
    `receivers: [{ name: am, channels: [{ type: alertmanager, name: am, url: 'http://${listen}' }] }]\n`,
  );
  const dashboard = stack.use(await startDashboard({ rules: RULES, flags: ['--notify', notify] }));
  using agent = await dialAgent(dashboard);
  let bytes = 90;
  agent.inventory([limited]);
  using _frames = keepSending(agent, () => [{ memoryWorkingSetBytes: bytes }]);
  const known = async (): Promise<{ labels: Record<string, string> }[]> =>
    (await (await fetch(`http://${listen}/api/v2/alerts`)).json()) as { labels: Record<string, string> }[];
  const firing = await until(async () => (await known())[0], { what: 'Alertmanager has the alert', timeoutMs: 20_000 });
  expect(firing).toMatchObject({
    labels: { alertname: 'MemoryHigh', container: 'api', severity: 'critical', team: 'shop' },
    generatorURL: expect.stringContaining(dashboard.url) as string,
  });
  bytes = 1;
  await until(async () => (await known()).length === 0, { what: 'Alertmanager heard of the end', timeoutMs: 20_000 });
});

test('rules, channels and mute windows by the API', async () => {
  await using receiver = await startReceiver();
  await using dashboard = await startDashboard({ flags: ['--allow-private-targets', '127.0.0.0/8'] });
  using agent = await dialAgent(dashboard);
  agent.inventory([limited]);
  using _frames = keepSending(agent, () => [{ memoryWorkingSetBytes: 90 }]);
  const headers = { authorization: `Bearer ${await dashboard.token('api-token')}`, 'content-type': 'application/json' };
  const ask = async (
    method: string,
    path: string,
    body?: object,
  ): Promise<{ status: number; body: Record<string, unknown> }> => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${dashboard.url}/api/v1${path}`, { method, headers, ...sent });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const rule = { name: 'Mine', metric: 'memoryOfLimitRatio', op: '>', threshold: '50%' };
  expect(await ask('POST', '/rules', { ...rule, metric: 'nope' })).toMatchObject({
    status: 400,
    body: { title: 'Bad Request' },
  });
  expect((await ask('POST', '/rules/preview', rule)).body).toEqual({
    matches: 1,
    targets: [{ host: 'h1', container: 'api' }],
  });
  expect((await ask('POST', '/rules/backtest', rule)).body).toHaveProperty('summary');
  const made = await ask('POST', '/rules', rule);
  expect(made).toMatchObject({ status: 201, body: { name: 'Mine', origin: 'api' } });

  const spec = {
    type: 'webhook',
    name: 'hook',
    url: receiver.url,
    secret: `whsec_${Buffer.alloc(24, 1).toString('base64')}`,
  };
  const channel = await ask('POST', '/channels', spec);
  expect(channel).toMatchObject({ status: 201, body: { secret: 'set', url: `${new URL(receiver.url).origin}/…` } });
  receiver.answer = 500;
  const id = String(channel.body['id']);
  expect((await ask('POST', `/channels/${id}/test`)).body).toMatchObject({
    outcome: 'retry',
    status: '500',
    body: 'answer',
  });
  receiver.answer = 200;
  const told = await until(() => receiver.deliveries.find(({ body }) => body.groupKey.includes('Mine')), {
    what: 'the message',
  });
  expect(told.headers['webhook-signature']).toMatch(/^v1,/);
  const deliveries = await until(async () => (await ask('GET', '/deliveries')).body['deliveries'] as object[], {
    what: 'the log',
  });
  expect(deliveries[0]).toMatchObject({ channel: 'hook', outcome: 'sent', status: '200' });

  const always = { name: 'now', timeIntervals: [{ location: 'Europe/Berlin' }] };
  expect(await ask('POST', '/mute-windows', { ...always, timeIntervals: [{ location: 'Mars' }] })).toMatchObject({
    status: 400,
  });
  await ask('POST', '/mute-windows', always);
  expect((await untilAlert(dashboard, 'api', 'firing'))['delivery']).toBe('not sent: muted by now');
  const ruleId = String(made.body['id']);
  expect(await ask('DELETE', `/rules/${ruleId}`)).toMatchObject({ status: 200 });
  await untilAlert(dashboard, 'api', 'resolved');
  const foreign = await fetch(`${dashboard.url}/api/v2/silences`, { headers: { origin: 'http://evil.example' } });
  expect(foreign.status).toBe(401);
});
