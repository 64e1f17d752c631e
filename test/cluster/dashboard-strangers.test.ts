import { io } from 'socket.io-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import { dialAgent, logIn, metricsOf, openBrowser, startDashboard, type TestDashboard } from './dashboard-fixture.ts';

let dashboard: TestDashboard;

beforeAll(async () => {
  dashboard = await startDashboard();
});
afterAll(async () => {
  await dashboard[Symbol.asyncDispose]();
});

interface RawSocket extends Disposable {
  /** What the server said, packet by packet. */
  readonly heard: readonly string[];
  readonly isOpen: () => boolean;
  send(packet: string): void;
}

/** A websocket to socket.io that says nothing by itself and waits for nothing, as no client library would. */
async function openRaw(): Promise<RawSocket> {
  const socket = new WebSocket(`${dashboard.url.replace('http:', 'ws:')}/socket.io/?EIO=4&transport=websocket`);
  const heard: string[] = [];
  socket.addEventListener('message', ({ data }) => heard.push(String(data)));
  await until(() => heard.length > 0, { what: 'the transport is open' });
  return {
    heard,
    isOpen: () => socket.readyState === WebSocket.OPEN,
    send: (packet) => {
      socket.send(packet);
    },
    [Symbol.dispose]: () => {
      socket.close();
    },
  };
}

test('there is no namespace that lets strangers in', async () => {
  const bare = io(dashboard.url, { transports: ['websocket'], forceNew: true, reconnection: false });
  const { promise, resolve } = Promise.withResolvers<string>();
  bare.once('connect', () => {
    resolve('connected');
  });
  bare.once('connect_error', (error) => {
    resolve(error.message);
  });
  try {
    expect(await promise).toMatch(/^nothing is served here/);
  } finally {
    bare.disconnect();
  }
});

test('who enters no namespace is disconnected after ten seconds', async () => {
  using stranger = await openRaw();
  await until(() => !stranger.isOpen(), { what: 'it is ended', timeoutMs: 13_000 });
});

test('a message of a stranger that is longer than a token ends the connection', async () => {
  for (const packet of [`40/agent,{"token":"${'x'.repeat(100_000)}"}`, `42["x","${'x'.repeat(100_000)}"]`]) {
    using stranger = await openRaw();
    stranger.send(packet);
    await until(() => !stranger.isOpen(), { what: 'it is ended', timeoutMs: 5000 });
    // Nothing was answered: it was not read.
    expect(stranger.heard).toHaveLength(1);
  }
});

test('a flood of messages on namespaces that were never entered ends the connection', async () => {
  using stranger = await openRaw();
  for (let count = 0; count < 50; count += 1) stranger.send('42/ui,["subscribe",{"view":"overview"}]');
  await until(() => !stranger.isOpen(), { what: 'it is ended', timeoutMs: 5000 });
  expect(stranger.heard).toHaveLength(1);
});

test('a browser that is logged in sends no megabytes, an agent may', async () => {
  const headers = { cookie: await logIn(dashboard), origin: dashboard.url };
  using browser = await openBrowser(dashboard, headers);
  browser.socket.emit('subscribe', { view: 'containers', filter: 'x'.repeat(300_000) });
  await until(() => !browser.socket.connected, { what: 'the browser is ended', timeoutMs: 5000 });
  using agent = await dialAgent(dashboard);
  const labels = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`label-${index}`, 'x'.repeat(250)]));
  const many = Array.from({ length: 200 }, (_, index) => aContainer(`c${index}`, { labels }));
  agent.inventory(many);
  await until(
    async () => ((await dashboard.get('/containers')) as { containers: unknown[] }).containers.length === many.length,
    { what: 'its inventory of 1.6 MB' },
  );
  expect(agent.socket.connected).toBe(true);
});

test('strangers that are refused again and again do not fill the log, and all of them are counted', async () => {
  await using quiet = await startDashboard();
  const ATTEMPTS = 120;
  for (let count = 0; count < ATTEMPTS; count += 1)
    await expect(dialAgent(quiet, { token: 'guess' })).rejects.toThrow('the agent token is wrong');
  expect(await metricsOf(quiet)).toMatch(
    new RegExp(`^weft_dashboard_refused_total\\{namespace="agent",reason="handshake"\\} ${ATTEMPTS}$`, 'm'),
  );
  for (let count = 0; count < ATTEMPTS; count += 1) {
    const guess = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"token":"guess"}' };
    expect((await fetch(`${quiet.url}/api/v1/login`, guess)).ok).toBe(false);
  }
  expect(await metricsOf(quiet)).toMatch(
    new RegExp(`^weft_dashboard_logins_total\\{outcome="refused"\\} ${ATTEMPTS}$`, 'm'),
  );
  for (const msg of ['agent refused', 'login refused']) {
    const told = quiet
      .process()
      .logs()
      .filter((line) => line['msg'] === msg);
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThan(40);
  }
});
