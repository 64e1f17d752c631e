import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UI_NAMESPACE } from '../../dashboard/view-wire.ts';
import { AGENT_NAMESPACE } from '../../statsd/wire.ts';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import { addUser, asRoot, call, PASSWORD } from './access-fixture.ts';
import { dialAgent, keepSending, logIn, openBrowser, startDashboard, type TestDashboard } from './dashboard-fixture.ts';
import { rawGet, rawHttp } from './raw-http.ts';

let dashboard: TestDashboard;
/** Of an admin; one for all, since logins are limited. */
let cookie: string;

beforeAll(async () => {
  dashboard = await startDashboard();
  cookie = await logIn(dashboard);
});
afterAll(async () => {
  await dashboard[Symbol.asyncDispose]();
});

const alive = async (): Promise<boolean> => (await fetch(`${dashboard.url}/healthz`)).ok;

describe('a websocket of another site', () => {
  test.each(['http://evil.example', 'null', 'http://127.0.0.1:1', 'http://localhost.evil.example'])(
    'from %s, also by polling',
    async (origin) => {
      await expect(openBrowser(dashboard, { cookie, origin })).rejects.toThrow('websocket error');
      const polling = await fetch(`${dashboard.url}/socket.io/?EIO=4&transport=polling`, {
        headers: { cookie, origin },
      });
      expect(polling.status).toBe(403);
    },
  );

  test('through a name that was rebound to us', async () => {
    const answer = await rawGet(dashboard.listen, '/socket.io/?EIO=4&transport=polling', [
      'Host: evil.example',
      'Origin: http://evil.example',
      `Cookie: ${cookie}`,
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(await rawGet(dashboard.listen, '/api/v1/hosts', ['Host: evil.example'])).toMatch(/^HTTP\/1\.1 421 /);
  });
});

describe('a session that was ended', () => {
  test('does not come back by recovery of a connection, and sends nothing more', async () => {
    const { id, headers } = await addUser(dashboard, { name: 'leaver', role: 'viewer' });
    using browser = await openBrowser(dashboard, headers);
    const sent: unknown[] = [];
    browser.socket.onAny((event) => sent.push(event));
    await asRoot(dashboard, `/users/${id}`, { method: 'DELETE' });
    await until(() => !browser.socket.connected, { what: 'it is ended' });
    const before = sent.length;
    const recovering = io(`${dashboard.url}${UI_NAMESPACE}`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      extraHeaders: { ...headers },
      auth: { pid: 'stolen', offset: 'stolen' },
    });
    const { promise, resolve } = Promise.withResolvers<string>();
    recovering.once('connect_error', (error) => {
      resolve(error.message);
    });
    expect(await promise).toMatch(/not logged in/);
    recovering.disconnect();
    expect(sent.length).toBe(before);
  });
});

describe('a form or script of another site, with the cookie of an admin', () => {
  test.each([
    { name: 'a foreign origin', headers: { origin: 'http://evil.example' }, want: 403 },
    { name: 'another port', headers: { origin: 'http://127.0.0.1:1' }, want: 403 },
    { name: 'a sandboxed page', headers: { origin: 'null' }, want: 403 },
    { name: 'a foreign referer', headers: { referer: 'http://evil.example/' }, want: 403 },
    { name: 'Sec-Fetch-Site: cross-site', headers: { 'sec-fetch-site': 'cross-site' }, want: 403 },
    { name: 'Sec-Fetch-Site: same-site', headers: { 'sec-fetch-site': 'same-site' }, want: 403 },
    { name: 'no proof at all', headers: {}, want: 403 },
    { name: 'a form', headers: { 'content-type': 'application/x-www-form-urlencoded' }, want: 415 },
    { name: 'plain text', headers: { 'content-type': 'text/plain' }, want: 415 },
    { name: 'a multipart form', headers: { 'content-type': 'multipart/form-data; boundary=x' }, want: 415 },
  ])('$name', async ({ headers, want }) => {
    const body = { name: 'eve', role: 'admin', password: PASSWORD };
    expect((await call(dashboard, '/users', { body, headers: { cookie, ...headers } })).status).toBe(want);
    expect(JSON.stringify((await asRoot(dashboard, '/users')).body)).not.toContain('eve');
  });

  test('no answer lets another site read it', async () => {
    const headers = { origin: 'http://evil.example', cookie };
    const answer = await call(dashboard, '/hosts', { headers });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect((await call(dashboard, '/hosts', { headers, method: 'OPTIONS' })).status).toBe(403);
  });
});

test.each([
  { path: '/', status: 200 },
  { path: '/none.png', status: 404 },
  { path: '/api/v1/hosts', status: 401 },
  { path: '/', host: 'evil.example', status: 421 },
  { path: '/socket.io/?EIO=4&transport=polling', status: 200 },
  { path: '/socket.io/?EIO=3&transport=polling', status: 400 },
])('what answers $path with $status runs no script, and stands in no frame', async ({ path, host, status }) => {
  const answer = await rawGet(dashboard.listen, path, [`Host: ${host ?? dashboard.listen}`]);
  const head = answer.slice(0, answer.indexOf('\r\n\r\n')).toLowerCase();
  expect(head).toMatch(new RegExp(`^http/1\\.1 ${status} `));
  expect(head.match(/^content-security-policy: .*/gm)).toEqual([expect.stringContaining("default-src 'none'; ")]);
  expect(head).toContain("frame-ancestors 'none'");
  for (const header of ['x-content-type-options: nosniff', 'x-frame-options: deny'])
    expect(head.split(header)).toHaveLength(2);
});

describe('guessing passwords', () => {
  test('of one name, from many addresses', async () => {
    await using behind = await startDashboard({ flags: ['--trusted-proxy', '127.0.0.1'] });
    await asRoot(behind, '/users', { body: { name: 'ann', role: 'viewer', password: PASSWORD } });
    const statuses = [];
    for (let count = 1; count <= 14; count += 1) {
      const headers = { 'x-forwarded-for': `203.0.113.${count}` };
      statuses.push(
        (
          await call(behind, '/login', {
            headers,
            body: { name: count % 2 ? 'ann' : 'ANN', password: `guess ${count}` },
          })
        ).status,
      );
    }
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
    expect(statuses.slice(-2)).toEqual([429, 429]);
    // Not even the right one, meanwhile.
    const right = await call(behind, '/login', {
      headers: { 'x-forwarded-for': '203.0.113.99' },
      body: { name: 'ann', password: PASSWORD },
    });
    expect([right.status, right.headers.get('retry-after')]).toEqual([429, '12']);
  });

  test('does not tell a name that exists from one that does not', async () => {
    await using fresh = await startDashboard();
    await asRoot(fresh, '/users', { body: { name: 'ann', role: 'viewer', password: PASSWORD } });
    const answers = [];
    for (const name of ['ann', 'nobody'])
      answers.push((await call(fresh, '/login', { body: { name, password: 'wrong password' } })).body);
    expect(answers[0]).toEqual(answers[1]);
  });
});

describe('too much', () => {
  test.each([
    { name: 'a body above the limit', path: '/api/v1/rules', bytes: 70_000 },
    { name: 'a login above its limit', path: '/api/v1/login', bytes: 5000 },
  ])('$name, told or in chunks', async ({ path, bytes }) => {
    const body = JSON.stringify({ token: 'x'.repeat(bytes) });
    const head = `POST ${path} HTTP/1.1\r\nHost: ${dashboard.listen}\r\nContent-Type: application/json\r\nConnection: close\r\n`;
    const root = `Authorization: Bearer ${await dashboard.token('api-token')}\r\n`;
    const told = await rawHttp(dashboard.listen, `${head}${root}Content-Length: ${body.length}\r\n\r\n${body}`);
    expect(told).toMatch(/^HTTP\/1\.1 413 /);
    const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const chunked = await rawHttp(dashboard.listen, `${head}${root}Transfer-Encoding: chunked\r\n\r\n${chunk}`);
    expect(chunked).toMatch(/^HTTP\/1\.1 413 /);
    expect(await alive()).toBe(true);
  });

  test('a frame of five megabytes ends its connection and no other', async () => {
    using good = await dialAgent(dashboard, { nodeId: 'good', hostname: 'good' });
    using bad = await dialAgent(dashboard, { nodeId: 'bad', hostname: 'bad' });
    bad.socket.emit('inventory', 'x'.repeat(5 * 1024 * 1024));
    await until(() => !bad.socket.connected, { what: 'it is ended' });
    expect([good.socket.connected, await alive()]).toEqual([true, true]);
  });

  test('more messages than a browser sends end its connection', async () => {
    using browser = await openBrowser(dashboard, { cookie, origin: dashboard.url });
    for (let count = 0; count < 300; count += 1) browser.socket.emit('subscribe', { view: 'hosts' });
    await until(() => !browser.socket.connected, { what: 'it is ended' });
    expect(await alive()).toBe(true);
  });

  test('a stranger on the agents’ door is refused before anything is read', async () => {
    const stranger = io(`${dashboard.url}${AGENT_NAMESPACE}`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      auth: { v: 1, token: 'x'.repeat(1000), nodeId: 'n', hostname: 'h' },
    });
    const { promise, resolve } = Promise.withResolvers<string>();
    stranger.once('connect_error', (error) => {
      resolve(error.message);
    });
    expect(await promise).toMatch(/handshake is incomplete|token is wrong/);
    stranger.disconnect();
  });
});

