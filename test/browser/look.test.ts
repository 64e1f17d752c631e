import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { flannelPresenceKey, type FlannelPresence } from '../../flannel/presence-wire.ts';
import type { AgentFeeder, FedContainer, FedHost } from '../support/agent-feeder.ts';
import { startEtcd, type TestEtcd } from '../support/etcd.ts';
import { until } from '../support/until.ts';
import { launchBrowser, logIn, openPage, startDashboard, type TestDashboard } from './harness.ts';
import { graveFindings, judge, LOOKS, screenshot } from './judge.ts';

const MIB = 2 ** 20;

const VIEWS = [
  'overview',
  'hosts',
  'containers',
  'alerts',
  'alerts/rules',
  'alerts/silences?new=host%3D%22h1%22',
  'alerts/history',
  'alerts/delivery',
  'settings/channels',
  'settings/server',
  'settings/integrations',
  'settings/history',
  'settings/display',
] as const;

/** One nearly full, one with room, one of before. */
const HOSTS: readonly FedHost[] = [
  {
    tags: { zone: 'eu-west-1a', rack: '7' },
    room: {
      swapTotalBytes: 8192 * MIB,
      swapFreeBytes: 7900 * MIB,
      fullestSizeBytes: 512_000 * MIB,
      fullestAvailableBytes: 40_000 * MIB,
      fullestMount: '/var/lib/containers/volumes',
    },
  },
  {
    tags: { zone: 'eu-west-1b', rack: '2' },
    room: {
      swapTotalBytes: 0,
      swapFreeBytes: 0,
      fullestSizeBytes: 512_000 * MIB,
      fullestAvailableBytes: 300_000 * MIB,
      fullestMount: '/',
    },
  },
  {},
];

function containersOf(number: number, nowUnixMs: number): readonly FedContainer[] {
  const image = 'docker.io/library/busybox:1.36';
  const startedAtUnixMs = nowUnixMs - number * 5_000_000;
  return [
    { name: `web-${number}`, image, cpuCores: 0.03 * number, memoryWorkingSetBytes: 18 * MIB, startedAtUnixMs },
    { name: `client-${number}`, image, cpuCores: 0.11, cpuLimitCores: 0.25, startedAtUnixMs },
    { name: `cpu-wave-${number}`, image, cpuCores: 0.47, cpuLimitCores: 0.5, startedAtUnixMs },
    {
      name: `memory-wave-${number}`,
      memoryWorkingSetBytes: 98 * MIB,
      memoryLimitBytes: 128 * MIB,
      startedAtUnixMs: nowUnixMs - 90_000,
    },
    { name: `disk-writer-${number}`, image, runtime: 'crun', blockWriteBytesPerSecond: 7.4 * MIB, pidsCurrent: 3 },
    { name: '<img src=x onerror=alert(1)>', labels: { team: '<b>a</b>' } },
  ];
}

let browser: Browser;
let etcd: TestEtcd;
let dashboard: TestDashboard;
const resources = new AsyncDisposableStack();

async function etcdCall(call: string, body: Readonly<Record<string, string>>): Promise<void> {
  const encoded = Object.entries(body).map(([name, text]) => [name, Buffer.from(text).toString('base64')]);
  const init = { method: 'POST', body: JSON.stringify(Object.fromEntries(encoded)) };
  const answer = await fetch(`${etcd.endpoint}/v3/kv/${call}`, init);
  expect(answer.status).toBe(200);
}

function presence(number: number, nowUnixMs: number): FlannelPresence {
  return {
    v: 1,
    nodeId: `node-h${number}`,
    hostname: `h${number}`,
    version: '0.1.0',
    pid: 4000 + number,
    startedAtUnixMs: nowUnixMs - 600_000,
    publicIp: `192.168.77.${10 + number}`,
    subnet: `10.5.${number * 17}.0/24`,
    backendType: 'vxlan',
    vni: 1,
    vtepMac: `62:4e:97:0a:1b:0${number}`,
    mtu: 1450,
  };
}

