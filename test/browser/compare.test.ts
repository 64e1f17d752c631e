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
  await bar.getByText('2 of at most 8 chosen').waitFor();
  const marked = page.locator('.container-table tbody tr', { hasText: 'chosen' }).locator('.name');
  expect(await marked.allInnerTexts()).toEqual(['db', 'web']);
  await judge(page, `${look}-chosen`, false);
  await page.keyboard.press('x');
  await bar.getByText('web', { exact: true }).waitFor({ state: 'detached' });
  expect(await marked.allInnerTexts()).toEqual(['db']);
  await page.keyboard.press('x');
  await bar.getByRole('link', { name: 'Compare' }).click();
  await page.getByRole('list', { name: 'Compared' }).getByText('db on h1').waitFor();
  expect(new URL(page.url()).searchParams.getAll('series')).toEqual(['node-h1/runc/db', 'node-h1/runc/web']);
  expect(await bar.count()).toBe(0);
});

test.each(Object.entries(LOOKS))('a ninth row is refused with the reason: %s', async (look, options) => {
  const many = Array.from({ length: 9 }, (_, index) => ({ name: `many-${index + 1}`, cpuCores: 0.1 }));
  await using other = await dashboard.agent('h9', many);
  await using chooser = await openPage(browser, options);
  const { page } = chooser;
  await logIn(page, await dashboard.newLoginUrl());
  await page.goto(`${dashboard.url}/containers?sort=name&q=many`);
  await page.getByRole('link', { name: 'many-1', exact: true }).focus();
  for (let row = 1; row <= 9; row += 1) {
    await page.keyboard.press('x');
    await page.keyboard.press('j');
  }
  const bar = page.getByRole('region', { name: 'Chosen' });
  const status = bar.getByRole('status');
  await status.getByText('many-9 is not chosen: Compare shows 8 side by side at most. Take one out first.').waitFor();
  const marked = page.locator('.container-table tr.chosen-row .name');
  expect(await marked.count()).toBe(8);
  await judge(page, `${look}-chosen-refused`, false);
  await bar.getByRole('button', { name: 'Take many-2 out' }).click();
  await status.getByText('7 of at most 8 chosen').waitFor();
  expect(await marked.allInnerTexts()).not.toContain('many-2');
  await bar.getByRole('button', { name: 'Choose none' }).click();
  expect(await marked.count()).toBe(0);
  await other.stop();
});

test('hosts are chosen too, and marked on every page that lists them', async () => {
  const { page } = visitor;
  await page.goto(`${dashboard.url}/hosts`);
  await page.getByRole('link', { name: 'h1', exact: true }).focus();
  await page.keyboard.press('x');
  const row = page.locator('tr.chosen-row', { hasText: 'chosen' });
  await row.getByRole('link', { name: 'h1', exact: true }).waitFor();
  await page.getByRole('link', { name: 'Overview', exact: true }).click();
  await page.locator('#hosts').locator(row).getByRole('link', { name: 'h1', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Choose none' }).click();
  await row.waitFor({ state: 'detached' });
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
