import type { Browser } from 'playwright-core';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentFeeder, FedContainer } from '../support/agent-feeder.ts';
import { until } from '../support/until.ts';
import {
  launchBrowser,
  leadingNumber,
  logIn,
  openPage,
  startDashboard,
  type TestDashboard,
  type TestPage,
} from './harness.ts';

const MIB = 2 ** 20;
const HOSTILE = '50%25 <img src=x onerror=alert(1)> #?&+.js';

const WEB: FedContainer = {
  name: 'web',
  image: 'docker.io/library/nginx:1.27',
  cpuCores: 0.4,
  cpuLimitCores: 0.5,
  memoryWorkingSetBytes: 100 * MIB,
  memoryLimitBytes: 128 * MIB,
  labels: { team: 'a' },
};
const OTHERS: readonly FedContainer[] = [
  { name: 'db', cpuCores: 1.2, blockWriteBytesPerSecond: 3 * MIB, pidsCurrent: 40 },
  { name: HOSTILE, cpuCores: 0.2, labels: { '<b>x</b>': '<svg onload=alert(2)>' } },
];

let browser: Browser;
let dashboard: TestDashboard;
let agents: readonly AgentFeeder[];
let visitor: TestPage;
const sent: string[] = [];

beforeAll(async () => {
  dashboard = await startDashboard();
  agents = [
    await dashboard.agent('h1', [WEB, ...OTHERS]),
    await dashboard.agent('h2', [{ name: 'cache', cpuCores: 0.1 }]),
  ];
  browser = await launchBrowser();
  visitor = await openPage(browser);
  visitor.page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => sent.push(String(payload)));
  });
  await logIn(visitor.page, dashboard.loginUrl());
});

afterAll(async () => {
  for (const agent of agents) await agent.stop();
  await browser.close();
  await dashboard[Symbol.asyncDispose]();
});

const containerUrl = (line: string, query = ''): string =>
  `${dashboard.url}/containers/${encodeURIComponent(line)}${query}`;

const legendOf = (chart: string): string => `[data-chart="${chart}"] .chart-legend`;

async function nowOf(chart: string): Promise<number> {
  return leadingNumber(
    await visitor.page
      .locator(`${legendOf(chart)} .legend-now`)
      .first()
      .innerText(),
  );
}

async function untilDrawn(chart = 'cpu'): Promise<void> {
  await visitor.page.locator(`[data-chart="${chart}"] canvas`).waitFor();
}

function lastSubscription(): unknown {
  const message = sent.findLast((payload) => payload.includes('"subscribe"'));
  return message === undefined ? undefined : (JSON.parse(message.slice(message.indexOf('['))) as unknown[])[1];
}

/** The middle of a chart's plot, and its width. */
async function plotBox(chart: string): Promise<{ x: number; y: number; width: number }> {
  const box = (await visitor.page.locator(`[data-chart="${chart}"] .u-over`).boundingBox())!;
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, width: box.width };
}

test('a name leads to the container, whose page shows it live against its limits', async () => {
  const { page } = visitor;
  await page.goto(`${dashboard.url}/containers?sort=name`);
  await page.getByRole('link', { name: 'web', exact: true }).click();
  await page.waitForURL(containerUrl('node-h1/runc/web'));
  await page.getByRole('heading', { name: 'CPU, % of limit (0.5 cores)' }).waitFor();
  await page.getByText('limit 128 MiB', { exact: true }).waitFor();
  await until(async () => Math.round(await nowOf('cpu')) === 80, { what: '0.4 of 0.5 cores' });
  expect(await nowOf('memory')).toBe(100);
  // Each second tells of the parts too.
  expect(await page.locator(`${legendOf('memory-split')} tbody tr`).count()).toBe(4);
  agents[0]!.setLoad('web', { memoryWorkingSetBytes: 50 * MIB });
  await until(async () => Math.round(await nowOf('memory-split')) === 35, { what: 'seven tenths of it are anonymous' });
  agents[0]!.setLoad('web', { memoryWorkingSetBytes: 100 * MIB });
  agents[0]!.setLoad('web', { cpuCores: 0.1 });
  await until(async () => Math.round(await nowOf('cpu')) === 20, { what: 'the line goes on' });
  agents[0]!.setLoad('web', { cpuCores: 0.4 });
  expect(
    await page.getByRole('img', { name: /^CPU, % of limit .* in use: now [\d.]+\s%, max [\d.]+\s% at/ }).count(),
  ).toBe(1);
});

