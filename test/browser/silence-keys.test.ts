import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, logIn, openPage, startDashboard, type TestDashboard } from './harness.ts';
import { judge, LOOKS } from './judge.ts';

const RULES = `
rules:
  - { name: CpuHigh, metric: cpuOfLimitRatio, op: '>', threshold: 80%, severity: critical }
`;
const MATCHERS = 'alertname="CpuHigh"\nhost="h1"\ncontainer="wave"';

let browser: Browser;
let dashboard: TestDashboard;
const resources = new AsyncDisposableStack();

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-rules-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'team.yaml'), RULES);
  dashboard = resources.use(await startDashboard('--rules-dir', folder));
  resources.use(await dashboard.agent('h1', [{ name: 'wave', cpuLimitCores: 0.5, cpuCores: 0.48 }]));
  browser = await launchBrowser();
  resources.defer(() => browser.close());
});

afterAll(async () => {
  await resources.disposeAsync();
});

const line = (page: Page) => page.locator('.attention').getByRole('link', { name: 'CpuHigh, wave on h1', exact: true });
const matchers = (page: Page) => page.getByRole('form', { name: 'Silence' }).getByLabel('Alerts with');

test('what needs attention is silenced from there, by a link and by keys', async () => {
  await using visitor = await openPage(browser);
  const { page, complaints } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  await page.getByRole('link', { name: 'Silence CpuHigh, wave on h1' }).click();
  expect(await matchers(page).inputValue()).toBe(MATCHERS);

  await page.goto(dashboard.url);
  await line(page).waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('m');
  await page.waitForURL((url) => url.searchParams.has('new'));
  expect(await matchers(page).inputValue()).toBe(MATCHERS);

  await page.goto(`${dashboard.url}/alerts/silences`);
  await page.getByRole('heading', { name: 'Silences' }).waitFor();
  await page.keyboard.press('m');
  expect(await matchers(page).inputValue()).toBe('');
  expect(complaints).toEqual([]);
});

test('on a wall it is told, and there is nothing to click', async () => {
  await using visitor = await openPage(browser);
  const { page, complaints } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  await page.goto(`${dashboard.url}/?kiosk`);
  await page.locator('.attention-what', { hasText: 'CpuHigh, wave on h1' }).waitFor();
  expect(await page.locator('.attention .button').count()).toBeGreaterThan(0);
  expect(await page.locator('.attention .button:visible').count()).toBe(0);
  expect(complaints).toEqual([]);
});

test('who only reads is offered no silence', async () => {
  const token = (await readFile(join(dashboard.stateDir, 'api-token'), 'utf8')).trim();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const reader = { name: 'reader', role: 'viewer', password: 'correct horse battery', scope: null };
  const made = await fetch(`${dashboard.url}/api/v1/users`, { method: 'POST', headers, body: JSON.stringify(reader) });
  expect(made.ok).toBe(true);
  await using visitor = await openPage(browser);
  const { page } = visitor;
  await page.goto(`${dashboard.url}/login`);
  await page.getByLabel('Name').fill(reader.name);
  await page.getByLabel('Password').fill(reader.password);
  await page.keyboard.press('Enter');
  await line(page).waitFor();
  expect(await page.getByRole('link', { name: /^Silence/ }).count()).toBe(0);
  await page.keyboard.press('m');
  await page.keyboard.press('?');
  await page.getByRole('heading', { name: 'Keyboard' }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/');
});

test.each(Object.entries(LOOKS))('it is legible in %s', async (look, options) => {
  await using visitor = await openPage(browser, options);
  const { page } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  await page.getByRole('link', { name: 'Silence CpuHigh, wave on h1' }).waitFor();
  await judge(page, `${look}-attention`);
  await page.keyboard.press('?');
  await page.getByRole('heading', { name: 'Keyboard' }).waitFor();
  await judge(page, `${look}-keys`, false);
});
