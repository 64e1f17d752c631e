import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { routeKey } from '../../dashboard/model/api/openapi.ts';
import { API_ROUTES } from '../../dashboard/model/api/routes.ts';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import { addUser, asRoot, call, logInAs, PASSWORD, type Answer, type Call } from './access-fixture.ts';
import {
  dialAgent,
  keepSending,
  startDashboard,
  startReceiver,
  untilAlert,
  type TestDashboard,
} from './dashboard-fixture.ts';

const RULES = `rules:
  - { name: Big, metric: memoryWorkingSetBytes, op: '>', threshold: 1, for: 0s }
`;
const rule = { name: 'Mine', metric: 'cpuCores', op: '>', threshold: 1, for: '0s', severity: 'info' };
const minutes = (count: number): string => new Date(Date.now() + count * 60_000).toISOString();

/** What is downloaded. */
const FILES = ['/exports/grafana', '/exports/prometheus-rules'];

interface Operation {
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: object }> }>;
}

let dashboard: TestDashboard;
let paths: Record<string, Record<string, Operation>>;
const seen = new Set<string>();
const resources = new AsyncDisposableStack();

beforeAll(async () => {
  const receiver = resources.use(await startReceiver());
  receiver.answer = 404;
  dashboard = resources.use(await startDashboard({ rules: RULES, flags: ['--webhook', receiver.url] }));
  const agent = resources.use(await dialAgent(dashboard));
  agent.inventory([aContainer('api', { labels: { a: 'b' }, image: 'x' })]);
  resources.use(keepSending(agent, () => [{ memoryWorkingSetBytes: 7 }]));
  await untilAlert(dashboard, 'api', 'firing');
  paths = (await asRoot(dashboard, '/openapi.json')).body['paths'] as typeof paths;
});

afterAll(async () => {
  await resources.disposeAsync();
});

function operationOf(method: string, path: string): Operation {
  const operation = paths[`/api/v1${path}`]?.[method.toLowerCase()];
  if (operation === undefined) throw new RangeError(`${method} ${path} is not documented`);
  return operation;
}

/** Calls a route and holds the answer to what the document says of it. */
async function checked(route: string, options: Call & { readonly at?: string } = {}): Promise<Answer['body']> {
  const [method, path] = route.split(' ') as [string, string];
  const operation = operationOf(method, path);
  const answer = await asRoot(dashboard, options.at ?? path, { method, ...options });
  const schema = operation.responses[String(answer.status)]?.content?.['application/json']?.schema;
  expect([answer.status, answer.body], route).toEqual([answer.status < 400 ? answer.status : 200, answer.body]);
  expect(schema, `${route} ${answer.status}`).toBeDefined();
  const result = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(answer.body);
  expect(result.error?.issues ?? [], route).toEqual([]);
  seen.add(route);
  return answer.body;
}

test('what is read', async () => {
  for (const { method, path } of API_ROUTES)
    if (method === 'GET' && !path.includes('{') && !['/history', '/devices', ...FILES].includes(path))
      await checked(`GET ${path}`);
  const { containers } = (await asRoot(dashboard, '/containers')).body as { containers: { series: string }[] };
  const series = encodeURIComponent(containers[0]!.series);
  await until(async () => (await asRoot(dashboard, `/history?series=${series}`)).status === 200, { what: 'a past' });
  await checked('GET /history', { at: `/history?series=${series}&series=n1` });
  await checked('GET /devices', { at: `/devices?container=${series}` });
  await checked('GET /audit', { at: '/audit?limit=1' });
});

test.each(FILES)('%s is a file of the type that is documented', async (path) => {
  const answer = await asRoot(dashboard, path);
  const types = Object.keys(operationOf('GET', path).responses['200']?.content ?? {});
  expect([answer.status, answer.headers.get('content-type')?.split(';')[0]]).toEqual([200, ...types]);
  expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="weft-[\w.-]+"$/);
  seen.add(`GET ${path}`);
});

