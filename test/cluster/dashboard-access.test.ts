import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API_ROUTES } from '../../dashboard/model/api/routes.ts';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import { addUser, asRoot, call, logInAs, PASSWORD, type TestUser } from './access-fixture.ts';
import {
  dialAgent,
  keepSending,
  openBrowser,
  startDashboard,
  untilAlert,
  type TestDashboard,
} from './dashboard-fixture.ts';

const RULES = `rules:
  - { name: Big, metric: memoryWorkingSetBytes, op: '>', threshold: 1, for: 0s }
`;

let dashboard: TestDashboard;
const users: Record<string, TestUser> = {};

beforeAll(async () => {
  dashboard = await startDashboard({ rules: RULES });
  for (const role of ['admin', 'editor', 'viewer']) users[role] = await addUser(dashboard, { name: `${role}-1`, role });
});

afterAll(async () => {
  await dashboard[Symbol.asyncDispose]();
});

const headersOf = (role: string): Readonly<Record<string, string>> => users[role]!.headers;

describe('who may do what', () => {
  const closed = API_ROUTES.filter(({ need }) => need !== 'anybody');
  const at = (path: string): string => path.replace(/\{\w+\}/g, 'none');

  test.each(closed)('$method $path is closed to nobody in particular', async ({ method, path }) => {
    const body = method === 'GET' ? {} : { body: {} };
    for (const headers of [
      {},
      { authorization: 'Bearer wrong' },
      { cookie: 'weft-session-1=x' },
      { origin: dashboard.url },
    ])
      expect((await call(dashboard, at(path), { method, headers, ...body })).status).toBe(401);
  });

  test.each(closed.filter(({ need }) => need === 'editor'))(
    '$method $path is closed to a viewer',
    async ({ method, path }) => {
      const answer = await call(dashboard, at(path), { method, body: {}, headers: headersOf('viewer') });
      expect([answer.status, answer.body['detail']]).toEqual([403, 'viewer-1 is viewer, and this needs editor']);
    },
  );

  test.each(closed.filter(({ need }) => need === 'admin'))(
    '$method $path is closed to an editor',
    async ({ method, path }) => {
      const body = method === 'GET' ? {} : { body: {} };
      const answer = await call(dashboard, at(path), { method, headers: headersOf('editor'), ...body });
      expect([answer.status, answer.body['detail']]).toEqual([403, 'editor-1 is editor, and this needs admin']);
    },
  );

  test('each may do what its role is for', async () => {
    const silence = { matchers: [{ name: 'host', value: 'h', isRegex: false }], startsAt: new Date().toISOString() };
    const body = { ...silence, endsAt: new Date(Date.now() + 60_000).toISOString(), createdBy: 'e', comment: 'c' };
    expect((await call(dashboard, '/hosts', { headers: headersOf('viewer') })).status).toBe(200);
    expect((await call(dashboard, '/silences', { body, headers: headersOf('editor') })).status).toBe(201);
    expect((await call(dashboard, '/users', { headers: headersOf('admin') })).status).toBe(200);
    const me = await call(dashboard, '/me', { headers: headersOf('viewer') });
    expect(me.body).toMatchObject({
      kind: 'user',
      name: 'viewer-1',
      role: 'viewer',
      scope: null,
      needsPassword: false,
    });
  });

  test('a token has its role, ends with its time, and is told once', async () => {
    const made = await asRoot(dashboard, '/tokens', { body: { name: 'ci', role: 'viewer', expiresInDays: 1 } });
    const headers = { authorization: `Bearer ${String(made.body['token'])}` };
    expect((await call(dashboard, '/hosts', { headers })).status).toBe(200);
    expect((await call(dashboard, '/users', { headers })).status).toBe(403);
    expect((await call(dashboard, '/logout', { headers, method: 'POST' })).status).toBe(400);
    const listed = await asRoot(dashboard, '/tokens');
    expect(JSON.stringify(listed.body)).not.toContain(String(made.body['token']).slice(9));
    const id = String(made.body['id']);
    await asRoot(dashboard, `/tokens/${id}`, { method: 'DELETE' });
    expect((await call(dashboard, '/hosts', { headers })).status).toBe(401);
  });
});

