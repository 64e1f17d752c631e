import { expect, test } from 'vitest';
import { type FrameMessage } from '../../dashboard/wire.ts';
import { VIEW_COLUMNS } from '../../dashboard/view-wire.ts';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import {
  dialAgent,
  keepSending,
  logIn,
  metricsOf,
  openBrowser,
  startDashboard,
  type TestBrowser,
  type TestDashboard,
} from './dashboard-fixture.ts';

async function metric(dashboard: TestDashboard, name: string): Promise<number> {
  const line = (await metricsOf(dashboard)).split('\n').find((text) => text.startsWith(`${name} `));
  return Number(line?.split(' ')[1]);
}

/** The browser reads nothing any more, as one whose machine is asleep. */
function stall({ socket }: TestBrowser): { resume(): void } {
  const { ws } = socket.io.engine.transport as unknown as {
    ws: { pause(): void; resume(): void };
  };
  ws.pause();
  return {
    resume: () => {
      ws.resume();
    },
  };
}

const rowsOf = ({ containers }: FrameMessage): number =>
  (containers as Uint8Array).byteLength / (4 * VIEW_COLUMNS.length);

test('each view is sent its own rows, and a whole frame with its snapshot and on request', async () => {
  await using dashboard = await startDashboard();
  using first = await dialAgent(dashboard, { nodeId: 'n1', hostname: 'h1' });
  using second = await dialAgent(dashboard, { nodeId: 'n2', hostname: 'h2' });
  first.inventory([aContainer('api'), aContainer('db')]);
  second.inventory([aContainer('web')]);
  let pids = 0;
  using _first = keepSending(first, () => [{ pidsCurrent: (pids += 1) }, { pidsCurrent: 1 }]);
  using _second = keepSending(second, () => [{ pidsCurrent: 1 }]);
  await until(async () => ((await dashboard.get('/containers')) as { containers: unknown[] }).containers.length === 3, {
    what: 'all containers',
  });
  const headers = { cookie: await logIn(dashboard), origin: dashboard.url };
  for (const { request, want } of [
    { request: { view: 'containers' }, want: ['api', 'db', 'web'] },
    { request: { view: 'host', host: 'n2' }, want: ['web'] },
    { request: { view: 'container', key: 'n1/runc:db' }, want: ['db'] },
    { request: { view: 'containers', filter: 'host:h1 pids>1000' }, want: ['api', 'db'] },
    { request: { view: 'container', series: ['n1/runc/api'] }, want: ['api'] },
    { request: { view: 'compare', series: ['n2/runc/web', 'n1/runc/db'] }, want: ['db', 'web'] },
    { request: { view: 'hosts' }, want: [] },
  ] as const) {
    using browser = await openBrowser(dashboard, headers);
    const answered = new Promise((resolve) => browser.socket.once('subscribed', resolve));
    browser.socket.emit('subscribe', request);
    await until(() => browser.frames.length >= 3, { what: `frames of ${JSON.stringify(request)}` });
    expect(browser.inventories[0]?.containers.map(({ name }) => name)).toEqual(want);
    expect(await answered).toEqual(request);
    expect(browser.frames[0]?.changed).toBeUndefined();
    expect(rowsOf(browser.frames[0]!)).toBe(want.length);
    const seqs = browser.frames.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, index) => seqs[0]! + index));
  }

  using browser = await openBrowser(dashboard, headers);
  browser.socket.emit('subscribe', { view: 'containers' });
  // One of three rows changes: less than 40 %.
  await until(() => browser.frames.at(-1)?.changed !== undefined, { what: 'a frame of changes' });
  for (let count = 0; count < 5; count += 1) browser.socket.emit('resync');
  const since = browser.frames.length;
  await until(() => browser.frames.length >= since + 3, { what: 'frames after asking' });
  expect(browser.frames.slice(since).filter(({ changed }) => changed === undefined)).toHaveLength(1);
});

