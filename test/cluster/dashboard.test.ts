import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { VIEW_COLUMNS } from '../../dashboard/wire.ts';
import { flannelPresenceKey, type FlannelPresence } from '../../flannel/wire.ts';
import { EtcdClient } from '../../native/etcd/client.ts';
import { parseEndpoint } from '../../native/etcd/endpoint.ts';
import { systemClock } from '../../native/host/clock.ts';
import { startEtcd } from '../support/etcd.ts';
import { startWeft } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import {
  dialAgent,
  keepSending,
  logIn,
  metricsOf,
  openBrowser,
  startDashboard,
  type TestDashboard,
} from './dashboard-fixture.ts';

interface ApiContainer {
  readonly name: string;
  readonly state: string;
  readonly cpuCores: number | null;
  readonly cpuOfLimitRatio: number | null;
  readonly memoryOfLimitRatio: number | null;
}

async function containersOf(dashboard: TestDashboard): Promise<ApiContainer[]> {
  return ((await dashboard.get('/containers')) as { containers: ApiContainer[] }).containers;
}

async function hostsOf(dashboard: TestDashboard): Promise<{ readonly state: string }[]> {
  return ((await dashboard.get('/hosts')) as { hosts: { state: string }[] }).hosts;
}

describe('agents', () => {
  test('what they report is what the API says', async () => {
    await using dashboard = await startDashboard();
    using agent = await dialAgent(dashboard);
    agent.inventory([aContainer('api', { cpuLimitCores: 0.5 }), aContainer('db')]);
    let cpuUsageSeconds = 0;
    using _frames = keepSending(agent, () => {
      cpuUsageSeconds += 0.025;
      return [{ cpuUsageSeconds, memoryWorkingSetBytes: 5 }, { memoryWorkingSetBytes: 7 }];
    });
    const containers = await until(
      async () => {
        const rows = await containersOf(dashboard);
        return typeof rows[0]?.cpuCores === 'number' ? rows : undefined;
      },
      { what: 'a rate' },
    );
    expect(containers.map(({ name, state }) => [name, state])).toEqual([
      ['api', 'running'],
      ['db', 'running'],
    ]);
    expect(containers[0]?.cpuOfLimitRatio).toBeCloseTo((containers[0]?.cpuCores ?? 0) / 0.5);
    expect(containers[1]).toMatchObject({ cpuCores: null, memoryOfLimitRatio: null, memoryWorkingSetBytes: 7 });
    expect(await dashboard.get('/hosts')).toMatchObject({
      hosts: [{ name: 'h1', state: 'live', subnet: null, containers: 2 }],
    });
    agent.socket.emit('exit', { v: 1, key: 'runc:db', atUnixMs: Date.now() });
    await until(async () => (await containersOf(dashboard)).length === 1, { what: 'db is gone' });
  });

  test('a host whose agent is gone is late, then stale with its containers', async () => {
    await using dashboard = await startDashboard();
    {
      using agent = await dialAgent(dashboard);
      agent.inventory([aContainer('api')]);
      agent.frame([{ pidsCurrent: 3 }]);
      await until(async () => (await hostsOf(dashboard))[0]?.state === 'live', { what: 'live' });
    }
    for (const state of ['late', 'stale'])
      await until(async () => (await hostsOf(dashboard))[0]?.state === state, { what: state, timeoutMs: 25_000 });
    expect(await dashboard.get('/containers')).toMatchObject({
      containers: [{ name: 'api', state: 'stale', pidsCurrent: 3 }],
    });
  });

  test.each([
    { name: 'a wrong token', over: { token: 'wrong-token-wrong-token' }, want: 'the agent token is wrong' },
    { name: 'an empty token', over: { token: '' }, want: 'the agent token is wrong' },
    { name: 'another version', over: { v: 2 }, want: "speaks version 1 of the agents' protocol, not 2" },
    { name: 'no node id', over: { nodeId: '' }, want: 'the handshake is incomplete' },
  ])('$name is refused with a sentence', async ({ over, want }) => {
    await using dashboard = await startDashboard();
    await expect(dialAgent(dashboard, over)).rejects.toThrow(want);
  });

  test.each([
    { name: 'an inventory of nothing', event: 'inventory', message: undefined },
    {
      name: 'an inventory for another node',
      event: 'inventory',
      message: { v: 1, tableVersion: 1, host: { nodeId: 'n2' } },
    },
    { name: 'a frame that is text', event: 'frame', message: 'frame' },
    {
      name: 'a frame with text for a block',
      event: 'frame',
      message: { v: 1, seq: 1, timeUnixMs: 1, monotonicMs: 1, tableVersion: 1, containers: 'x', host: 'y' },
    },
    {
      name: 'a frame whose block does not fit',
      event: 'frame',
      message: {
        v: 1,
        seq: 1,
        timeUnixMs: 1,
        monotonicMs: 1,
        tableVersion: 1,
        containers: Buffer.alloc(3),
        host: Buffer.alloc(32),
      },
    },
    { name: 'a back-fill of too much', event: 'backfill', message: Array.from({ length: 6 }, () => ({})) },
    { name: 'an exit with a prototype', event: 'exit', message: { __proto__: { v: 1 }, key: ['x'] } },
  ])('$name, again and again, ends that connection and no other', async ({ event, message }) => {
    await using dashboard = await startDashboard();
    using good = await dialAgent(dashboard, { nodeId: 'good', hostname: 'good' });
    using bad = await dialAgent(dashboard);
    bad.inventory([aContainer('api')]);
    for (let count = 0; count < 10; count += 1) bad.socket.emit(event, message);
    await until(() => !bad.socket.connected, { what: 'it is disconnected' });
    expect(good.socket.connected).toBe(true);
    expect((await fetch(`${dashboard.url}/healthz`)).status).toBe(200);
    expect(
      dashboard
        .process()
        .logs()
        .filter(({ level }) => level === 'error' || level === 'fatal'),
    ).toEqual([]);
  });

  test('a frame of an unknown table is answered by asking for the inventory, not more than once in two seconds', async () => {
    await using dashboard = await startDashboard();
    using agent = await dialAgent(dashboard);
    let asked = 0;
    agent.socket.on('resync', () => (asked += 1));
    for (let count = 0; count < 5; count += 1) agent.frame([]);
    await until(() => asked > 0, { what: 'resync' });
    agent.inventory([aContainer('api')]);
    agent.frame([{ pidsCurrent: 1 }]);
    await until(async () => (await containersOf(dashboard)).length === 1, { what: 'the inventory' });
    expect(asked).toBe(1);
  });

  test('twenty thousand containers are taken and shown', async () => {
    await using dashboard = await startDashboard();
    using agent = await dialAgent(dashboard);
    agent.inventory(Array.from({ length: 20_000 }, (_, index) => aContainer(`c${index}`)));
    agent.frame(Array.from({ length: 20_000 }, (_, index) => ({ pidsCurrent: index })));
    using browser = await openBrowser(dashboard, { cookie: await logIn(dashboard), origin: dashboard.url });
    browser.socket.emit('subscribe', { view: 'containers' });
    const frame = await until(
      () => browser.frames.find(({ containers }) => containers.byteLength === 20_000 * VIEW_COLUMNS.length * 4),
      { what: 'a frame of them all', timeoutMs: 20_000 },
    );
    expect(frame.inventoryVersion).toBe(browser.inventories.at(-1)?.inventoryVersion);
  });
});

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
    expect(browser.alerts[0]!.rules.map(({ name }) => name)).toEqual(['ContainerCpuHigh', 'ContainerMemoryHigh']);
    expect(browser.histories[0]).toMatchObject({ stepMs: 5000, points: 60 });
    expect(browser.histories[0]!.block.byteLength).toBe(2 * 60 * 4 * browser.inventories[0]!.containers.length);
    const [before, frame] = [browser.frames.at(-2)!, browser.frames.at(-1)!];
    expect(frame.inventoryVersion).toBe(inventory.inventoryVersion);
    expect(frame.seq).toBe(before.seq + 1);
    const values = new Float32Array(Uint8Array.from(frame.containers as Buffer).buffer);
    expect(values[VIEW_COLUMNS.indexOf('memoryWorkingSetBytes')]).toBe(9);
  });

  test('a hidden page is sent nothing, whatever changes', async () => {
    await using dashboard = await startDashboard();
    using agent = await dialAgent(dashboard);
    const headers = { cookie: await logIn(dashboard), origin: dashboard.url };
    using hidden = await openBrowser(dashboard, headers);
    using shown = await openBrowser(dashboard, headers);
    for (const { socket } of [hidden, shown]) socket.emit('subscribe', { view: 'overview' });
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
    const token = await dashboard.token('login-token');
    expect(dashboard.process().stdout()).toBe(`weft dashboard: ${dashboard.url}/login#token=${token}\n`);
    expect(dashboard.process().stderr()).not.toContain(token);
    const attempt = (body: string, headers: Record<string, string> = json) =>
      fetch(`${dashboard.url}/api/v1/login`, { method: 'POST', headers, body });
    expect((await attempt(JSON.stringify({ token: 'wrong' }))).status).toBe(401);
    expect((await attempt('not json')).status).toBe(400);
    expect((await attempt(JSON.stringify({ token }), {})).status).toBe(400);
    expect((await attempt(JSON.stringify({ token }), { ...json, origin: 'http://evil.example' })).status).toBe(403);
    expect((await attempt('x'.repeat(5000))).status).toBe(413);
    const login = await attempt(JSON.stringify({ token }));
    expect(login.headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Lax$/);
    expect(existsSync(join(dashboard.stateDir, 'login-token'))).toBe(false);
    const again = await attempt(JSON.stringify({ token }));
    expect([again.status, await again.json()]).toMatchObject([
      401,
      { error: expect.stringContaining('wrong or was used already') as string },
    ]);
    await dashboard.crash();
    await dashboard.start();
    expect(await dashboard.token('login-token')).not.toBe(token);
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
    expect(await status('/api/v1/nothing')).toBe(404);
    expect(await status('/../../etc/passwd')).not.toBe(500);
    const page = await fetch(`${dashboard.url}/`);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'; /);
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await fetch(`${dashboard.url}/api/v1/hosts`, { method: 'DELETE' })).status).toBe(404);
  });
});

