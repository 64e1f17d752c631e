import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { launchBrowser, logIn, openPage, startDashboard, type TestDashboard, type TestPage } from './harness.ts';
import { judge, LOOKS } from './judge.ts';

const GIB = 2 ** 30;
const HOSTILE = '/srv/<img src=x onerror=alert(1)>';

const room = (fullestMount: string, usedRatio: number, swapUsedGib: number) => ({
  swapTotalBytes: 4 * GIB,
  swapFreeBytes: (4 - swapUsedGib) * GIB,
  fullestSizeBytes: 100 * GIB,
  fullestAvailableBytes: 100 * GIB * (1 - usedRatio),
  fullestMount,
});

let browser: Browser;
let dashboard: TestDashboard;
let visitor: TestPage;
const resources = new AsyncDisposableStack();

beforeAll(async () => {
  dashboard = resources.use(await startDashboard());
  const load = (cpuCores: number) => [{ name: 'web', cpuCores }];
  for (const [name, cpuCores, host] of [
    ['h1', 0.5, { tags: { zone: 'a', rack: '1' }, room: room('/var/lib', 0.95, 1) }],
    ['h2', 2, { tags: { zone: 'b' }, room: room(HOSTILE, 0.42, 3), bootTimeUnixMs: Date.now() - 3 * 86_400_000 }],
    ['h3', 1, { tags: { zone: 'a' }, room: { ...room('/', 0.75, 0), swapTotalBytes: 0, swapFreeBytes: 0 } }],
    // Of before: tells neither swap nor file systems, and has no tag.
    ['old', 3, {}],
  ] as const)
    resources.use(await dashboard.agent(name, load(cpuCores), { host }));
  browser = await launchBrowser();
  resources.defer(() => browser.close());
  visitor = resources.use(await openPage(browser));
  await logIn(visitor.page, dashboard.loginUrl());
});

afterAll(async () => {
  await resources.disposeAsync();
});

async function open(page: Page, query = ''): Promise<void> {
  await page.goto(`${dashboard.url}/hosts${query}`);
  await page.locator('.host-table .usage-value', { hasText: /\d/ }).first().waitFor();
}

const names = async (page: Page): Promise<string[]> =>
  (await page.locator('.host-table tbody th a').allInnerTexts()).map((name) => name.trim());

async function untilNames(want: readonly string[]): Promise<void> {
  await until(async () => (await names(visitor.page)).join(' ') === want.join(' '), {
    what: `the hosts are ${want.join(' ')}`,
  });
}

/** The text of a host's cell in one column, by the column's header. */
async function cellText(host: string, header: string): Promise<string> {
  const { page } = visitor;
  const headers = await page.locator('.host-table thead th').allInnerTexts();
  const at = headers.findIndex((text) => text.startsWith(header));
  const row = page.locator('.host-table tbody tr', { has: page.getByRole('link', { name: host, exact: true }) });
  return (await row.locator(':scope > *').nth(at).innerText()).replaceAll(/\s+/g, ' ');
}

test('swap and the fullest mount are told, and what an agent of before does not tell is unknown', async () => {
  const { page } = visitor;
  await open(page);
  await until(async () => (await cellText('h1', 'Swap')) === '1.00 / 4', { what: 'the swap of h1' });
  expect(await cellText('h1', 'Fullest mount')).toBe('95.0 % /var/lib');
  expect(await cellText('h2', 'Fullest mount')).toBe(`42.0 % ${HOSTILE}`);
  expect(await cellText('h3', 'Swap')).toBe('none');
  expect(await cellText('old', 'Swap')).toBe('—');
  expect(await cellText('old', 'Fullest mount')).toBe('—');
  expect(await page.locator('.host-table img').count()).toBe(0);
  expect(visitor.complaints).toEqual([]);
});

test.each([
  { header: 'Swap', largest: ['h2', 'h1', 'h3', 'old'], least: ['h1', 'h2', 'h3', 'old'] },
  { header: 'Fullest mount', largest: ['h1', 'h3', 'h2', 'old'], least: ['h2', 'h3', 'h1', 'old'] },
])('sorted by $header, who does not tell is last either way', async ({ header, largest, least }) => {
  const { page } = visitor;
  await open(page);
  const button = page.locator('.host-table thead').getByRole('button', { name: header });
  await button.click();
  await untilNames(largest);
  await button.click();
  await untilNames(least);
});

test('CPU and memory have lines, with the minutes before the page was opened', async () => {
  const { page } = visitor;
  await open(page);
  const lines = page.locator('.host-table .sparkline .spark-line');
  await until(
    async () => (await lines.evaluateAll((all) => all.map((line) => line.getAttribute('d')))).every(Boolean),
    {
      what: 'every host has two lines',
    },
  );
  expect(await lines.count()).toBe(8);
});