test('accounts and tokens', async () => {
  const { headers } = await addUser(dashboard, { name: 'someone', role: 'viewer' });
  await checked('GET /me', { headers: { authorization: '', ...headers } });
  await checked('PUT /me/password', {
    headers: { authorization: '', ...headers },
    body: { password: `${PASSWORD} 2`, current: PASSWORD },
  });
  await checked('POST /logout', { headers: { authorization: '', ...headers }, body: {} });
  const user = await checked('POST /users', {
    body: { name: 'x', role: 'viewer', scope: 'project=shop', password: PASSWORD },
  });
  await checked('POST /login', { body: { name: 'x', password: PASSWORD } });
  await checked('PUT /users/{id}', { at: `/users/${String(user['id'])}`, body: { role: 'editor', scope: null } });
  await checked('DELETE /users/{id}', { at: `/users/${String(user['id'])}` });
  await checked('POST /login-tokens', { method: 'POST' });
  for (const [path, body] of [
    ['/tokens', { name: 't', role: 'viewer', scope: 'host=h1', expiresInDays: 1 }],
    ['/enrolment-tokens', { name: 't' }],
  ] as const) {
    const { id } = await checked(`POST ${path}`, { body });
    await checked(`POST ${path}/{id}/rotate`, { at: `${path}/${String(id)}/rotate`, body: { graceHours: 1 } });
    await checked(`GET ${path}`);
    await checked(`DELETE ${path}/{id}`, { at: `${path}/${String(id)}` });
  }
});

test('saved views', async () => {
  const { id } = await checked('POST /views', { body: { name: 'busy', query: 'sort=-cpu', shared: true } });
  const at = `/views/${String(id)}`;
  await checked('PUT /views/{id}', { at, body: { name: 'busier' } });
  await checked('GET /views');
  await checked('DELETE /views/{id}', { at });
});

test('rules, silences and mute windows', async () => {
  const { id } = await checked('POST /rules', { body: rule });
  const at = `/rules/${String(id)}`;
  await checked('GET /rules/{id}', { at });
  await checked('PUT /rules/{id}', { at, body: { ...rule, threshold: 2 } });
  await checked('DELETE /rules/{id}', { at });
  await checked('POST /rules/preview', { body: rule });
  await checked('POST /rules/backtest', { body: rule });
  const silence = {
    matchers: [{ name: 'host', value: 'h1', isRegex: false, isEqual: true }],
    startsAt: minutes(0),
    endsAt: minutes(1),
    createdBy: 'ann',
    comment: 'c',
  };
  const made = await checked('POST /silences', { body: silence });
  await checked('GET /silences');
  await checked('DELETE /silences/{id}', { at: `/silences/${String(made['id'])}` });
  const times = [{ times: [{ start: '22:00', end: '24:00' }] }];
  await checked('POST /mute-windows', { body: { name: 'nights', timeIntervals: times } });
  await checked('GET /mute-windows');
  await checked('DELETE /mute-windows/{name}', { at: '/mute-windows/nights' });
});

test('channels, where alerts go, and acknowledgements', async () => {
  const channel = { type: 'webhook', name: 'bot', url: 'http://127.0.0.1:1/' };
  const { id } = await checked('POST /channels', { body: channel });
  const at = `/channels/${String(id)}`;
  await checked('PUT /channels/{id}', { at, body: { name: 'other' } });
  await checked('POST /channels/{id}/enable', { at: `${at}/enable`, body: {} });
  await checked('POST /channels/{id}/test', { at: `${at}/test`, body: {} });
  await checked('GET /channels');
  await checked('DELETE /channels/{id}', { at });
  await checked('GET /routes');
  await checked('POST /routes/test', { body: { labels: { host: 'h1' } } });
  await checked('GET /groups');
  const { alerts } = (await asRoot(dashboard, '/alerts')).body as { alerts: { fingerprint: string }[] };
  const ack = `/alerts/${alerts[0]!.fingerprint}/acknowledge`;
  await checked('POST /alerts/{fingerprint}/acknowledge', { at: ack, body: { by: 'ann' } });
  await checked('DELETE /alerts/{fingerprint}/acknowledge', { at: ack });
});

test('what was not taken is sent again', async () => {
  const refused = await until(
    async () => {
      const { deliveries } = (await checked('GET /deliveries')) as {
        deliveries: { seq: number; canResend: boolean }[];
      };
      return deliveries.find(({ canResend }) => canResend);
    },
    { what: 'a refusal in the log' },
  );
  await checked('POST /deliveries/{seq}/resend', { at: `/deliveries/${refused.seq}/resend`, method: 'POST' });
});

test('every documented route was answered as it is documented', () => {
  expect(API_ROUTES.map(routeKey).filter((route) => !seen.has(route))).toEqual([]);
});

test('a refusal is a problem, for those who may not as well', async () => {
  const answers = [
    await call(dashboard, '/hosts'),
    await asRoot(dashboard, '/audit?limit=0'),
    await call(dashboard, '/users', { headers: await viewerHeaders() }),
  ];
  for (const { status, body, headers } of answers) {
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toEqual({
      type: 'about:blank',
      title: expect.any(String) as string,
      status,
      detail: expect.any(String) as string,
    });
  }
});

async function viewerHeaders(): Promise<Record<string, string>> {
  await addUser(dashboard, { name: 'reader', role: 'viewer' });
  return await logInAs(dashboard, 'reader');
}