describe('etcd', () => {
  test('overlay facts come and go with it, and an outage only says that it cannot be asked', async () => {
    await using etcd = await startEtcd();
    await using dashboard = await startDashboard({ flags: ['--etcd-endpoints', etcd.endpoint] });
    using client = new EtcdClient({ endpoints: [parseEndpoint(etcd.endpoint)], clock: systemClock });
    const presence: FlannelPresence = {
      v: 1,
      nodeId: 'n1',
      hostname: 'h1',
      version: '0.1.0',
      pid: 1,
      startedAtUnixMs: 1,
      publicIp: '192.168.77.11',
      subnet: '10.5.1.0/24',
      backendType: 'vxlan',
      vni: 1,
      vtepMac: '02:00:00:00:00:01',
      mtu: 1450,
    };
    await client.put({ key: flannelPresenceKey('n1'), value: JSON.stringify(presence) });
    await client.put({ key: flannelPresenceKey('junk'), value: '{"v":1' });
    const overlay = async () =>
      ((await dashboard.get('/hosts')) as { hosts?: { subnet: string; overlay: { present: boolean | null } }[] }).hosts;
    await until(async () => (await overlay())?.[0]?.subnet === '10.5.1.0/24', { what: 'the subnet' });
    expect(await overlay()).toMatchObject([
      { name: 'h1', state: 'stale', overlay: { present: true, vtepMac: '02:00:00:00:00:01' } },
    ]);
    await client.delete(flannelPresenceKey('n1'));
    await until(async () => (await overlay())?.[0]?.overlay.present === false, { what: 'absence' });
    await etcd.kill();
    await until(async () => ((await dashboard.get('/status')) as { etcd?: string }).etcd === 'unavailable', {
      what: 'unavailable',
    });
    expect(await overlay()).toMatchObject([{ subnet: '10.5.1.0/24', overlay: { present: null } }]);
    await etcd.start();
    await until(async () => ((await dashboard.get('/status')) as { etcd?: string }).etcd === 'connected', {
      what: 'connected again',
    });
  });
});

