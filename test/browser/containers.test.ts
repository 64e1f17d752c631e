import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentFeeder, FedContainer } from '../support/agent-feeder.ts';
import { until } from '../support/until.ts';
import {
  columnTexts,
  launchBrowser,
  leadingNumber,
  logIn,
  openPage,
  startDashboard,
  type TestDashboard,
  type TestPage,
} from './harness.ts';

const MIB = 2 ** 20;
const HOSTILE = '<img src=x onerror=alert(1)>';

const H1: readonly FedContainer[] = [
  {
    name: 'web-2',
    image: 'docker.io/library/nginx:1.27',
    cpuCores: 0.4,
    cpuLimitCores: 0.5,
    memoryLimitBytes: 128 * MIB,
  },
  { name: 'web-10', image: 'nginx:1.27', cpuCores: 0.1, cpuLimitCores: 0.5, labels: { team: 'a' } },
  {
    name: HOSTILE,
    image: '"><script>alert(2)</script>',
    cpuCores: 0.3,
    labels: { '<b>x</b>': '<svg onload=alert(3)>' },
  },
];
const H2: readonly FedContainer[] = [
  {
    name: 'redis',
    image: 'redis:7',
    runtime: 'crun',
    cpuCores: 1.2,
    memoryWorkingSetBytes: 300 * MIB,
    pidsCurrent: 40,
  },
  {
    name: 'disk-writer',
    cpuCores: 0.02,
    blockReadBytesPerSecond: 3 * MIB,
    blockWriteBytesPerSecond: 9 * MIB,
    startedAtUnixMs: 1_700_000_000_000,
  },
];

let browser: Browser;
let dashboard: TestDashboard;
let agents: readonly AgentFeeder[];
let visitor: TestPage;

beforeAll(async () => {
  dashboard = await startDashboard();
  agents = [await dashboard.agent('h1', H1), await dashboard.agent('h2', H2)];
  browser = await launchBrowser();
  visitor = await openPage(browser);
  await logIn(visitor.page, dashboard.loginUrl());
});

afterAll(async () => {
  for (const agent of agents) await agent.stop();
  await browser.close();
  await dashboard[Symbol.asyncDispose]();
});

async function open(query = ''): Promise<void> {
  await visitor.page.goto(`${dashboard.url}/containers${query}`);
  await visitor.page.locator('.container-table tbody tr').first().waitFor();
}

async function names(): Promise<string[]> {
  return await visitor.page.locator('.container-table .name').allInnerTexts();
}

async function untilNames(expected: readonly string[]): Promise<void> {
  await until(async () => (await names()).join('|') === expected.join('|'), {
    what: `the table shows ${expected.join(', ')}`,
  });
}

/** The first values are a second away. */
async function untilValues(): Promise<void> {
  await until(async () => (await columnTexts(visitor.page, 'cpu')).every((text) => text.includes('%')), {
    what: 'every container has a CPU value',
  });
}

test('numbers move', async () => {
  await open('?q=redis');
  await untilValues();
  await until(async () => leadingNumber((await columnTexts(visitor.page, 'cpu'))[0]!) > 25, { what: 'redis at 30 %' });
  agents[1]!.setLoad('redis', { cpuCores: 0.4 });
  await until(async () => leadingNumber((await columnTexts(visitor.page, 'cpu'))[0]!) < 15, { what: 'redis at 10 %' });
  agents[1]!.setLoad('redis', { cpuCores: 1.2 });
});

test('a hostile name is text and nothing else', async () => {
  await open();
  expect(await names()).toContain(HOSTILE);
  expect(await visitor.page.locator('.container-table :is(img, script, b)').count()).toBe(0);
  expect(visitor.complaints).toEqual([]);
});

const { compare } = new Intl.Collator('en', { numeric: true });

/** Shares and sizes by their number, text as people count. */
function compareCells(a: string, b: string): number {
  const [first, second] = [leadingNumber(a), leadingNumber(b)];
  return Number.isNaN(first) || Number.isNaN(second) ? compare(a, b) : first - second;
}

/** The cells that tell something; what is unavailable must come last, whichever way the rest goes. */
function knownCells(cells: readonly string[]): readonly string[] {
  const isKnown = (text: string): boolean => !/^(—|no limit)$/.test(text);
  const known = cells.filter(isKnown);
  expect(cells.slice(0, known.length)).toEqual(known);
  return known;
}

test.each(['name', 'host', 'image', 'cpu', 'memory', 'limit', 'read', 'write', 'pids'])(
  'sorts by %s both ways, and the address keeps it',
  async (column) => {
    await open(`?sort=${column === 'name' ? 'host' : 'name'}`);
    await untilValues();
    const header = visitor.page.locator(`thead .col-${column}`);
    for (let click = 0; click < 2; click += 1) {
      await header.getByRole('button').click();
      const direction = await header.getAttribute('aria-sort');
      expect(direction).toMatch(/^(ascending|descending)$/);
      const cells = knownCells(await columnTexts(visitor.page, column));
      const ascending = direction === 'ascending' ? cells : cells.toReversed();
      expect(ascending).toEqual(ascending.toSorted(compareCells));
    }
    const direction = await header.getAttribute('aria-sort');
    await visitor.page.reload();
    await visitor.page.locator('.container-table tbody tr').first().waitFor();
    expect(await header.getAttribute('aria-sort')).toBe(direction);
  },
);

test('sorts by age, oldest first, and what has no age last', async () => {
  await open('?sort=name');
  await visitor.page.locator('thead .col-age').getByRole('button').click();
  await until(async () => (await names())[0] === 'disk-writer', { what: 'the only one with an age first' });
});