test('the page asks for what it shows and nothing else', async () => {
  const { page } = visitor;
  await page.goto(containerUrl('node-h1/runc/web'));
  await untilDrawn();
  expect(lastSubscription()).toEqual({ view: 'container', series: ['node-h1/runc/web'] });
  await page.getByRole('link', { name: 'h1', exact: true }).click();
  await page.getByRole('heading', { name: 'h1', exact: true }).waitFor();
  await until(() => JSON.stringify(lastSubscription()) === '{"view":"host","host":"node-h1"}', {
    what: 'the host’s room',
  });
  await untilDrawn();
  expect(await page.locator('.container-table tbody .name').count()).toBe(3);
  await page.evaluate(
    `Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
     document.dispatchEvent(new Event('visibilitychange'))`,
  );
  await until(() => JSON.stringify(lastSubscription()) === '{"view":"none"}', {
    what: 'a hidden page asks for nothing',
  });
});

test('CPU is a share of the limit, of the host, or cores, and the address says which', async () => {
  const { page } = visitor;
  await page.goto(containerUrl('node-h1/runc/web'));
  await untilDrawn();
  await page.getByRole('button', { name: '% of host' }).click();
  await page.getByRole('heading', { name: 'CPU, % of host (4 cores)' }).waitFor();
  await page.getByRole('button', { name: 'cores', exact: true }).click();
  await page.getByRole('heading', { name: 'CPU, cores in use' }).waitFor();
  expect(new URL(page.url()).searchParams.get('cpu')).toBe('cores');
  await page.reload();
  await page.getByRole('heading', { name: 'CPU, cores in use' }).waitFor();
  await until(async () => Math.abs((await nowOf('cpu')) - 0.4) < 0.05, { what: '0.4 cores' });
});

test('one cursor runs over all charts, by mouse and by keys', async () => {
  const { page } = visitor;
  await page.goto(containerUrl('node-h1/runc/web'));
  await untilDrawn('pids');
  const heads = async (): Promise<string[]> =>
    await page.locator('.chart-legend thead th:nth-child(2)').allInnerTexts();
  expect(new Set(await heads())).toEqual(new Set(['now']));
  const { x, y } = await plotBox('cpu');
  await page.mouse.move(x, y);
  await until(async () => new Set(await heads()).size === 1 && /^\d\d:\d\d:\d\d$/.test((await heads())[0]!), {
    what: 'every legend is of the time under the mouse',
  });
  await page.mouse.move(2, 2);
  await until(async () => (await heads()).every((head) => head === 'now'), { what: 'the cursor is gone' });
  await page.locator('[data-chart="memory"] .chart-plot').focus();
  await page.keyboard.press('ArrowLeft');
  await until(async () => (await heads()).every((head) => /^\d\d:/.test(head)), { what: 'the keyboard moves it too' });
  await page.keyboard.press('Escape');
  await until(async () => (await heads()).every((head) => head === 'now'), { what: 'Escape takes it away' });
});

/** Draws over a part of a chart's width and holds the button; tells whether the page shows it. */
async function drawStretch(chart: string, part: number): Promise<boolean> {
  const { page } = visitor;
  const { x, y, width } = await plotBox(chart);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + width * part, y, { steps: 5 });
  const selected = page.locator(`[data-chart="${chart}"] .u-select`);
  const isShown = async (): Promise<boolean> => ((await selected.boundingBox())?.width ?? 0) > width * (part - 0.01);
  return until(isShown, { what: 'it is shown', timeoutMs: 1500 }).then(
    () => true,
    () => false,
  );
}

test('a stretch that is drawn in one chart is the range of all, and in the address', async () => {
  const { page } = visitor;
  await page.goto(containerUrl('node-h1/runc/web'));
  await untilDrawn('memory');
  // What is known of the past comes a moment later, and the chart is made anew: a stretch that was begun before is lost.
  await until(
    async () => {
      if (await drawStretch('memory', 0.4)) return true;
      await page.mouse.up();
      return false;
    },
    { what: 'the stretch is drawn' },
  );
  await page.mouse.up();
  await page.getByRole('button', { name: 'Back to live' }).waitFor();
  const { searchParams } = new URL(page.url());
  const [from, to] = [Date.parse(searchParams.get('from')!), Date.parse(searchParams.get('to')!)];
  // Four tenths of fifteen minutes.
  expect((to - from) / 60_000).toBeCloseTo(6, 0);
  await page.keyboard.press('l');
  await page.getByRole('button', { name: 'Back to live' }).waitFor({ state: 'detached' });
  expect(new URL(page.url()).search).toBe('');
  await page.keyboard.press(']');
  await page.waitForURL((url) => url.searchParams.get('last') === '1h');
  await page.goBack();
  await page.waitForURL((url) => url.search === '');
  await page.locator('main').focus();
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: 'Back to live' }).waitFor();
  expect(new URL(page.url()).searchParams.has('to')).toBe(true);
  await page.keyboard.press('Space');
  await page.waitForURL((url) => url.search === '');
});

