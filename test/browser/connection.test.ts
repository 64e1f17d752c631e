import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { columnTexts, launchBrowser, leadingNumber, logIn, openPage, startDashboard } from './harness.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
});

test('a killed server leaves the page readable and visibly old; its restart needs neither reload nor login', async () => {
  await using dashboard = await startDashboard();
  await using agent = await dashboard.agent('h1', [{ name: 'web', cpuCores: 1 }]);
  await using visitor = await openPage(browser);
  const { page } = visitor;
  await logIn(page, dashboard.loginUrl());
  await page.goto(`${dashboard.url}/containers`);
  await page.getByText('Live', { exact: true }).waitFor();
  // A mark that only a reload would take away.
  await page.evaluate('window.loadedOnce = true');

  await dashboard.kill();
  const banner = page.locator('[data-banner="lost"]');
  await banner.waitFor();
  await banner.getByText(/What you see is \d+\ss old/).waitFor();
  await banner.getByText(/Next try in \d s|Trying now/).waitFor();
  expect(await page.locator('.container-table .name').allInnerTexts()).toEqual(['web']);
  expect(await page.locator('main').getAttribute('class')).toBe('is-old');
  await page.getByRole('link', { name: 'Overview', exact: true }).click();
  await page.locator('.fact-table').getByText('h1', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Containers', exact: true }).click();

  await dashboard.start();
  await banner.waitFor({ state: 'detached' });
  await page.getByText('Live', { exact: true }).waitFor();
  agent.setLoad('web', { cpuCores: 2 });
  await until(async () => leadingNumber((await columnTexts(page, 'cpu'))[0] ?? '') > 40, {
    what: 'numbers move again',
  });
  expect(await page.evaluate('window.loadedOnce')).toBe(true);
  expect(await page.locator('main').getAttribute('class')).toBe('');
});

test('a login that ended says so and keeps what is on the page', async () => {
  await using dashboard = await startDashboard();
  await using agent = await dashboard.agent('h1', [{ name: 'web' }]);
  agent.setLoad('web', { cpuCores: 1 });
  await using visitor = await openPage(browser);
  const { page } = visitor;
  await logIn(page, dashboard.loginUrl());
  await page.locator('.fact-table').getByText('h1', { exact: true }).waitFor();
  // Another tab of the same browser logs out.
  await page.evaluate(
    "fetch('/api/v1/logout', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })",
  );
  const banner = page.locator('[data-banner="refused"]');
  await banner.getByText('Your login has expired').waitFor();
  await page.locator('.fact-table').getByText('h1', { exact: true }).waitFor();
  await banner.getByRole('link', { name: 'Log in' }).click();
  await page.getByLabel('Token').waitFor();
});

test('a host that falls silent is late, then stale, with its age and its last values', async () => {
  await using dashboard = await startDashboard();
  await using silent = await dashboard.agent('h1', [{ name: 'web', cpuCores: 1 }]);
  await using talking = await dashboard.agent('h2', [{ name: 'db', cpuCores: 1 }]);
  talking.setLoad('db', { cpuCores: 0.5 });
  await using visitor = await openPage(browser);
  const { page } = visitor;
  await logIn(page, dashboard.loginUrl());
  const host = page.locator('.fact-table tbody tr', { hasText: 'h1' });
  await host.getByText('live').waitFor();
  await host
    .getByText(/1\.\d\d/)
    .first()
    .waitFor();

  await silent.stop();
  await host.getByText(/late \d\ss/).waitFor();
  await host.getByText(/stale 1\d\ss/).waitFor();
  await page.locator('.attention').getByText('Host h1 does not report').waitFor();
  expect(await host.getAttribute('class')).toBe('is-stale');
  await page.goto(`${dashboard.url}/containers?q=state:stale`);
  await page
    .locator('tr.is-stale', { hasText: 'web' })
    .getByText(/stale \d+\ss/)
    .waitFor();
  expect(await page.locator('.container-table .name').allInnerTexts()).toEqual(['web']);
  expect(visitor.complaints).toEqual([]);
});

test('a hidden tab is sent nothing, and is current again when it is shown', async () => {
  await using dashboard = await startDashboard();
  await using agent = await dashboard.agent('h1', [{ name: 'web', cpuCores: 1 }]);
  agent.setLoad('web', { cpuCores: 1 });
  await using visitor = await openPage(browser);
  const { page } = visitor;
  const frames: string[] = [];
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => frames.push(String(payload)));
  });
  await logIn(page, dashboard.loginUrl());
  await page.getByText('Live', { exact: true }).waitFor();
  const setHidden = async (hidden: boolean): Promise<void> => {
    await page.evaluate(
      `Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${hidden} });
       document.dispatchEvent(new Event('visibilitychange'))`,
    );
  };
  await setHidden(true);
  await until(() => frames.some((text) => text.includes('"view":"none"')), { what: 'the page unsubscribed' });
  await page.getByText(/Data \d\ss old/).waitFor();
  await setHidden(false);
  await page.getByText('Live', { exact: true }).waitFor();
});
