import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, logIn, openPage, startDashboard, type TestDashboard, type TestPage } from './harness.ts';
import { judge, LOOKS } from './judge.ts';

const HOSTILE = '<img src=x onerror=alert(1)>';

let browser: Browser;
let dashboard: TestDashboard;
let visitor: TestPage;
const resources = new AsyncDisposableStack();

beforeAll(async () => {
  dashboard = resources.use(await startDashboard());
  resources.use(await dashboard.agent('h1', [{ name: 'web' }, { name: 'db' }]));
  browser = await launchBrowser();
  resources.defer(() => browser.close());
  visitor = resources.use(await openPage(browser));
  await logIn(visitor.page, dashboard.loginUrl());
});

afterAll(async () => {
  await resources.disposeAsync();
});

const menu = () => visitor.page.locator('details.views');
const line = (name: string) => menu().locator('li', { hasText: name });

async function save(name: string): Promise<void> {
  await menu().getByLabel('Save what is shown as').fill(name);
  await menu().getByRole('button', { name: 'Save', exact: true }).click();
  await line(name).getByText('shown').waitFor();
}

test('what is shown is saved under a name, and is there again from the menu', async () => {
  const { page } = visitor;
  await page.goto(`${dashboard.url}/containers?q=web&sort=name&group=host`);
  await menu().getByText('Views', { exact: true }).click();
  await menu().getByText('No view is saved yet.').waitFor();
  await save('only web');
  await save(HOSTILE);
  await page.goto(`${dashboard.url}/containers`);
  await menu().getByText('Views', { exact: true }).click();
  await line('only web').getByRole('link').click();
  await page.waitForURL(/\?q=web&group=host&sort=name$/);
  expect(await menu().getAttribute('open')).toBeNull();
  expect(visitor.complaints).toEqual([]);
});

test('the palette goes there by its name', async () => {
  const { page } = visitor;
  await page.goto(`${dashboard.url}/hosts`);
  await page.getByRole('heading', { name: 'Hosts', level: 1 }).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: /Go to/ }).fill('only');
  await page.getByRole('option', { name: 'only web view' }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/containers\?q=web/);
});

test('a view is replaced, renamed, and deleted when that was said twice', async () => {
  const { page } = visitor;
  await page.goto(`${dashboard.url}/containers?q=db`);
  await menu().getByText('Views', { exact: true }).click();
  await line('only web').waitFor();
  await menu().getByLabel('Save what is shown as').fill('ONLY web');
  await menu().getByRole('button', { name: 'Replace' }).click();
  await line('only web').getByText('shown').waitFor();
  await menu().getByRole('button', { name: 'Rename only web' }).click();
  // What is typed earlier goes nowhere.
  await menu().locator('.view-rename input:focus').waitFor();
  await page.keyboard.type('the base');
  await page.keyboard.press('Enter');
  expect(await line('the base').getByRole('link').getAttribute('href')).toBe('/containers?q=db');
  await menu()
    .getByRole('button', { name: `Rename ${HOSTILE}` })
    .click();
  await menu().getByLabel(`New name of ${HOSTILE}`).fill('the base');
  await page.keyboard.press('Enter');
  await menu().getByText('there is a view the base already').waitFor();
  await menu().getByRole('button', { name: 'Cancel' }).click();
  await menu().getByRole('button', { name: 'Delete the base' }).click();
  await menu().getByRole('button', { name: 'Really? Delete the base' }).click();
  await line('the base').waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
  expect(await menu().getAttribute('open')).toBeNull();
  // The refusal of a name is the one complaint.
  expect(visitor.complaints.filter((complaint) => !complaint.includes('409'))).toEqual([]);
});

test('an editor saves for everybody', async () => {
  const { page } = visitor;
  await page.goto(`${dashboard.url}/containers?sort=-memory`);
  await menu().getByText('Views', { exact: true }).click();
  await menu().getByLabel('for everybody').check();
  await save('by memory');
  await line('by memory').getByText('for everybody').waitFor();
});

test('hosts, alerts and comparisons have views of their own, which the palette finds', async () => {
  const { page } = visitor;
  for (const [path, name, heading] of [
    ['/hosts?q=h1&sort=-cpu', 'first host', 'Hosts'],
    ['/alerts?q=host%3Ah1', 'of the first host', 'Alerts'],
    ['/compare?series=node-h1&last=1h', 'one host', 'Compare'],
  ] as const) {
    await page.goto(`${dashboard.url}${path}`);
    await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
    await menu().getByText('Views', { exact: true }).click();
    await menu().getByText('No view is saved yet.').waitFor();
    await save(name);
    await page.goto(dashboard.url);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: /Go to/ }).fill(name);
    await page.getByRole('option', { name: `${name} view`, exact: true }).click();
    await page.waitForURL(`${dashboard.url}${path}`);
  }
});

test('the hosts on the screen are exported, in their order', async () => {
  await using other = await dashboard.agent('=h2', []);
  const { page } = visitor;
  await page.goto(`${dashboard.url}/hosts?sort=-name`);
  await page.getByRole('link', { name: '=h2' }).waitFor();
  await page.getByText('Export', { exact: true }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'CSV' }).click();
  const [header = '', ...lines] = (await readFile(await (await download).path(), 'utf8')).trim().split('\r\n');
  const at = header.split(',').indexOf('name');
  // In order of names as people read them; a name that starts a formula is a text.
  expect(lines.map((line) => line.split(',')[at]).sort()).toEqual(["'=h2", 'h1']);
  expect(header).toContain('memoryUsedBytes');
  await other.stop();
});

test.each(Object.entries(LOOKS))('%s: menu and palette are whole and accessible', async (look, options) => {
  await using other = await openPage(browser, options);
  const { page } = other;
  await logIn(page, await dashboard.newLoginUrl());
  await page.goto(`${dashboard.url}/containers?sort=-memory`);
  await page.locator('.spark-value', { hasText: '%' }).first().waitFor();
  await page.locator('details.views summary').click();
  await page.locator('details.views li', { hasText: 'by memory' }).waitFor();
  await page
    .locator('details.views')
    .getByRole('button', { name: `Rename ${HOSTILE}` })
    .click();
  await judge(page, `${look}-views`, false);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: /Go to/ }).fill('by m');
  await page.getByRole('option', { name: 'by memory shared view' }).waitFor();
  await judge(page, `${look}-views-palette`, false);
});
