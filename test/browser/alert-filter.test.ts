import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, logIn, openPage, startDashboard, type TestDashboard } from './harness.ts';
import { judge, LOOKS } from './judge.ts';

let browser: Browser;
let dashboard: TestDashboard;
const resources = new AsyncDisposableStack();

beforeAll(async () => {
  dashboard = resources.use(await startDashboard());
  for (const host of ['h1', 'h10']) {
    const agent = resources.use(await dashboard.agent(host, [{ name: 'web' }, { name: 'db' }]));
    for (const name of ['web', 'db']) agent.end(name, { exitCode: 3, oomKilled: name === 'db', ranForMs: 5000 });
  }
  browser = await launchBrowser();
  resources.defer(() => browser.close());
});

afterAll(async () => {
  await resources.disposeAsync();
});

test('active alerts are filtered by what the address says, by keyboard, with suggestions of their labels', async () => {
  await using visitor = await openPage(browser);
  const { page, complaints } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  await page.goto(`${dashboard.url}/alerts`);
  await page.getByText('6 alerts').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('sev');
  await page.getByRole('option', { name: 'severity:' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('option', { name: /severity:warning 4 alerts/ }).waitFor();
  await page.getByRole('option', { name: /severity:critical 2 alerts/ }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.keyboard.type('host:h1');
  await page.getByText('1 of 6 alerts').waitFor();
  await page.waitForURL(/\?q=severity%3Acritical\+host%3Ah1$/);
  await page.reload();
  await page.getByText('1 of 6 alerts').waitFor();
  await page.getByRole('button', { name: 'Leave out severity:critical' }).click();
  // Whole: h10 is another host.
  await page.getByText('3 of 6 alerts').waitFor();
  await page.getByLabel('Filter alerts').fill('host:h2 cpu>80%');
  await page.getByText('an alert has labels and no values to compare').waitFor();
  await page.getByText('No active alert matches: 6 alerts without the filter.').waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByText('6 alerts').waitFor();
  expect(complaints).toEqual([]);
});

test('the history is the same in another browser: filter and range are in the address', async () => {
  await using visitor = await openPage(browser);
  const { page, complaints } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  await page.goto(`${dashboard.url}/alerts/history`);
  await page.getByText('6 episodes').waitFor();
  await page.getByLabel('Of the last').selectOption('30d');
  await page.getByLabel('Filter the history').fill('host:h1 name:~^d name:~(');
  await page.getByText('2 episodes').waitFor();
  await page.getByText(/the regular expression is not usable/).waitFor();
  const address = page.url();
  expect(new URL(address).searchParams.get('last')).toBe('30d');
  await page.goto(dashboard.url);
  await page.goto(address);
  await page.getByText('2 episodes').waitFor();
  expect(await page.getByLabel('Of the last').inputValue()).toBe('30d');
  expect(complaints).toEqual([]);
});

test.each(Object.entries(LOOKS))('%s: filtered alerts are whole and accessible', async (look, options) => {
  await using visitor = await openPage(browser, options);
  const { page } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  await page.goto(`${dashboard.url}/alerts?q=host%3Ah1+cpu%3E80%25`);
  await page.getByText('3 of 6 alerts').waitFor();
  await judge(page, `${look}-alerts-filtered`);
  await page.goto(`${dashboard.url}/alerts/history?q=host%3Ah1`);
  await page.getByText('3 episodes').waitFor();
  await judge(page, `${look}-alerts-history-filtered`);
});
