import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { VIEW_COLUMNS } from '../../dashboard/view-wire.ts';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import {
  containersOf,
  dialAgent,
  keepSending,
  logIn,
  metricsOf,
  openBrowser,
  startDashboard,
} from './dashboard-fixture.ts';

describe('browsers', () => {
  test('a view gets inventory, five minutes of history and alerts, then a frame a second', async () => {
    await using dashboard = await startDashboard();
    using agent = await dialAgent(dashboard);
    agent.inventory([aContainer('<script>alert(1)</script>')]);
    using _frames = keepSending(agent, () => [{ memoryWorkingSetBytes: 9 }]);
    await until(async () => (await containersOf(dashboard)).length === 1, { what: 'the container' });
    using browser = await openBrowser(dashboard, { cookie: await logIn(dashboard), origin: dashboard.url });
    browser.socket.emit('subscribe', { view: 'containers' });
    await until(() => browser.frames.length >= 3, { what: 'frames' });
    const inventory = browser.inventories.at(-1)!;
    expect(inventory.containers.map(({ name }) => name)).toEqual(['<script>alert(1)</script>']);
    expect(inventory.server).toMatchObject({ etcd: 'off', webhooks: 0 });
    expect(browser.alerts[0]!.rules.map(({ name }) => name)).toContain('ContainerMemoryNearLimit');
    expect(browser.histories[0]).toMatchObject({ stepMs: 5000, points: 60 });
    expect(browser.histories[0]!.block.byteLength).toBe(2 * 60 * 4 * browser.inventories[0]!.containers.length);
    const [before, frame] = [browser.frames.at(-2)!, browser.frames.at(-1)!];
    expect(frame.inventoryVersion).toBe(inventory.inventoryVersion);
    expect(frame.seq).toBe(before.seq + 1);
    const whole = browser.frames.findLast(({ changed }) => changed === undefined)!;
    const values = new Float32Array(Uint8Array.from(whole.containers as Buffer).buffer);
    expect(values[VIEW_COLUMNS.indexOf('memoryWorkingSetBytes')]).toBe(9);
  });

  test('a hidden page is sent nothing, whatever changes', async () => {
    await using dashboard = await startDashboard();
    using agent = await dialAgent(dashboard);
    const headers = { cookie: await logIn(dashboard), origin: dashboard.url };
    using hidden = await openBrowser(dashboard, headers);
    using shown = await openBrowser(dashboard, headers);
    for (const { socket } of [hidden, shown]) socket.emit('subscribe', { view: 'containers' });
    await until(() => hidden.frames.length > 0 && shown.frames.length > 0, { what: 'both are sent frames' });
    hidden.socket.emit('subscribe', { view: 'none' });
    // Read in order: once this one is refused, the view before it was left.
    hidden.socket.emit('subscribe', { view: 'nothing like it' });
    await until(async () => (await metricsOf(dashboard)).includes('reason="malformed"'), { what: 'both were read' });
    const seen = [hidden.frames.length, hidden.inventories.length];
    agent.inventory([aContainer('new')]);
    await until(() => shown.inventories.at(-1)?.containers[0]?.name === 'new', { what: 'the other page has it' });
    expect([hidden.frames.length, hidden.inventories.length]).toEqual(seen);
  });

  test.each([
    { name: 'without a cookie', headers: (url: string) => ({ origin: url }), want: 'not logged in' },
    {
      name: 'with a forged cookie',
      headers: (url: string) => ({
        origin: url,
        cookie: `weft-session-${new URL(url).port}=${'x'.repeat(43)}.99999999999999.x`,
      }),
      want: 'not logged in',
    },
    { name: 'without an origin', headers: (_: string, cookie: string) => ({ cookie }), want: 'names no origin' },
  ])('nobody gets in $name', async ({ headers, want }) => {
    await using dashboard = await startDashboard();
    await expect(openBrowser(dashboard, headers(dashboard.url, await logIn(dashboard)))).rejects.toThrow(want);
  });

  test.each(['http://evil.example', 'http://127.0.0.1:1', 'null', 'https://evil.example:443'])(
    'a page of %s cannot open a connection at all',
    async (origin) => {
      await using dashboard = await startDashboard();
      await expect(openBrowser(dashboard, { origin, cookie: await logIn(dashboard) })).rejects.toThrow(
        'websocket error',
      );
    },
  );

  test('the API token is no login, and a login is no agent', async () => {
    await using dashboard = await startDashboard();
    await expect(dialAgent(dashboard, { token: await dashboard.token('api-token') })).rejects.toThrow(
      'the agent token is wrong',
    );
    await expect(
      openBrowser(dashboard, { origin: dashboard.url, authorization: `Bearer ${await dashboard.token('api-token')}` }),
    ).rejects.toThrow('not logged in');
  });

  test('a login outlives a crash of the dashboard, and ends with the logout, everywhere', async () => {
    await using dashboard = await startDashboard();
    const headers = { cookie: await logIn(dashboard), origin: dashboard.url };
    await dashboard.crash();
    await dashboard.start();
    using browser = await openBrowser(dashboard, headers);
    const out = await fetch(`${dashboard.url}/api/v1/logout`, { method: 'POST', headers });
    expect(out.status).toBe(200);
    await until(() => !browser.socket.connected, { what: 'the open page is disconnected' });
    await expect(openBrowser(dashboard, headers)).rejects.toThrow('not logged in');
    await dashboard.crash();
    await dashboard.start();
    await expect(openBrowser(dashboard, headers)).rejects.toThrow('not logged in');
  });
});