beforeAll(async () => {
  etcd = resources.use(await startEtcd());
  dashboard = resources.use(await startDashboard('--etcd-endpoints', etcd.endpoint));
  const nowUnixMs = Date.now();
  const agents: AgentFeeder[] = [];
  for (const number of [1, 2, 3]) {
    const containers = containersOf(number, nowUnixMs);
    const agent = resources.use(await dashboard.agent(`h${number}`, containers, { host: HOSTS[number - 1]! }));
    const key = flannelPresenceKey(`node-h${number}`);
    await etcdCall('put', { key, value: JSON.stringify(presence(number, nowUnixMs)) });
    agents.push(agent);
  }
  browser = await launchBrowser();
  resources.defer(() => browser.close());
  // One host stale, one overlay agent gone, two alerts about to fire: what a bad day looks like.
  await using visitor = await openPage(browser);
  const { page } = visitor;
  await logIn(page, dashboard.loginUrl());
  await page.getByText('10.5.34.0/24').waitFor();
  await page
    .locator('.fact-table tbody tr', { hasText: 'h3' })
    .locator('.usage-value', { hasText: /\d/ })
    .first()
    .waitFor();
  await agents[2]!.stop();
  await etcdCall('deleterange', { key: flannelPresenceKey('node-h2') });
  await page.locator('.attention').getByText('Overlay agent of h2 is gone').waitFor();
  await page.locator('.fact-table tr.is-stale', { hasText: 'h3' }).waitFor({ timeout: 30_000 });
});

afterAll(async () => {
  await resources.disposeAsync();
});

test.each(Object.entries(LOOKS))('%s: every view is whole, accessible and fits the page', async (look, options) => {
  await using visitor = await openPage(browser, options);
  const { page, complaints } = visitor;
  await page.goto(`${dashboard.url}/login`);
  await page.getByLabel('Token').waitFor();
  await judge(page, `${look}-login`);
  await logIn(page, await dashboard.newLoginUrl());
  for (const view of VIEWS) {
    await page.goto(`${dashboard.url}/${view === 'overview' ? '' : view}`);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.locator('main [aria-busy="true"]').waitFor({ state: 'detached' });
    if (view === 'containers') await page.locator('.spark-value', { hasText: '%' }).first().waitFor();
    if (view === 'alerts')
      await page
        .getByText(/pending|firing/)
        .first()
        .waitFor();
    const name = view.replace(/\?.*/, '').replaceAll('/', '-');
    await judge(page, `${look}-${name}`, view !== 'containers');
  }
  expect(complaints).toEqual([]);
});

test.each(Object.entries(LOOKS))('%s: the form of a rule is whole, accessible and fits', async (look, options) => {
  await using visitor = await openPage(browser, options);
  const { page } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  await page.goto(`${dashboard.url}/alerts/rules`);
  await page.getByRole('button', { name: 'New rule' }).click();
  await page.getByLabel('Name').fill('not a name');
  for (const one of ['a condition', 'an annotation', 'a label'])
    await page.getByRole('button', { name: `Add ${one}` }).click();
  await page.locator('.field-fault').first().waitFor();
  await judge(page, `${look}-alerts-rule-form`);
});

test('a chosen theme is there before the first paint and survives', async () => {
  await using visitor = await openPage(browser, { colorScheme: 'light' });
  const { page } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  const ground = async (): Promise<unknown> =>
    await page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
  const light = await ground();
  const button = page.getByRole('button', { name: 'Theme: auto' });
  await button.click();
  await page.getByRole('button', { name: 'Theme: light' }).click();
  await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
  const dark = await ground();
  expect(dark).not.toBe(light);
  // The script that decides runs before the page's own, which is kept away here.
  await page.route('**/assets/*.js', (route) => route.abort());
  await page.reload({ waitUntil: 'domcontentloaded' });
  expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
  expect(await ground()).toBe(dark);
});

test('a page without its server says so in both themes', async () => {
  await using visitor = await openPage(browser, { colorScheme: 'dark' });
  const { page } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  await page.goto(`${dashboard.url}/containers`);
  await page.locator('.spark-value', { hasText: '%' }).first().waitFor();
  await dashboard.kill();
  await page.locator('[data-banner="lost"]').waitFor();
  await until(async () => /[3-9]\s?s old/.test(await page.locator('.banner').innerText()), { what: 'the age grows' });
  await screenshot(page, 'dark-disconnected', false);
  expect(await graveFindings(page)).toEqual([]);
  await dashboard.start();
  await page.locator('[data-banner="lost"]').waitFor({ state: 'detached' });
});
