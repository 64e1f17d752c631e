import { expect, test } from 'vitest';
import type { FedContainer } from '../support/agent-feeder.ts';
import { until } from '../support/until.ts';
import { launchBrowser, logIn, openPage, startDashboard } from './harness.ts';

const HOSTS = 16;
const CONTAINERS_PER_HOST = 320;
const TOTAL = HOSTS * CONTAINERS_PER_HOST;

const host = (number: number): readonly FedContainer[] =>
  Array.from({ length: CONTAINERS_PER_HOST }, (_, index) => ({
    name: `c-${number}-${index}`,
    image: 'docker.io/library/busybox:1.36',
    cpuCores: ((index * 7 + number) % 100) / 400,
    memoryWorkingSetBytes: (index + 1) * 2 ** 20,
    memoryLimitBytes: 512 * 2 ** 20,
  }));

test('five thousand containers: few rows in the document, all of them reachable, no second lost', async () => {
  await using resources = new AsyncDisposableStack();
  const dashboard = resources.use(await startDashboard());
  for (let number = 1; number <= HOSTS; number += 1) {
    resources.use(await dashboard.agent(`h${number}`, host(number)));
  }
  const browser = await launchBrowser();
  resources.defer(() => browser.close());
  const { page, complaints } = resources.use(await openPage(browser));
  await logIn(page, dashboard.loginUrl());
  await page.goto(`${dashboard.url}/containers?sort=name`);
  await page.locator(`.container-table[aria-rowcount="${TOTAL + 1}"]`).waitFor();
  const rows = page.locator('.container-table tbody tr:not(.spacer)');
  await until(async () => (await rows.first().innerText()).includes('%'), { what: 'values arrive' });
  const fewRows = async (): Promise<void> => {
    const count = await rows.count();
    expect(count).toBeGreaterThan(15);
    expect(count).toBeLessThan(100);
  };
  await fewRows();

  // The whole way down: every container has its place, and none is left out between two windows.
  const seen = new Set<string>();
  await until(
    async () => {
      for (const name of await page.locator('.container-table .name').allInnerTexts()) seen.add(name);
      await page.evaluate(
        "(({ scrollTop, clientHeight }) => document.querySelector('.container-region').scrollTo(0, scrollTop + clientHeight))(document.querySelector('.container-region'))",
      );
      return seen.size === TOTAL;
    },
    { what: `all ${TOTAL} containers were shown`, timeoutMs: 60_000, everyMs: 0 },
  );
  await fewRows();
  await page.getByText(`c-16-${CONTAINERS_PER_HOST - 1}`, { exact: true }).waitFor();

  await page.getByLabel('Filter containers').fill('host:h7 mem>200MiB');
  await page.getByText(`120 of ${TOTAL.toLocaleString('en')}`).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  expect(complaints).toEqual([]);
});