test.each([
  '/../../../../etc/passwd',
  '/assets/../../../../etc/passwd',
  '/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
  '/..%2f..%2f..%2fetc%2fpasswd',
  '/assets/..%5c..%5cetc%5cpasswd',
  '/%00/etc/passwd',
  '//etc/passwd',
  '/assets/%c0%ae%c0%ae/etc/passwd',
  '/file:///etc/passwd',
  '/api/v1/../../../etc/passwd',
  '/api/v1/%2e%2e/%2e%2e/admin-token',
])('no file outside of the page by %s', async (path) => {
  const answer = await rawGet(dashboard.listen, path);
  expect(answer).toMatch(/^HTTP\/1\.1 (200|400|401|404|503) /);
  expect(answer).not.toContain('root:');
  expect(answer).not.toContain(await dashboard.token('api-token'));
  expect(await alive()).toBe(true);
});

describe('what a container’s owner writes', () => {
  const hostile = '=HYPERLINK("http://evil.example","x")';

  test('starts no formula in an export, and no header', async () => {
    using agent = await dialAgent(dashboard, { nodeId: 'csv', hostname: '@host' });
    agent.inventory([aContainer(hostile, { image: '+cmd', labels: { 'a\r\nSet-Cookie: x=1': '-1' } })]);
    using _frames = keepSending(agent, () => [{ memoryWorkingSetBytes: 7 }]);
    const series = await until(
      async () => {
        const { containers } = (await asRoot(dashboard, '/containers')).body as {
          containers: { name: string; series: string }[];
        };
        return containers.find(({ name }) => name === hostile)?.series;
      },
      { what: 'the container' },
    );
    const csv = await until(
      async () => {
        const { body } = await asRoot(dashboard, `/history?series=${encodeURIComponent(series)}&format=csv`);
        const lines = String(body['text']).split('\r\n');
        return lines.length > 2 ? lines.slice(1).filter((line) => line !== '') : undefined;
      },
      { what: 'a past' },
    );
    for (const line of csv) {
      const cells = line.match(/"(?:[^"]|"")*"|[^,]+/g) ?? [];
      for (const cell of cells) expect(cell.replace(/^"/, '')).not.toMatch(/^[=+@\t\r]/);
    }
    const answer = await asRoot(dashboard, `/history?series=${encodeURIComponent(series)}&format=csv`);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  test('a Host header gets nothing into the content policy', async () => {
    for (const host of ["x'; script-src *", 'a b', 'x;y', '<script>', 'x\tx'])
      expect(await rawGet(dashboard.listen, '/', [`Host: ${host}`])).toMatch(/^HTTP\/1\.1 (400|421) /);
  });
});

test('secrets of a channel are written and never read back', async () => {
  const body = { type: 'slack', name: 's', url: 'https://hooks.slack.com/services/T0/B0/verysecret' };
  const made = await asRoot(dashboard, '/channels', { body });
  const answers = [
    made.body,
    (await asRoot(dashboard, '/channels')).body,
    (await asRoot(dashboard, '/deliveries')).body,
  ];
  expect(JSON.stringify(answers)).not.toContain('verysecret');
  expect(dashboard.process().stderr()).not.toContain('verysecret');
  expect(dashboard.process().stderr()).not.toContain(await dashboard.token('api-token'));
});