test('a browser that stops reading costs no memory, is told by a metric, and gets one snapshot when it reads again', async () => {
  await using dashboard = await startDashboard();
  using agent = await dialAgent(dashboard);
  const labels = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`label-${index}`, 'x'.repeat(200)]));
  const churn = (generation: number): void => {
    agent.inventory(Array.from({ length: 250 }, (_, index) => aContainer(`c${index}-${generation}`, { labels })));
  };
  churn(0);
  const headers = { cookie: await logIn(dashboard), origin: dashboard.url };
  using slow = await openBrowser(dashboard, headers);
  using good = await openBrowser(dashboard, headers);
  for (const { socket } of [slow, good]) socket.emit('subscribe', { view: 'containers' });
  await until(() => slow.inventories.length > 0 && good.inventories.length > 0, { what: 'both have a snapshot' });
  const stalled = stall(slow);
  // Every inventory is 1.5 MB: more than the kernel's buffers take, many times over.
  let generation = 0;
  await until(
    async () => {
      generation += 1;
      churn(generation);
      const seen = good.inventories.length;
      await until(() => good.inventories.length > seen, { what: 'the good browser has the new rows' });
      return (await metric(dashboard, 'weft_dashboard_browsers_fell_behind_total')) === 1;
    },
    { what: 'the slow browser falls behind', timeoutMs: 30_000 },
  );
  expect(await metric(dashboard, 'weft_dashboard_browser_frames_missed_total')).toBeGreaterThan(0);
  const behindAt = good.inventories.length;
  for (let more = 0; more < 3; more += 1) {
    generation += 1;
    churn(generation);
    const seen = good.inventories.length;
    await until(() => good.inventories.length > seen, { what: 'rows go on' });
  }
  stalled.resume();
  const newest = `c0-${generation}`;
  await until(() => slow.inventories.at(-1)?.containers.some(({ name }) => name === newest), {
    what: 'the slow browser is up to date',
  });
  expect(good.inventories.length - behindAt).toBeGreaterThanOrEqual(3);
  expect(slow.inventories.length).toBeLessThan(good.inventories.length);
  const frames = slow.frames.length;
  await until(() => slow.frames.length > frames + 1, { what: 'frames go on' });
});

test('a sample is sent on as it comes, without the hosts that told nothing', async () => {
  await using dashboard = await startDashboard();
  const agents = await Promise.all(
    ['n1', 'n2', 'n3'].map((nodeId) => dialAgent(dashboard, { nodeId, hostname: nodeId })),
  );
  using stack = new DisposableStack();
  for (const agent of agents) stack.use(agent).inventory([aContainer('web')]);
  const headers = { cookie: await logIn(dashboard), origin: dashboard.url };
  using browser = await openBrowser(dashboard, headers);
  browser.socket.emit('subscribe', { view: 'containers' });
  const [first, , third] = agents;
  for (const agent of agents) agent.frame([{ pidsCurrent: 1 }]);
  await until(() => browser.inventories.at(-1)?.hosts.every(({ state }) => state === 'live'), { what: 'all are live' });
  // One host's row of three: between two ticks there is a frame of its own for each sample that is not too close to the one before.
  const own = (row: number, pids: number): boolean =>
    browser.frames.some(
      ({ changed, containers }) =>
        (changed as Uint8Array | undefined)?.[0] === 1 << row &&
        new Float32Array(Uint8Array.from(containers as Uint8Array).buffer)[VIEW_COLUMNS.indexOf('pidsCurrent')] ===
          pids,
    );
  for (let pids = 2; pids < 8; pids += 1) {
    first!.frame([{ pidsCurrent: pids }]);
    await until(() => own(0, pids), { what: `the first host alone, ${pids}` });
    third!.frame([{ pidsCurrent: pids }]);
    await until(() => own(2, pids), { what: `the third host alone, ${pids}` });
  }
  const seqs = browser.frames.map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.map((_, index) => seqs[0]! + index));
});

test('a browser without websockets is sent the same', async () => {
  await using dashboard = await startDashboard();
  using agent = await dialAgent(dashboard);
  agent.inventory([aContainer('web')]);
  const headers = { cookie: await logIn(dashboard), origin: dashboard.url };
  using browser = await openBrowser(dashboard, headers, 'polling');
  let pids = 0;
  using _sending = keepSending(agent, () => [{ pidsCurrent: (pids += 1) }]);
  browser.socket.emit('subscribe', { view: 'containers' });
  await until(() => browser.frames.length >= 5, { what: 'frames come' });
  expect(rowsOf(browser.frames.at(-1)!)).toBe(1);
});