test('columns are chosen, kept by the address, and part of a saved view', async () => {
  const { page } = visitor;
  await open(page);
  const headers = () =>
    page
      .locator('.host-table thead th .sort-button')
      .evaluateAll((all) => all.map((each) => each.firstChild?.textContent));
  await page.getByText('Columns', { exact: true }).click();
  await page.getByLabel('Overlay subnet').uncheck();
  await page.getByLabel('Uptime').check();
  await page.getByLabel('Labels').check();
  const url = new URL(page.url());
  expect(url.searchParams.get('cols')).toContain('uptime');
  await page.reload();
  await page.locator('.host-table tbody tr').first().waitFor();
  expect(await headers()).toEqual([
    'Host',
    'State',
    'Labels',
    'Alerts',
    'Containers',
    'CPU',
    'Load',
    'Memory',
    'Swap',
    'Fullest mount',
    'Disk',
    'Network',
    'Uptime',
  ]);
  expect(await cellText('h2', 'Uptime')).toBe('3 d');
  expect(await cellText('h1', 'Labels')).toBe('rack=1 zone=a');
  await page.locator('details.views summary').click();
  await page.getByLabel('Save what is shown as').fill('uptimes');
  await page.locator('details.views').getByRole('button', { name: 'Save', exact: true }).click();
  await page.locator('details.views li', { hasText: 'uptimes' }).getByText('shown').waitFor();
  await open(page);
  expect(await headers()).not.toContain('Uptime');
  await page.locator('details.views summary').click();
  await page.locator('details.views').getByRole('link', { name: 'uptimes' }).click();
  await until(async () => (await headers()).includes('Uptime'), { what: 'the saved columns' });
  await page.getByText('Columns', { exact: true }).click();
  await page.getByRole('button', { name: 'The usual ones' }).click();
  await until(async () => (await headers()).length === 12, { what: 'the usual columns' });
});

test('hosts are gathered by a label, with what they make together', async () => {
  const { page } = visitor;
  await open(page, '?sort=name');
  await page.getByLabel('Group by').selectOption('label:zone');
  const groups = page.locator('.host-table .group-row');
  await until(async () => (await groups.count()) === 3, { what: 'three groups' });
  expect(await page.locator('.host-table .group-name').allInnerTexts()).toEqual(['a', 'b', 'none']);
  expect(await names(page)).toEqual([]);
  expect(await groups.first().innerText()).toMatch(/2 hosts[\s\S]*\/ 8[\s\S]*95\.0\s%/);
  await page.getByRole('button', { name: /^a 2 hosts/ }).click();
  await untilNames(['h1', 'h3']);
  expect(new URL(page.url()).searchParams.get('group')).toBe('label:zone');
  await page.reload();
  await until(async () => (await groups.count()) === 3, { what: 'the groups are kept by the address' });
  await page.getByLabel('Group by').selectOption('');
  await untilNames(['h1', 'h2', 'h3', 'old']);
});

test('a label leads to the hosts that have it, and a filter without a host says which term is to blame', async () => {
  const { page } = visitor;
  await page.goto(`${dashboard.url}/hosts?cols=labels`);
  await page.getByRole('link', { name: 'zone=a' }).first().click();
  await untilNames(['h1', 'h3']);
  await page.getByLabel('Filter hosts').fill('label:zone=a host:old');
  await page.getByText('No host matches').waitFor();
  await page.getByText(/Without label:zone=a there would be 1 host|Without host:old there would be 2 hosts/).waitFor();
  await page.getByRole('button', { name: 'Leave it out' }).click();
  await page.locator('.host-table tbody tr').first().waitFor();
});

test.each(Object.entries(LOOKS))('%s: plain, grouped and cut off, each whole and accessible', async (look, options) => {
  await using own = await startDashboard();
  await using other = await openPage(browser, options);
  const { page } = other;
  await logIn(page, own.loginUrl());
  await page.goto(`${own.url}/hosts`);
  await page.getByText('No agent has reported yet').waitFor();
  await judge(page, `${look}-hosts-none`, false);
  await using agent = await own.agent('h1', [{ name: 'web', cpuCores: 1 }], {
    host: { tags: { zone: 'a' }, room: room('/var/lib/docker/volumes', 0.93, 1) },
  });
  await using silent = await own.agent('h2', [{ name: 'db', cpuCores: 2 }], {
    host: { tags: { zone: 'b' }, room: room('/', 0.4, 2) },
  });
  await page.getByText('93.0 %').waitFor();
  await silent.stop();
  await page.getByText(/stale 1\d\ss/).waitFor();
  await judge(page, `${look}-hosts-page`, false);
  await page.getByLabel('Group by').selectOption('label:zone');
  await page.getByRole('button', { name: /^a 1 host/ }).click();
  await page.getByRole('link', { name: 'h1', exact: true }).waitFor();
  await judge(page, `${look}-hosts-grouped`, false);
  await own.kill();
  await page.locator('[data-banner="lost"]').waitFor();
  await judge(page, `${look}-hosts-lost`, false);
  expect(await page.locator('main').getAttribute('class')).toBe('is-old');
  await page.getByRole('link', { name: 'h1', exact: true }).waitFor();
  await agent.stop();
});
