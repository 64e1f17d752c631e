import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeRecording, replay } from '../support/recording.ts';
import { until } from '../support/until.ts';
import { launchBrowser, logIn, openPage, startDashboard, type TestDashboard } from './harness.ts';
import { judge, screenshot } from './judge.ts';

const RECORDING = makeRecording({ hosts: 40, containers: 1000 });

const resources = new AsyncDisposableStack();
let dashboard: TestDashboard;
let browser: Browser;

const shop = RECORDING.flatMap(({ containers }) => containers).filter(({ name }) => name.startsWith('shop-')).length;

beforeAll(async () => {
  dashboard = resources.use(await startDashboard());
  for (const host of RECORDING) {
    const agent = resources.use(await dashboard.agent(host.hostname, host.containers));
    resources.use(replay(agent, host));
  }
  browser = await launchBrowser();
  resources.defer(() => browser.close());
});

afterAll(async () => {
  await resources.disposeAsync();
});

async function open(page: Page, path: string): Promise<void> {
  await logIn(page, await dashboard.newLoginUrl());
  await page.goto(`${dashboard.url}${path}`);
}

test.each([
  { look: 'light', colorScheme: 'light', width: 1440 },
  { look: 'dark', colorScheme: 'dark', width: 1440 },
  { look: 'narrow', colorScheme: 'light', width: 390 },
] as const)(
  '$look: forty hosts are squares, groups have sums, all accessible',
  async ({ look, colorScheme, width }) => {
    await using visitor = await openPage(browser, { colorScheme, viewport: { width, height: 900 } });
    const { page, complaints } = visitor;
    await open(page, '/');
    await page.locator('.host-square').nth(39).waitFor();
    await page.locator('.top-list li').first().waitFor();
    await judge(page, `many-${look}-overview`, false);
    await page.goto(`${dashboard.url}/hosts?sort=-cpu`);
    await page.getByText('host-07').first().waitFor();
    await judge(page, `many-${look}-hosts`, false);
    await page.goto(`${dashboard.url}/containers?group=project&sort=-memory`);
    await page.locator('.group-row').nth(4).waitFor();
    await page.locator('.group-toggle').first().click();
    await page.locator('.group-toggle[aria-expanded="true"]').waitFor();
    await page.locator('.spark-value').first().waitFor();
    await judge(page, `many-${look}-groups`, false);
    expect(complaints).toEqual([]);
  },
);

test('a filtered page is sent its rows alone, and knows how many there are', async () => {
  await using visitor = await openPage(browser);
  const { page } = visitor;
  const received: number[] = [];
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => {
      if (typeof payload !== 'string') received.push(payload.length);
    });
  });
  await open(page, '/containers?q=host%3Ahost-03');
  await page.locator('.match-count', { hasText: '25 of 1,000' }).waitFor();
  received.length = 0; // the page after the login was sent others
  await until(() => received.length > 8, { what: 'some seconds' });
  // Ten columns of 25 rows, and twelve of the forty hosts; ten of a thousand rows would be 40,000 bytes.
  expect(Math.max(...received.slice(-4))).toBeLessThanOrEqual(12 * 4 * 40);
  await page.locator('#filter').fill('project:shop');
  await page.locator('.match-count', { hasText: `${shop} of 1,000` }).waitFor();
});

test('suggestions know what the filter before left out', async () => {
  await using visitor = await openPage(browser);
  const { page } = visitor;
  await open(page, '/containers?q=host%3Ahost-03');
  await page.locator('.match-count', { hasText: '25 of 1,000' }).waitFor();
  const filter = page.locator('#filter');
  await filter.fill('host:host-1');
  await page.getByRole('option').nth(7).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  expect(await filter.inputValue()).toMatch(/^host:host-1\d $/);
  await page.locator('.match-count', { hasText: '25 of 1,000' }).waitFor();
});

test('by keyboard alone: from the overview to a host, a filter, a group, a container and back', async () => {
  await using visitor = await openPage(browser);
  const { page } = visitor;
  await open(page, '/');
  const press = async (...keys: readonly string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  // Before the page knows who is there it has no keys.
  await page.getByText('Live', { exact: true }).waitFor();
  await press('Control+k');
  await page.getByRole('combobox', { name: 'Go to' }).waitFor();
  await page.keyboard.type('host-07');
  await page.getByRole('option', { name: 'host-07' }).first().waitFor();
  await press('Enter');
  await page.waitForURL(/\/hosts\/node-host-07/);
  await press('g', 'c');
  await page.waitForURL(/\/containers$/);
  await press('/');
  await page.keyboard.type('project:sho');
  await page.getByRole('option', { name: /^project:shop/ }).waitFor();
  await press('ArrowDown', 'Enter', 'Escape');
  await page.locator('.match-count', { hasText: `${shop} of 1,000` }).waitFor();
  await page.locator('#filter:focus').waitFor({ state: 'detached' });
  // Rows that the filter leaves out go a moment after their number is told, and the focus with them.
  await expect.poll(() => page.locator('tbody tr', { hasText: 'shop' }).count()).toBeGreaterThan(2);
  await expect.poll(() => page.locator('.container-table').getAttribute('aria-rowcount')).toBe(String(shop + 1));
  await press('j', 'j', 'k', 'j', 'Enter');
  await page.waitForURL(/\/containers\/./);
  // The browser's own way back is not in a page without a window.
  await page.goBack();
  await page.waitForURL(/\/containers\?q=project/);
  await press('g', 'h');
  await page.waitForURL(/\/hosts$/);
});

test('columns are chosen and kept in the address, and the list is exported as it is shown', async () => {
  await using visitor = await openPage(browser);
  const { page } = visitor;
  await open(page, '/containers?q=host%3Ahost-03&sort=name');
  await page.locator('.match-count', { hasText: '25 of 1,000' }).waitFor();
  await page.getByText('Columns', { exact: true }).click();
  await page.getByRole('checkbox', { name: 'Project' }).check();
  await page.getByRole('checkbox', { name: 'Image' }).uncheck();
  await page.waitForURL(/cols=name%2Chost%2Cproject%2C/);
  await page.reload();
  await page.locator('th.col-project').waitFor();
  expect(await page.locator('th.col-image').count()).toBe(0);
  const names = await page.locator('tbody .col-name .name').allInnerTexts();
  await page.getByText('Export', { exact: true }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'CSV' }).click(),
  ]);
  const [header, ...lines] = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
  const at = header!.split(',').indexOf('name');
  expect(lines).toHaveLength(25);
  expect(lines.slice(0, names.length).map((line) => line.split(',')[at])).toEqual(names);
});

test('on a wall there is nothing to click', async () => {
  await using visitor = await openPage(browser);
  const { page } = visitor;
  await open(page, '/?kiosk');
  await page.locator('.host-square').first().waitFor();
  expect(await page.locator('.page-header').isVisible()).toBe(false);
  await screenshot(page, 'many-kiosk-overview', false);
});