test('the same as tables, in UTC, and as a file', async () => {
  const { page } = visitor;
  await page.goto(containerUrl('node-h1/runc/web'));
  await untilDrawn();
  await page.getByRole('button', { name: 'Tables' }).click();
  await page.getByRole('button', { name: 'UTC' }).click();
  const table = page.getByRole('region', { name: /^CPU, % of limit.*: table$/ });
  await table
    .getByText(/\d\d:\d\d:\d\d\sUTC/)
    .first()
    .waitFor();
  const rows = await table.getByRole('row').count();
  expect(rows).toBeGreaterThan(50);
  expect(rows).toBeLessThanOrEqual(61);
  await page.getByRole('button', { name: 'Charts' }).click();
  await page.getByRole('button', { name: 'Local' }).click();
  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'CSV' }).click();
  const download = await downloading;
  const lines = (await readFile(await download.path(), 'utf8')).split('\r\n');
  expect(lines[0]).toBe('time,series,host,name,column,min,avg,max');
  expect(lines.filter((line) => line.includes('node-h1/runc/web,h1,web,cpuCores')).length).toBeGreaterThan(3);
});

test('a name that means something to addresses and pages is only a name', async () => {
  const { page } = visitor;
  await page.goto(`${dashboard.url}/hosts/node-h1`);
  const row = page.locator('.container-table tbody tr', { hasText: HOSTILE });
  await row.locator('.spark-value', { hasText: '%' }).waitFor();
  // Under the pointer rows stay where they are.
  await row.hover();
  await row.getByRole('link', { name: HOSTILE }).click();
  await page.getByRole('heading', { name: HOSTILE, level: 1 }).waitFor();
  await until(async () => Math.round(await nowOf('cpu')) === 5, { what: '0.2 of 4 cores' });
  await page.getByRole('button', { name: '1 h', exact: true }).click();
  await page.waitForURL((url) => url.searchParams.get('last') === '1h');
  await page.reload();
  await page.getByRole('heading', { name: HOSTILE, level: 1 }).waitFor();
  await page.getByRole('link', { name: 'Compare' }).click();
  await page.getByRole('list', { name: 'Compared' }).getByText(HOSTILE).waitFor();
  await untilDrawn();
  expect(visitor.complaints).toEqual([]);
});

test('a container that is gone keeps its page; the next one of its name goes on with it', async () => {
  const { page } = visitor;
  await page.goto(containerUrl('node-h1/runc/web'));
  await until(async () => (await nowOf('cpu')) > 0, { what: 'values' });
  agents[0]!.setContainers(OTHERS);
  await page.getByText('not running').waitFor();
  await untilDrawn();
  // Its key has its place in the table: another one is another container.
  agents[0]!.setContainers([...OTHERS, WEB]);
  await page.locator('main .mark', { hasText: 'running' }).waitFor();
  await until(async () => Math.round(await nowOf('cpu')) === 80, { what: 'values go on' });
  await page.reload();
  const events = page.getByRole('region', { name: 'Events' });
  await events.getByText('0-web ended').waitFor();
  await events.getByText('re-created as 2-web').waitFor();
  agents[0]!.setContainers([WEB, ...OTHERS]);
});

test('what nobody knows is said', async () => {
  const { page } = visitor;
  await page.goto(containerUrl('node-h1/runc/nobody'));
  await page.getByRole('heading', { name: 'No such container' }).waitFor();
  await page.getByText(/No history either: .*nobody: nothing is known of it/).waitFor();
  await page.goto(`${dashboard.url}/hosts/nowhere`);
  await page.getByRole('heading', { name: 'No such host' }).waitFor();
  await page.getByRole('link', { name: 'overview', exact: true }).click();
  await page.waitForURL(`${dashboard.url}/`);
});

test('containers and hosts are put side by side, and the address holds them', async () => {
  const { page } = visitor;
  await page.goto(`${dashboard.url}/compare`);
  await page.getByText('Nothing to compare yet').waitFor();
  const box = page.getByRole('combobox', { name: 'Add' });
  for (const name of ['db on h1', 'cache on h2', 'host h2']) {
    await box.focus();
    await page.locator(`option[value="${name}"]`).waitFor({ state: 'attached' });
    await box.fill(name);
    await page.getByRole('list', { name: 'Compared' }).getByText(name.replace('host ', ''), { exact: true }).waitFor();
  }
  expect(new URL(page.url()).searchParams.getAll('series')).toEqual([
    'node-h1/runc/db',
    'node-h2/runc/cache',
    'node-h2',
  ]);
  await until(async () => (await page.locator(`${legendOf('cpu')} tbody tr`).count()) === 3, { what: 'three lines' });
  await until(async () => Math.round(await nowOf('cpu')) === 30, { what: '1.2 of 4 cores' });
  expect(lastSubscription()).toEqual({ view: 'compare', series: ['node-h1/runc/db', 'node-h2/runc/cache', 'node-h2'] });
  await page.getByRole('button', { name: 'Take cache on h2 out' }).click();
  await until(async () => (await page.locator(`${legendOf('cpu')} tbody tr`).count()) === 2, { what: 'two lines' });
  await page.reload();
  await page.getByRole('list', { name: 'Compared' }).getByText('db on h1').waitFor();
});
