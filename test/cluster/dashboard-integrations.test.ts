import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import { addUser, asRoot, call } from './access-fixture.ts';
import { dialAgent, keepSending, startDashboard, untilAlert, type TestDashboard } from './dashboard-fixture.ts';

interface IntegrationAnswer {
  readonly kind: string;
  readonly state: string;
  readonly targets: readonly string[];
  readonly counts: Record<string, number>;
  readonly lastSuccessAt: string | null;
  readonly lastError: { readonly reason: string } | null;
}

async function integration(dashboard: TestDashboard, kind: string): Promise<IntegrationAnswer> {
  const { integrations } = (await asRoot(dashboard, '/integrations')).body as { integrations: IntegrationAnswer[] };
  return integrations.find((each) => each.kind === kind)!;
}

const untilState = async (dashboard: TestDashboard, kind: string, state: string): Promise<IntegrationAnswer> =>
  await until(
    async () => {
      const found = await integration(dashboard, kind);
      return found.state === state ? found : undefined;
    },
    { what: `${kind} is ${state}`, timeoutMs: 40_000 },
  );

test('without any everything is off, and the page for Prometheus is there', async () => {
  await using dashboard = await startDashboard();
  for (const kind of ['remoteWrite', 'remoteRead', 'statsd', 'alertmanager', 'forwardAuth'])
    expect(await integration(dashboard, kind)).toMatchObject({ state: 'off', lastSuccessAt: null, lastError: null });
  expect((await integration(dashboard, 'prometheus')).counts).toMatchObject({ rules: 14 });
});

test('a remote store that refuses and then takes is told with its last error', async () => {
  let status = 503;
  const store = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status).end('too busy'));
  });
  store.listen(0, '127.0.0.1');
  await once(store, 'listening');
  const url = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
  await using resources = new AsyncDisposableStack();
  resources.defer(() => {
    store.closeAllConnections();
    store.close();
  });
  const flags = ['--remote-write-url', `${url}/write?token=hidden`, '--remote-read-url', url];
  const dashboard = resources.use(await startDashboard({ flags }));
  const agent = resources.use(await dialAgent(dashboard));
  agent.inventory([aContainer('api')]);
  resources.use(keepSending(agent, () => [{ memoryWorkingSetBytes: 7 }]));
  const failing = await untilState(dashboard, 'remoteWrite', 'failing');
  expect(failing).toMatchObject({ targets: [`${url}/write?…`], lastError: { reason: 'it answers 503: too busy' } });
  expect(JSON.stringify(failing)).not.toContain('hidden');
  status = 204;
  const working = await untilState(dashboard, 'remoteWrite', 'ok');
  expect(working.lastError?.reason).toBe('it answers 503: too busy');
  expect(working.counts['sentSamples']).toBeGreaterThan(0);
  status = 500;
  await asRoot(dashboard, '/history?series=n1&from=-30d&step=1h');
  expect(await untilState(dashboard, 'remoteRead', 'failing')).toMatchObject({ counts: { answers: 0 } });
});

test('a StatsD daemon, an Alertmanager that is not there', async () => {
  const daemon = createSocket('udp4');
  daemon.bind(0, '127.0.0.1');
  await once(daemon, 'listening');
  await using resources = new AsyncDisposableStack();
  resources.defer(() => {
    daemon.close();
  });
  const rules = `rules:\n  - { name: Big, metric: memoryWorkingSetBytes, op: '>', threshold: 1, for: 0s }\n`;
  const dashboard = resources.use(await startDashboard({ rules, flags: ['--allow-private-targets', '127.0.0.0/8'] }));
  const { port } = daemon.address();
  await asRoot(dashboard, '/channels', { body: { type: 'statsd', name: 'checks', host: '127.0.0.1', port } });
  await asRoot(dashboard, '/channels', { body: { type: 'alertmanager', name: 'am', url: 'http://127.0.0.1:1/' } });
  expect(await integration(dashboard, 'statsd')).toMatchObject({ state: 'untried', targets: [`127.0.0.1:${port}`] });
  const agent = resources.use(await dialAgent(dashboard));
  agent.inventory([aContainer('api')]);
  resources.use(keepSending(agent, () => [{ memoryWorkingSetBytes: 7 }]));
  await untilAlert(dashboard, 'api', 'firing');
  await untilState(dashboard, 'statsd', 'ok');
  expect((await untilState(dashboard, 'alertmanager', 'failing')).lastError?.reason).toContain('it cannot be reached');
});

