import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { launchBrowser, logIn, openPage, startDashboard, type TestDashboard } from './harness.ts';
import { judge, LOOKS } from './judge.ts';

const RULES = `
rules:
  - { name: CpuHigh, metric: cpuOfLimitRatio, op: '>', threshold: 80%, severity: critical }
  - { name: HostMemory, metric: hostMemoryRatio, op: '>', threshold: 1%, severity: warning }
`;

let browser: Browser;
let dashboard: TestDashboard;
const resources = new AsyncDisposableStack();

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-rules-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'team.yaml'), RULES);
  dashboard = resources.use(await startDashboard('--rules-dir', folder));
  resources.use(await dashboard.agent('h1', [{ name: 'wave', cpuLimitCores: 0.5, cpuCores: 0.48 }]));
  const silent = resources.use(await dashboard.agent('h2', []));
  browser = await launchBrowser();
  resources.defer(() => browser.close());
  await using visitor = await openPage(browser);
  await logIn(visitor.page, dashboard.loginUrl());
  await visitor.page.locator('.attention li', { hasText: 'HostMemory, h2' }).waitFor();
  await silent.stop();
  await visitor.page.locator('.attention').getByText('Host h2 does not report').waitFor();
});

afterAll(async () => {
  await resources.disposeAsync();
});

const line = (page: Page, text: string) => page.locator('.attention li', { hasText: text });

test.each(Object.entries(LOOKS))(
  '%s: what needs attention shows how it came to that, where a value is why',
  async (look, options) => {
    await using visitor = await openPage(browser, options);
    const { page } = visitor;
    await logIn(page, await dashboard.newLoginUrl());
    for (const name of ['CpuHigh, wave on h1', 'HostMemory, h1']) {
      const drawn = line(page, name).locator('.spark-line');
      await until(async () => ((await drawn.getAttribute('d')) ?? '') !== '', { what: `the line of ${name}` });
      expect(await line(page, name).locator('.spark-threshold').getAttribute('d')).toMatch(/^M0 [\d.]+H72$/);
    }
    // Nothing new comes of a host that is silent; that it is has no value.
    await line(page, 'HostMemory, h2').locator('.spark-hatch').waitFor();
    expect(await line(page, 'Host h2 does not report').locator('.sparkline').count()).toBe(0);
    await judge(page, `${look}-attention`, false);
    expect(visitor.complaints).toEqual([]);
  },
);
