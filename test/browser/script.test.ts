import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { judge, LOOKS } from './judge.ts';
import { launchBrowser, logIn, openPage, startDashboard } from './harness.ts';

/** kB gzipped; all that stands in the way of a first page. */
const MOST_AT_LOAD_KB = 112;

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
});

/** Adds up the scripts that a page is sent from now on, bytes as they go over the wire. */
function countScripts(page: Page): { readonly names: readonly string[]; bytes(): Promise<number> } {
  const names: string[] = [];
  const sizes: Promise<number>[] = [];
  page.on('requestfinished', (request) => {
    if (request.resourceType() !== 'script') return;
    names.push(new URL(request.url()).pathname);
    sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
  });
  return { names, bytes: async () => (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) };
}

test('a first page loads its own script and no other; further pages bring theirs', async () => {
  await using dashboard = await startDashboard();
  await using agent = await dashboard.agent('h1', [{ name: 'web' }]);
  await using first = await openPage(browser);
  await logIn(first.page, dashboard.loginUrl());
  await using visitor = await openPage(browser, { storageState: await first.page.context().storageState() });
  const { page } = visitor;
  const scripts = countScripts(page);
  await page.goto(`${dashboard.url}/containers`);
  await page.locator('.spark-value', { hasText: '%' }).first().waitFor();
  await page.getByRole('link', { name: 'Hosts', exact: true }).click();
  await page.getByRole('heading', { name: 'Hosts', level: 1 }).waitFor();
  await page.getByRole('link', { name: 'Overview', exact: true }).click();
  await page.locator('.tiles').waitFor();
  const atLoad = await scripts.bytes();
  expect(atLoad / 1000).toBeLessThan(MOST_AT_LOAD_KB);
  // Nothing was counted twice or not at all.
  expect(atLoad / 1000).toBeGreaterThan(20);
  const before = scripts.names.length;
  await page.getByRole('link', { name: 'Settings', exact: true }).click();
  await page.getByRole('navigation', { name: 'Settings' }).waitFor();
  expect(scripts.names.length).toBeGreaterThan(before);
  expect(visitor.complaints).toEqual([]);
  await agent.stop();
});

test.each(Object.entries(LOOKS))(
  '%s: a page whose script an update took away says so, and comes with a reload',
  async (look, options) => {
    await using dashboard = await startDashboard();
    await using visitor = await openPage(browser, options);
    const { page } = visitor;
    await logIn(page, dashboard.loginUrl());
    // What the server of a new build answers for a script of the one before.
    await page.route(/\/assets\/alerts-/, (route) => route.continue({ url: `${dashboard.url}/assets/alerts-0.js` }));
    await page.getByRole('link', { name: 'Alerts', exact: true }).click();
    await page.getByRole('heading', { name: 'Alerts could not be loaded' }).waitFor();
    await page.getByText('The server has probably been updated').waitFor();
    expect(await page.title()).toBe('Alerts · weft');
    await judge(page, `${look}-script-gone`, false);
    await page.unroute(/\/assets\/alerts-/);
    await page.getByRole('button', { name: 'Load again' }).click();
    await page.getByRole('navigation', { name: 'Alerts' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/alerts');
  },
);

test('a page that is opened while the server is away says so, and comes with the server', async () => {
  await using dashboard = await startDashboard();
  await using visitor = await openPage(browser);
  const { page } = visitor;
  await logIn(page, dashboard.loginUrl());
  await dashboard.kill();
  await page.locator('[data-banner="lost"]').waitFor();
  await page.evaluate('window.loadedOnce = true');
  await page.getByRole('link', { name: 'Settings', exact: true }).click();
  await page.getByRole('heading', { name: 'Settings could not be loaded' }).waitFor();
  await page.getByText('This page is loaded when it answers again').waitFor();
  await page.getByRole('link', { name: 'Overview', exact: true }).click();
  await page.locator('.tiles').waitFor();
  await page.getByRole('link', { name: 'Settings', exact: true }).click();
  await dashboard.start();
  await page.getByRole('navigation', { name: 'Settings' }).waitFor();
  expect(await page.evaluate('window.loadedOnce')).toBe(true);
});
