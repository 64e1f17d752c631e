import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentFeeder } from '../support/agent-feeder.ts';
import { launchBrowser, logIn, openPage, startDashboard, type TestDashboard } from './harness.ts';
import { graveFindings, judge, LOOKS, screenshot } from './judge.ts';

const MIB = 2 ** 20;

let browser: Browser;
let dashboard: TestDashboard;
let agents: AgentFeeder[];

beforeAll(async () => {
  dashboard = await startDashboard();
  agents = [];
  for (const host of ['h1', 'h2'])
    agents.push(
      await dashboard.agent(host, [
        {
          name: 'web',
          image: 'docker.io/library/nginx:1.27',
          cpuCores: 0.4,
          cpuLimitCores: 0.5,
          memoryWorkingSetBytes: 100 * MIB,
          memoryLimitBytes: 128 * MIB,
          labels: { team: 'a', 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' },
        },
        { name: 'db', cpuCores: 1.2, blockWriteBytesPerSecond: 3 * MIB, pidsCurrent: 40 },
        { name: '<img src=x onerror=alert(1)>', cpuCores: 0.1 },
      ]),
    );
  browser = await launchBrowser();
});

afterAll(async () => {
  for (const agent of agents) await agent.stop();
  await browser.close();
  await dashboard[Symbol.asyncDispose]();
});

const WEB = 'node-h1/runc/shop/web/1';
const PAGES = {
  host: '/hosts/node-h1',
  container: `/containers/${encodeURIComponent(WEB)}`,
  table: `/containers/${encodeURIComponent(WEB)}?as=table`,
  compare: `/compare?${new URLSearchParams(['node-h1/runc/db', WEB, 'node-h2'].map((line): [string, string] => ['series', line])).toString()}`,
  'compare-nothing': '/compare',
  'no-container': '/containers/nobody%2Frunc%2Fnobody',
} as const;

test.each(Object.entries(LOOKS))(
  '%s: every page with charts is whole, accessible and fits the page',
  async (look, options) => {
    await using visitor = await openPage(browser, options);
    const { page, complaints } = visitor;
    await logIn(page, await dashboard.newLoginUrl());
    for (const [name, path] of Object.entries(PAGES)) {
      await page.goto(`${dashboard.url}${path}`);
      await page.getByText('Live', { exact: true }).waitFor();
      await page
        .locator('[data-chart="cpu"] .legend-now', { hasText: /\d/ })
        .first()
        .or(page.locator('.empty :is(h1, h2)'))
        .waitFor();
      await judge(page, `${look}-${name}`);
    }
    // The page that nobody is on has asked for the history of what nobody knows.
    expect(complaints.filter((complaint) => !complaint.includes('404'))).toEqual([]);
  },
);

test('charts stay readable without the server, and say that they are old', async () => {
  await using visitor = await openPage(browser, { colorScheme: 'dark' });
  const { page } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  await page.goto(`${dashboard.url}${PAGES.container}`);
  await page.locator('[data-chart="cpu"] canvas').waitFor();
  await dashboard.kill();
  await page.locator('[data-banner="lost"]').waitFor();
  await page.locator('main.is-old [data-chart="cpu"] canvas').waitFor();
  expect(await graveFindings(page)).toEqual([]);
  await screenshot(page, 'dark-container-disconnected');
  await dashboard.start();
  await page.locator('[data-banner="lost"]').waitFor({ state: 'detached' });
  await page.locator('[data-chart="cpu"] .legend-now', { hasText: /80/ }).waitFor();
});