test('sorts text as people count and numbers by size', async () => {
  await open('?sort=name');
  await untilNames([HOSTILE, 'disk-writer', 'redis', 'web-2', 'web-10']);
  await open('?sort=-memory');
  await until(async () => (await names())[0] === 'redis', { what: 'the largest memory first' });
  await open('?sort=-write');
  await until(async () => (await names())[0] === 'disk-writer', { what: 'the busiest writer first' });
});

test.each([
  { filter: 'web', expected: ['web-2', 'web-10'] },
  { filter: 'WEB -web-10', expected: ['web-2'] },
  { filter: 'host:h2', expected: ['disk-writer', 'redis'] },
  { filter: 'runtime:crun', expected: ['redis'] },
  { filter: 'image:nginx', expected: ['web-2', 'web-10'] },
  { filter: 'redis:7', expected: ['redis'] },
  { filter: 'label:team=a', expected: ['web-10'] },
  { filter: 'cpu>50%', expected: ['web-2'] },
  { filter: 'cpu>1', expected: ['redis'] },
  { filter: 'mem>64MiB', expected: ['redis'] },
  { filter: 'write>1MiB read>1MiB', expected: ['disk-writer'] },
  { filter: 'pids>=40', expected: ['redis'] },
  { filter: 'name:w*10', expected: ['web-10'] },
])('filters by $filter', async ({ filter, expected }) => {
  await open('?sort=name');
  await untilValues();
  await visitor.page.getByLabel('Filter containers').fill(filter);
  await untilNames(expected);
  expect(new URL(visitor.page.url()).searchParams.get('q')).toBe(filter);
});

test('the address brings filter and order back', async () => {
  await open(`?q=${encodeURIComponent('host:h1 web')}&sort=-name`);
  await untilNames(['web-10', 'web-2']);
  expect(await visitor.page.getByLabel('Filter containers').inputValue()).toBe('host:h1 web');
  await visitor.page.getByText('2 of 5').waitFor();
});

test('says what a filter without matches is missing', async () => {
  await open();
  const filter = visitor.page.getByLabel('Filter containers');
  await filter.fill('host:h1 cpu>lots redis');
  await visitor.page.locator('.chip-fault', { hasText: 'cpu>lots' }).getByText('expected a number').waitFor();
  await visitor.page.getByText('No container matches').waitFor();
  await visitor.page.getByRole('button', { name: 'Leave it out' }).click();
  await visitor.page.locator('.container-table tbody tr').first().waitFor();
});

test('rows stay where they are under the pointer', async () => {
  await open('?sort=-pids');
  await until(async () => (await names())[0] === 'redis', { what: 'the most processes first' });
  await visitor.page.locator('.container-table tbody tr').first().hover();
  await visitor.page.getByText('order paused').waitFor();
  agents[0]!.setLoad('web-2', { pidsCurrent: 90 });
  // The new value arrives more than one re-ordering ago, and the row that should lead stays below.
  await until(async () => (await columnTexts(visitor.page, 'pids')).includes('90'), { what: 'web-2 has 90 processes' });
  const shownAt = performance.now();
  await until(() => performance.now() - shownAt > 6000, { what: 'a re-ordering is overdue' });
  expect((await names())[0]).toBe('redis');
  await visitor.page.mouse.move(5, 5);
  await until(async () => (await names())[0] === 'web-2', { what: 'the order goes on' });
  agents[0]!.setLoad('web-2', { pidsCurrent: 1 });
});

test('keys reach the filter and the pages', async () => {
  const { page } = visitor;
  await open();
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await page.waitForURL(`${dashboard.url}/`);
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await page.waitForURL(`${dashboard.url}/alerts`);
  await page.keyboard.press('/');
  await page.locator('#filter:focus').waitFor();
  await page.keyboard.type('g o redis');
  expect(await page.locator('#filter').inputValue()).toBe('g o redis');
  await page.getByRole('option').first().waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('listbox').waitFor({ state: 'detached' });
  expect(await page.locator('#filter:focus').count()).toBe(1);
  await page.keyboard.press('Escape');
  expect(await page.locator('#filter:focus').count()).toBe(0);
  await page.keyboard.press('?');
  await page.getByRole('heading', { name: 'Keyboard' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'Keyboard' }).waitFor({ state: 'hidden' });
});

test('a container that leaves is gone, one that comes is there', async () => {
  await open('?sort=name');
  agents[1]!.setContainers([...H2.filter(({ name }) => name !== 'redis'), { name: 'newcomer' }]);
  await untilNames([HOSTILE, 'disk-writer', 'newcomer', 'web-2', 'web-10']);
  agents[1]!.setContainers(H2);
  await untilNames([HOSTILE, 'disk-writer', 'redis', 'web-2', 'web-10']);
});

test('a paused container is told as one, and found by it', async () => {
  await open('?sort=name');
  agents[1]!.setContainers([...H2.filter(({ name }) => name !== 'redis'), { name: 'redis', state: 'paused' }]);
  const { page } = visitor;
  await page.locator('.container-table tr', { hasText: 'redis' }).getByText('paused').waitFor({ state: 'attached' });
  await open('?q=state:paused');
  await untilNames(['redis']);
  await page.locator('.container-table .name').click();
  await page.locator('.page-head').getByText('paused').waitFor();
  agents[1]!.setContainers(H2);
  await page.locator('.page-head').getByText('running').waitFor();
});