describe('HTTP', () => {
  const json = { 'content-type': 'application/json' };

  test('the printed token logs in once, its file goes, and another is made at the next start', async () => {
    await using dashboard = await startDashboard();
    const token = await dashboard.token('admin-token');
    expect(dashboard.process().stdout()).toBe(`weft dashboard: ${dashboard.url}/login#token=${token}\n`);
    expect(dashboard.process().stderr()).not.toContain(token);
    const attempt = (body: string, headers: Record<string, string> = json) =>
      fetch(`${dashboard.url}/api/v1/login`, { method: 'POST', headers, body });
    expect((await attempt(JSON.stringify({ token: 'wrong' }))).status).toBe(401);
    expect((await attempt('not json')).status).toBe(400);
    expect((await attempt(JSON.stringify({ token }), {})).status).toBe(415);
    expect((await attempt(JSON.stringify({ token }), { ...json, origin: 'http://evil.example' })).status).toBe(403);
    expect((await attempt('x'.repeat(5000))).status).toBe(413);
    const login = await attempt(JSON.stringify({ token }));
    expect(login.headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Lax$/);
    expect(existsSync(join(dashboard.stateDir, 'admin-token'))).toBe(false);
    const again = await attempt(JSON.stringify({ token }));
    expect([again.status, await again.json()]).toMatchObject([
      401,
      expect.objectContaining({ detail: expect.stringContaining('wrong or was used already') as string }),
    ]);
    await dashboard.crash();
    await dashboard.start();
    expect(await dashboard.token('admin-token')).not.toBe(token);
  });

  test('guessing is slowed down', async () => {
    await using dashboard = await startDashboard();
    const statuses = [];
    for (let count = 0; count < 12; count += 1) {
      const response = await fetch(`${dashboard.url}/api/v1/login`, {
        method: 'POST',
        headers: json,
        body: '{"token":"guess"}',
      });
      statuses.push(response.status);
    }
    expect(statuses.slice(0, 10).every((status) => status === 401)).toBe(true);
    expect(statuses.at(-1)).toBe(429);
  });

  test('nothing but health is told without a token', async () => {
    await using dashboard = await startDashboard();
    const status = async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(`${dashboard.url}${path}`, { headers })).status;
    for (const path of ['/healthz', '/readyz']) expect(await status(path)).toBe(200);
    for (const path of ['/metrics', '/api/v1/hosts', '/api/v1/containers', '/api/v1/alerts', '/api/v1/status']) {
      expect([path, await status(path)]).toEqual([path, 401]);
      expect([path, await status(path, { authorization: 'Bearer wrong' })]).toEqual([path, 401]);
      expect([path, await status(path, { authorization: `Bearer ${await dashboard.token('api-token')}` })]).toEqual([
        path,
        200,
      ]);
    }
    // Whoever is not known does not learn which paths there are.
    expect(await status('/api/v1/nothing')).toBe(401);
    expect(await status('/api/v1/nothing', { authorization: `Bearer ${await dashboard.token('api-token')}` })).toBe(
      404,
    );
    expect(await status('/../../etc/passwd')).not.toBe(500);
    const page = await fetch(`${dashboard.url}/`);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'; /);
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await fetch(`${dashboard.url}/api/v1/hosts`, { method: 'DELETE' })).status).toBe(401);
  });
});
