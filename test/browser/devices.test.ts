import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentFeeder, FedContainer } from '../support/agent-feeder.ts';
import {
  launchBrowser,
  leadingNumber,
  logIn,
  openPage,
  startDashboard,
  type TestDashboard,
  type TestPage,
} from './harness.ts';
import { judge, LOOKS } from './judge.ts';

const HOSTILE = '<img src=x onerror=alert(1)>';
const KIB = 2 ** 10;

const eth = (name: string, ifindex: number, bytes: number) => ({
  name,
  ifindex,
  receiveBytes: bytes,
  transmitBytes: bytes / 4,
  receivePackets: bytes / 1000,
  transmitPackets: bytes / 2000,
  receiveErrors: 0,
  receiveDropped: 12,
  transmitDropped: 3,
});

const CONTAINERS: readonly FedContainer[] = [
  {
    name: 'web',
    network: 'shared',
    netnsInode: 42,
    devices: (seconds) => ({
      interfaces: [eth('eth0', 2, 300 * KIB * seconds), eth('wg0', 3, 20 * KIB * seconds), eth(HOSTILE, 4, 0)],
      blockDevices: [{ name: '/dev/vda', readBytes: 0, writeBytes: 2048 * KIB * seconds }],
    }),
  },
  { name: HOSTILE, network: 'shared', netnsInode: 42 },
  { name: 'edge', network: 'host', devices: () => ({ blockDevices: [] }) },
  { name: 'alone', network: 'own', devices: () => ({ interfaces: [] }) },
];

const pageOf = (name: string, host = 'h1'): string =>
  `${dashboard.url}/containers/${encodeURIComponent(`node-${host}/runc/${name}`)}`;

let browser: Browser;
let dashboard: TestDashboard;
let agent: AgentFeeder;
let visitor: TestPage;
const resources = new AsyncDisposableStack();

beforeAll(async () => {
  dashboard = resources.use(await startDashboard());
  agent = resources.use(await dashboard.agent('h1', CONTAINERS));
  resources.use(await dashboard.agent('h2', [{ name: 'old', network: 'own' }]));
  browser = await launchBrowser();
  resources.defer(() => browser.close());
  visitor = resources.use(await openPage(browser));
  await logIn(visitor.page, dashboard.loginUrl());
});

afterAll(async () => {
  await resources.disposeAsync();
});

test('the page of a container has a row for each interface and each disk, live', async () => {
  const { page } = visitor;
  await page.goto(pageOf('web'));
  const network = page.getByRole('region', { name: 'Network by interface' }).locator('tbody tr');
  await network.nth(2).waitFor();
  expect(await network.getByRole('rowheader').allInnerTexts()).toEqual(['eth0', 'wg0', HOSTILE]);
  const cells = network.first().locator('td');
  await cells.first().filter({ hasText: /\d/ }).waitFor();
  const [received, sent, ...others] = await cells.allInnerTexts();
  expect(leadingNumber(received!) / leadingNumber(sent!)).toBeCloseTo(4, 1);
  expect(others.slice(2)).toEqual(['0 / —', '12 / 3']);
  const disks = page.getByRole('region', { name: 'Disk IO by device' }).locator('tbody tr');
  await disks.filter({ hasText: '/dev/vda' }).locator('td').nth(1).filter({ hasText: /\d/ }).waitFor();
  await page.getByText('The network is shared with').getByRole('link', { name: HOSTILE }).waitFor();
  expect(visitor.complaints).toEqual([]);
});

test.each(Object.entries(LOOKS))('%s: both tables are whole and accessible', async (look, options) => {
  await using other = await openPage(browser, options);
  const { page } = other;
  await logIn(page, await dashboard.newLoginUrl());
  await page.goto(pageOf('web'));
  await page.getByText('wg0').waitFor();
  await judge(page, `${look}-devices`);
});

test.each([
  { name: 'edge', host: 'h1', words: ['not attributable', 'wrote to none'] },
  { name: 'alone', host: 'h1', words: ['no interface but loopback', 'does not count block IO'] },
  { name: 'old', host: 'h2', words: ['The agent on h2 (0.1.0) does not tell', 'does not tell'] },
])('$name: what is not there is said', async ({ name, host, words }) => {
  const { page } = visitor;
  await page.goto(pageOf(name, host));
  for (const each of words) await page.locator('.quiet-line', { hasText: each }).first().waitFor();
});

test('an agent that falls silent leaves its last numbers, with their age', async () => {
  const { page } = visitor;
  await page.goto(pageOf('web'));
  await page.getByText('wg0').waitFor();
  await agent.stop();
  await page
    .getByText(/^as of .* ago$/)
    .first()
    .waitFor();
  await page.locator('tr.is-stale', { hasText: 'eth0' }).waitFor();
});