describe('the first admin', () => {
  test('comes by the token of the start, makes a password, and no token is made any more', async () => {
    await using fresh = await startDashboard();
    expect((await call(fresh, '/sign-in')).body).toMatchObject({ password: false });
    const login = await call(fresh, '/login', { body: { token: await fresh.token('admin-token') } });
    const headers = { cookie: login.headers.getSetCookie()[0]?.split(';')[0] ?? '', origin: fresh.url };
    expect((await call(fresh, '/me', { headers })).body).toMatchObject({
      name: 'admin',
      role: 'admin',
      needsPassword: true,
    });
    const attempt = (body: object) => call(fresh, '/me/password', { method: 'PUT', headers, body });
    expect((await attempt({ password: 'short' })).body['detail']).toMatch(/too short/);
    expect((await attempt({ password: PASSWORD, name: 'ann' })).status).toBe(200);
    expect((await call(fresh, '/me', { headers })).body).toMatchObject({ name: 'ann', needsPassword: false });
    expect((await call(fresh, '/sign-in')).body).toMatchObject({ password: true });
    await fresh.crash();
    await fresh.start();
    expect(fresh.process().stdout()).toBe(`weft dashboard: ${fresh.url}\n`);
    await expect(fresh.token('admin-token')).rejects.toThrow('ENOENT');
    expect((await call(fresh, '/hosts', { headers: await logInAs(fresh, 'ann') })).status).toBe(200);
  });

  test('a password is changed by who knows it', async () => {
    const { headers } = await addUser(dashboard, { name: 'changer', role: 'viewer' });
    const other = await logInAs(dashboard, 'changer');
    const attempt = (body: object) => call(dashboard, '/me/password', { method: 'PUT', headers, body });
    expect((await attempt({ password: 'another password' })).status).toBe(403);
    expect((await attempt({ password: 'another password', current: 'wrong' })).status).toBe(403);
    expect((await attempt({ password: 'another password', current: PASSWORD })).status).toBe(200);
    expect((await call(dashboard, '/me', { headers })).status).toBe(200);
    expect((await call(dashboard, '/me', { headers: other })).status).toBe(401);
  });
});

describe('a label scope', () => {
  const shop = { 'com.docker.compose.project': 'shop' };
  const inventory = [aContainer('shop-api', { labels: shop }), aContainer('bank-api')];

  test('cuts live view, API, history and alerts, for users and tokens alike', async () => {
    using agent = await dialAgent(dashboard);
    agent.inventory(inventory);
    using _frames = keepSending(agent, () => [{ memoryWorkingSetBytes: 7 }, { memoryWorkingSetBytes: 9 }]);
    using hidden = await dialAgent(dashboard, { nodeId: 'n2', hostname: 'h2' });
    hidden.inventory([aContainer('other')]);
    for (const name of ['shop-api', 'bank-api']) await untilAlert(dashboard, name, 'firing');
    const { headers } = await addUser(dashboard, { name: 'shopper', role: 'viewer', scope: 'project=shop' });
    const token = await asRoot(dashboard, '/tokens', { body: { name: 's', role: 'viewer', scope: 'project=shop' } });
    for (const value of ['shop-api', 'bank-api']) {
      const matchers = [{ name: 'container', value, isRegex: false, isEqual: true }];
      const startsAt = new Date().toISOString();
      const endsAt = new Date(Date.now() + 3_600_000).toISOString();
      await asRoot(dashboard, '/silences', { body: { matchers, startsAt, endsAt, createdBy: 'ann', comment: '' } });
    }
    for (const who of [headers, { authorization: `Bearer ${String(token.body['token'])}` }]) {
      const get = async (path: string) => (await call(dashboard, path, { headers: who })).body;
      expect(await get('/containers')).toMatchObject({ containers: [{ name: 'shop-api' }] });
      expect(await get('/hosts')).toMatchObject({ hosts: [{ name: 'h1' }] });
      expect(await get('/status')).toMatchObject({ hosts: 1, containers: 1 });
      const { alerts } = (await get('/alerts')) as {
        alerts: { fingerprint: string; labels: Record<string, string> }[];
      };
      expect(alerts.map(({ labels }) => labels['container'])).toEqual(['shop-api']);
      const seen = await asRoot(dashboard, '/containers');
      const { containers } = seen.body as { containers: { name: string; series: string }[] };
      const seriesOf = (name: string) =>
        encodeURIComponent(containers.find((each) => each.name === name)?.series ?? '');
      const past = async (name: string) =>
        (await call(dashboard, `/history?series=${seriesOf(name)}`, { headers: who })).status;
      expect([await past('shop-api'), await past('bank-api')]).toEqual([200, 404]);
      const { silences } = (await get('/silences')) as { silences: { matchers: { value: string }[] }[] };
      expect(silences.map(({ matchers }) => matchers[0]?.value)).toEqual(['shop-api']);
      const { episodes, more } = (await get('/alerts/history?limit=1')) as { episodes: object[]; more: boolean };
      const { groups } = (await get('/groups')) as { groups: { alerts: string[] }[] };
      const seenAlerts = alerts.map(({ fingerprint }) => fingerprint);
      expect(groups.flatMap(({ alerts: members }) => members)).toEqual(seenAlerts);
      expect([episodes.length, more]).toEqual([1, false]);
      expect(JSON.stringify(episodes)).not.toMatch(/bank|other/);
      const table = await fetch(`${dashboard.url}/api/v1/alerts/history?format=csv`, { headers: who });
      expect(await table.text()).not.toMatch(/bank|other/);
      const { events } = (await get('/events')) as { events: { name?: string }[] };
      expect(new Set(events.map(({ name }) => name))).toEqual(new Set(['shop-api']));
      expect(await get(`/events?service=${seriesOf('bank-api')}`)).toMatchObject({ events: [] });
      expect(await get(`/events?series=${seriesOf('bank-api')}&series=n2`)).toMatchObject({ events: [] });
      const onHost = (await get('/events?series=n1')) as { events: { name?: string }[] };
      expect(new Set(onHost.events.map(({ name }) => name))).toEqual(new Set(['shop-api']));
      for (const path of ['/mute-windows', '/deliveries', '/channels'])
        expect((await call(dashboard, path, { headers: who })).status).toBe(403);
      expect((await fetch(`${dashboard.url}/api/v2/alerts`, { headers: who })).status).toBe(403);
      expect((await fetch(`${dashboard.url}/metrics`, { headers: who })).status).toBe(401);
    }
    using browser = await openBrowser(dashboard, headers);
    for (const view of [
      { view: 'overview' },
      { view: 'containers', filter: 'bank' },
      { view: 'host', host: 'n1' },
      { view: 'host', host: 'n2' },
      { view: 'container', key: 'n1/runc:bank-api' },
      { view: 'container', series: ['n1/runc/bank-api'] },
      { view: 'compare', series: ['n1/runc/bank-api', 'n2'] },
      { view: 'alerts' },
    ]) {
      const before = browser.inventories.length;
      browser.socket.emit('subscribe', view);
      await until(() => browser.inventories.length > before, { what: `the inventory of ${JSON.stringify(view)}` });
    }
    await until(() => browser.alerts.length >= 8, { what: 'alerts' });
    for (const text of ['', 'host:', 'name:b']) {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      browser.socket.once('suggestions', resolve);
      browser.socket.emit('suggest', { text, caret: text.length });
      expect(JSON.stringify(await promise)).not.toMatch(/bank|h2|other/);
    }
    const names = browser.inventories.flatMap(({ containers }) => containers.map(({ name }) => name));
    expect(new Set(names)).toEqual(new Set(['shop-api']));
    expect(new Set(browser.inventories.flatMap(({ hosts }) => hosts.map(({ name }) => name)))).toEqual(new Set(['h1']));
    const told = browser.alerts.flatMap(({ alerts }) => alerts.map(({ labels }) => labels['container']));
    expect(new Set(told)).toEqual(new Set(['shop-api']));
  });

  test('only a viewer has one', async () => {
    const answer = await asRoot(dashboard, '/users', {
      body: { name: 'x', role: 'editor', scope: 'project=shop', password: PASSWORD },
    });
    expect([answer.status, answer.body['detail']]).toEqual([400, expect.stringContaining('only a viewer') as string]);
  });
});