describe('a start that cannot succeed is one sentence', () => {
  async function attempt(flags: readonly string[]): Promise<{ code: number | null; stderr: string }> {
    await using child = await startWeft(['dashboard', '--listen', '127.0.0.1:0', ...flags]);
    const { code } = await child.exited;
    return { code, stderr: child.stderr() };
  }

  test.each([
    { name: 'an unknown flag', flags: ['--nope'], code: 2, want: /unknown option '--nope'/ },
    {
      name: 'a wrong address',
      flags: ['--listen', 'nowhere'],
      code: 2,
      want: /^weft dashboard: listen\.1: expected ADDRESS:PORT/m,
    },
    {
      name: 'several faults',
      flags: ['--log-level', 'loud', '--webhook', 'ftp://x'],
      code: 2,
      want: /log-level: [^]*webhook\.0: |webhook\.0: [^]*log-level: /,
    },
    {
      name: 'etcd with a wrong scheme',
      flags: ['--etcd-endpoints', 'ftp://127.0.0.1:2379'],
      code: 2,
      want: /^weft dashboard: etcd-endpoints\.0: "ftp:\/\/127\.0\.0\.1:2379" has no scheme/m,
    },
    {
      name: 'rules that are not there',
      flags: ['--rules', '/nowhere/rules.yaml'],
      code: 2,
      want: /^weft dashboard: rules: cannot read \/nowhere\/rules\.yaml/m,
    },
    {
      name: 'a state folder that cannot be',
      flags: ['--state-dir', '/proc/weft'],
      code: 1,
      want: /cannot make \/proc\/weft: .*--state-dir/,
    },
  ])('$name', async ({ flags, code, want }) => {
    const outcome = await attempt(flags);
    expect(outcome.stderr).toMatch(want);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).not.toContain('    at ');
  });

  test('malformed rules: every fault with its line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weft-test-rules-'));
    try {
      await writeFile(join(folder, 'r.yaml'), 'rules:\n  - name: A\n    metric: x\n    op: ">"\n    threshold: lots\n');
      const outcome = await attempt(['--rules', join(folder, 'r.yaml'), '--state-dir', folder]);
      expect(outcome.code).toBe(2);
      expect(outcome.stderr).toContain(`weft dashboard: ${folder}/r.yaml:3: rules[0].metric: `);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('a port in use, and a state folder in use', async () => {
    await using dashboard = await startDashboard();
    const folder = await mkdtemp(join(tmpdir(), 'weft-test-second-'));
    try {
      const port = await attempt(['--listen', dashboard.listen, '--state-dir', folder]);
      expect([port.code, port.stderr]).toMatchObject([
        1,
        expect.stringContaining('another process listens there') as string,
      ]);
      const state = await attempt(['--state-dir', dashboard.stateDir]);
      expect([state.code, state.stderr]).toMatchObject([
        1,
        expect.stringContaining('another weft dashboard uses this state folder') as string,
      ]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
