import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWeft } from '../support/processes.ts';
import { launchBrowser, logIn, openPage, startDashboard, type TestDashboard } from './harness.ts';
import { graveFindings, screenshot } from './judge.ts';

const LONG = 'x'.repeat(200);

/** Nothing of them is seen: no letter, or only characters of no width. */
const UNSEEN = ['', ' \u00A0 ', '\u200B\u200D\u2060', '\u3164'] as const;

/** A phone held either way, a tablet, a small window, and 1280 px at four times the size. */
const WIDTHS = [320, 390, 667, 768, 844, 1024, 1280] as const;

let browser: Browser;
let dashboard: TestDashboard;
const resources = new AsyncDisposableStack();

beforeAll(async () => {
  dashboard = resources.use(await startDashboard('--group-wait', '0s'));
  const full = { memoryWorkingSetBytes: 99 * 2 ** 20, memoryLimitBytes: 100 * 2 ** 20 };
  const long = { name: LONG, image: `${LONG}:latest`, labels: { 'com.docker.compose.project': LONG }, ...full };
  const unseen = UNSEEN.map((name) => ({ name, cpuCores: 2 }));
  resources.use(await dashboard.agent('h1', [long, ...unseen, { name: 'web' }]));
  browser = await launchBrowser();
  resources.defer(() => browser.close());
});

afterAll(async () => {
  await resources.disposeAsync();
});

const VIEWS = [
  '/',
  '/containers',
  `/containers?q=${LONG}y`,
  `/containers/node-h1%2Frunc%2F${LONG}`,
  `/containers/${LONG}`,
  '/compare',
  '/hosts/node-h1',
  `/hosts/${LONG}`,
  `/${LONG}`,
  '/alerts',
  '/alerts/rules',
  '/alerts/delivery',
  '/settings/display',
] as const;

test('every page fits from 320 px on, also with names that have no place to break', async () => {
  await using visitor = await openPage(browser);
  const { page } = visitor;
  await logIn(page, dashboard.loginUrl());
  const tooWide: string[] = [];
  for (const view of VIEWS) {
    await page.goto(`${dashboard.url}${view}`);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.locator('main h1').waitFor();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 640 });
      const over = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      if (over !== 0) tooWide.push(`${view.slice(0, 30)} at ${width}: ${String(over)}`);
    }
  }
  expect(tooWide).toEqual([]);
  // Text of twice the size, as browsers' settings make it.
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.evaluate('document.documentElement.style.fontSize = "200%"');
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
  await screenshot(page, 'rare-text-200', false);
});

test('an address that is longer than anything that exists is answered, and the filter holds', async () => {
  await using visitor = await openPage(browser);
  const { page, complaints } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  const terms = Array.from({ length: 120 }, (_, index) => `-name:nobody-${index}`).join(' ');
  await page.goto(`${dashboard.url}/containers?q=${encodeURIComponent(`${terms} name:web`)}`);
  await page.getByText('1 of 6', { exact: true }).waitFor();
  // Each key is another filter and another question for suggestions: none of them may cost the connection.
  await page.locator('#filter').press('End');
  await page.keyboard.type(' host:h1 host:h', { delay: 30 });
  await page.getByText('Live', { exact: true }).waitFor();
  expect(complaints).toEqual([]);
  await page.goto(`${dashboard.url}/hosts/${LONG}`);
  await page.getByText('No such host').waitFor();
});

test('a container whose name nobody can see is called by its id, and its links say where they lead', async () => {
  await using visitor = await openPage(browser);
  const { page } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  for (const view of ['/', '/containers?sort=-cpu']) {
    await page.goto(`${dashboard.url}${view}`);
    await page.locator('a[href^="/containers/node-h1"]').first().waitFor();
    const texts = await page.locator('a[href^="/containers/node-h1"]').allInnerTexts();
    expect(texts.filter((text) => !/[\p{L}\p{N}]/u.test(text))).toEqual([]);
    expect(await graveFindings(page)).toEqual([]);
  }
  await screenshot(page, 'rare-unseen-names', false);
});

test('the command that is shown before any agent reported starts one', async () => {
  await using empty = await startDashboard();
  await using visitor = await openPage(browser);
  const { page } = visitor;
  await logIn(page, empty.loginUrl());
  const command = await page.locator('.empty code').first().innerText();
  const words = command.split(/\s+/);
  const file = words.at(-1) ?? '';
  // Where it is copied to is up to people; that it is a path which the agent takes is not.
  expect(file).toMatch(/^\/.*\/agent-token$/);
  expect(await page.locator('.empty').innerText()).toContain(file);
  const own = words.slice(1).map((word) => (word === file ? `${empty.stateDir}/agent-token` : word));
  await using _agent = await startWeft([...own, '--listen', 'off', '--cgroup-root', '/weft-test/none']);
  await page.locator('.fact-table tbody tr').first().waitFor();
});

test('a wall is not asked to choose a password', async () => {
  await using visitor = await openPage(browser);
  const { page } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  await page.locator('[data-banner="password"]').waitFor();
  const known = page.waitForResponse(`${dashboard.url}/api/v1/me`);
  await page.goto(`${dashboard.url}/?kiosk`);
  await (await known).finished();
  await page.locator('.tiles').waitFor();
  expect(await page.locator('[data-banner="password"]:visible').count()).toBe(0);
});