describe('what is taken away', () => {
  test.each([
    {
      name: 'a removed user',
      take: (id: string) => asRoot(dashboard, `/users/${id}`, { method: 'DELETE' }),
    },
    {
      name: 'a user with a new password',
      take: (id: string) =>
        asRoot(dashboard, `/users/${id}`, { method: 'PUT', body: { password: 'another password' } }),
    },
    {
      name: 'a user with less to see',
      take: (id: string) => asRoot(dashboard, `/users/${id}`, { method: 'PUT', body: { scope: 'project=shop' } }),
    },
  ])('$name loses the socket at once, and does not come back', async ({ name, take }) => {
    const { id, headers } = await addUser(dashboard, { name: name.replaceAll(' ', '-'), role: 'viewer' });
    using browser = await openBrowser(dashboard, headers);
    let reason: string | undefined;
    browser.socket.on('disconnect', (why) => (reason = why));
    expect((await take(id)).status).toBe(200);
    await until(() => reason, { what: 'the socket is ended' });
    expect(reason).toBe('io server disconnect');
    await expect(openBrowser(dashboard, headers)).rejects.toThrow('not logged in');
    expect((await call(dashboard, '/hosts', { headers })).status).toBe(401);
  });

  test('an agent whose token is revoked is disconnected and stays out, and no other is', async () => {
    const made = await asRoot(dashboard, '/enrolment-tokens', { body: { name: 'rack 7' } });
    const token = String(made.body['token']);
    using enrolled = await dialAgent(dashboard, { nodeId: 'n7', hostname: 'h7', token });
    using shared = await dialAgent(dashboard, { nodeId: 'n8', hostname: 'h8' });
    const rotated = await asRoot(dashboard, `/enrolment-tokens/${String(made.body['id'])}/rotate`, {
      body: { graceHours: 1 },
    });
    expect(enrolled.socket.connected).toBe(true);
    const next = String(rotated.body['token']);
    using second = await dialAgent(dashboard, { nodeId: 'n9', hostname: 'h9', token: next });
    await asRoot(dashboard, `/enrolment-tokens/${String(made.body['id'])}`, { method: 'DELETE' });
    await until(() => !enrolled.socket.connected && !second.socket.connected, { what: 'both are ended' });
    for (const former of [token, next])
      await expect(dialAgent(dashboard, { nodeId: 'n7', token: former })).rejects.toThrow('wrong, expired or revoked');
    expect(shared.socket.connected).toBe(true);
  });
});