test('headers of a stranger are counted and told to admins alone', async () => {
  const forward = ['--forward-auth-header', 'Remote-User', '--viewer-groups', 'staff'];
  await using dashboard = await startDashboard({ flags: ['--trusted-proxy', '10.0.0.1', ...forward] });
  expect((await integration(dashboard, 'forwardAuth')).state).toBe('untried');
  expect((await call(dashboard, '/me', { headers: { 'remote-user': 'eve' } })).status).toBe(401);
  expect(await integration(dashboard, 'forwardAuth')).toMatchObject({
    state: 'failing',
    targets: ['10.0.0.1 (remote-user)'],
    counts: { acceptedRequests: 0, refusedRequests: 1 },
    lastError: { reason: '127.0.0.1 sent remote-user and is no trusted proxy: it was not believed' },
  });
  const { headers } = await addUser(dashboard, { name: 'ed', role: 'editor' });
  const seen = (await call(dashboard, '/integrations', { headers })).body['integrations'] as IntegrationAnswer[];
  expect(seen.map(({ kind }) => kind)).not.toContain('forwardAuth');
});

test('what was made on the page is in the files, without secrets, to whom it may concern', async () => {
  await using dashboard = await startDashboard({ flags: ['--webhook', 'http://127.0.0.1:1/very-hidden'] });
  const rule = { name: 'Mine', metric: 'cpuOfLimitRatio', op: '>', threshold: '80%', for: '5m' };
  await asRoot(dashboard, '/rules', { body: rule });
  await asRoot(dashboard, '/channels', { body: { type: 'slack', name: 'ops', url: 'https://hooks.example/hidden' } });
  const { headers } = await addUser(dashboard, { name: 'vi', role: 'viewer' });
  const scoped = await addUser(dashboard, { name: 'sam', role: 'viewer', scope: 'project=shop' });
  const filesFor = async (who: Record<string, string>) =>
    (await call(dashboard, '/config', { headers: who })).body['files'] as { id: string; text: string }[];
  const asAdmin = await filesFor({ authorization: `Bearer ${await dashboard.token('api-token')}` });
  expect(asAdmin.map(({ id }) => id)).toEqual(['settings', 'rules', 'notify']);
  expect(JSON.stringify(asAdmin)).not.toContain('hidden');
  expect(parse(asAdmin[0]!.text)).toMatchObject({ listen: [dashboard.listen], groupWait: '0s', groupInterval: '1s' });
  expect(parse(asAdmin[1]!.text)).toEqual({ rules: [rule] });
  expect(parse(asAdmin[2]!.text)).toMatchObject({
    receivers: [{ channels: [{ type: 'slack', name: 'ops', url: null }] }],
  });
  expect((await filesFor({ ...headers })).map(({ id }) => id)).toEqual(['rules', 'notify']);
  for (const path of ['/config', '/integrations', '/exports/grafana', '/exports/prometheus-rules'])
    expect((await call(dashboard, path, { headers: scoped.headers })).status, path).toBe(403);
});

test('the archive for Grafana has the rules of the page, and refuses what is no address', async () => {
  await using dashboard = await startDashboard();
  await asRoot(dashboard, '/rules', { body: { name: 'Mine', metric: 'cpuCores', op: '>', threshold: 3, for: '5m' } });
  const headers = { authorization: `Bearer ${await dashboard.token('api-token')}` };
  const download = await fetch(`${dashboard.url}/api/v1/exports/grafana?prometheusUrl=http://prom:9090`, { headers });
  const archive = Buffer.from(await download.arrayBuffer());
  const listed = execFileSync('tar', ['-tzf', '-'], { input: archive, encoding: 'utf8' }).trim().split('\n');
  expect(listed).toContain('dashboards/weft-overview.json');
  const read = (path: string): string =>
    execFileSync('tar', ['-xzOf', '-', path], { input: archive, encoding: 'utf8' });
  expect(read('prometheus/weft-rules.yaml')).toContain('alert: Mine');
  expect(read('provisioning/datasources/weft.yaml')).toContain('http://prom:9090');
  expect((await asRoot(dashboard, '/exports/prometheus-rules')).body['text']).toContain('alert: Mine');
  const refused = await asRoot(dashboard, '/exports/grafana?prometheusUrl=prom');
  expect([refused.status, refused.body['detail']]).toEqual([
    400,
    'prometheus-url: expected a URL such as http://prometheus:9090, got "prom"',
  ]);
});
