import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, logIn, openPage, startDashboard, type TestDashboard } from './harness.ts';

let browser: Browser;
let dashboard: TestDashboard;

beforeAll(async () => {
  dashboard = await startDashboard();
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
  await dashboard[Symbol.asyncDispose]();
});

test('the printed address logs in once, and leaves no token behind', async () => {
  const printed = dashboard.loginUrl();
  await using first = await openPage(browser);
  await logIn(first.page, printed);
  expect(first.page.url()).toBe(`${dashboard.url}/`);
  expect(first.complaints).toEqual([]);
  // Reloading needs no token; going back does not find one.
  await first.page.reload();
  await first.page.locator('.tiles').waitFor();
  expect(await first.page.evaluate('document.cookie')).toBe('');

  await using second = await openPage(browser);
  await second.page.goto(printed);
  const alert = second.page.getByRole('alert');
  await alert.waitFor();
  expect(await alert.innerText()).toMatch(/used already/);
  expect(await alert.innerText()).toMatch(/restart weft dashboard/);
  expect(second.page.url()).toBe(`${dashboard.url}/login`);
});

test('a wrong token is refused with the way to a right one', async () => {
  await using visitor = await openPage(browser);
  const { page } = visitor;
  await page.goto(`${dashboard.url}/containers`);
  await page.waitForURL(`${dashboard.url}/login`);
  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Log in' }).click();
  const alert = page.getByRole('alert');
  await alert.waitFor();
  expect(await alert.innerText()).toMatch(/Not logged in/);
  expect(await alert.innerText()).toContain(`${dashboard.url}/api/v1/login-tokens`);
});

test('a typed token logs in, and logging out ends the session', async () => {
  await using visitor = await openPage(browser);
  const { page } = visitor;
  const token = new URL(await dashboard.newLoginUrl()).hash.replace('#token=', '');
  await page.goto(`${dashboard.url}/login`);
  await page.getByLabel('Token').fill(token);
  await page.keyboard.press('Enter');
  await page.locator('.tiles').waitFor();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.waitForURL(`${dashboard.url}/login`);
  await page.goto(`${dashboard.url}/`);
  await page.waitForURL(`${dashboard.url}/login`);
  expect(visitor.complaints).toEqual([]);
});

test('before any agent reports, the page says how to start one', async () => {
  await using visitor = await openPage(browser);
  await logIn(visitor.page, await dashboard.newLoginUrl());
  await visitor.page.getByText(`weft statsd --dashboard ${dashboard.url}`).waitFor();
  await visitor.page.getByText('Nothing needs attention').waitFor();
  await visitor.page.getByRole('link', { name: 'Containers', exact: true }).click();
  await visitor.page.getByText('No agent has reported yet').waitFor();
  expect(visitor.complaints).toEqual([]);
});
