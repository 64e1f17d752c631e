import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentFeeder } from '../support/agent-feeder.ts';
import { until } from '../support/until.ts';
import { judge, LOOKS } from './judge.ts';
import { launchBrowser, logIn, openPage, startDashboard, type TestDashboard, type TestPage } from './harness.ts';

let browser: Browser;
let dashboard: TestDashboard;
let agent: AgentFeeder;
let visitor: TestPage;

beforeAll(async () => {
  dashboard = await startDashboard();
  agent = await dashboard.agent('h1', [{ name: 'db', cpuCores: 1.2 }, { name: 'web' }]);
  browser = await launchBrowser();
  visitor = await openPage(browser);
  await logIn(visitor.page, dashboard.loginUrl());
});

afterAll(async () => {
  await agent.stop();
  await browser.close();
  await dashboard[Symbol.asyncDispose]();
});

test.each(Object.entries(LOOKS))('rows chosen by x are compared: %s', async (look, options) => {
  await using chooser = await openPage(browser, options);
  const { page } = chooser;
  await logIn(page, await dashboard.newLoginUrl());
  await page.goto(`${dashboard.url}/containers?sort=name`);
  await page.getByRole('link', { name: 'db', exact: true }).focus();
  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  const bar = page.getByRole('region', { name: 'Chosen' });
  await bar.getByText('web').waitFor();
  await judge(page, `${look}-chosen`, false);
  await page.keyboard.press('x');
  await bar.getByText('web').waitFor({ state: 'detached' });
  await page.keyboard.press('x');
  await bar.getByRole('link', { name: 'Compare' }).click();
  await page.getByRole('list', { name: 'Compared' }).getByText('db on h1').waitFor();
  expect(new URL(page.url()).searchParams.getAll('series')).toEqual(['node-h1/runc/db', 'node-h1/runc/web']);
  expect(await bar.count()).toBe(0);
});

test('a line that history does not know is told, and the others are shown', async () => {
  const { page } = visitor;
  const lines = ['node-h1/runc/db', 'node-h1/runc/gone', 'node-h1/runc/web'];
  await page.goto(`${dashboard.url}/compare?${new URLSearchParams(lines.map((line) => ['series', line])).toString()}`);
  await page.getByText(/node-h1\/runc\/gone: nothing is known of it/).waitFor();
  await page.locator('[data-chart="cpu"] canvas').waitFor({ timeout: 5_000 });
  const legend = page.locator('[data-chart="cpu"] .chart-legend tbody tr');
  await until(async () => (await legend.count()) === 2, { what: 'the two lines that are known' });
  for (const [look, { colorScheme = 'light', viewport }] of Object.entries(LOOKS)) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport ?? { width: 1440, height: 900 });
    await judge(page, `${look}-compare-lost`, false);
  }
  // Known the moment that it comes.
  agent.setContainers([{ name: 'db', cpuCores: 1.2 }, { name: 'web' }, { name: 'gone' }]);
  await until(async () => (await legend.count()) === 3, { what: 'the third line' });
  expect(await page.getByText(/nothing is known of it/).count()).toBe(0);
});
