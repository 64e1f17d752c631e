import type { Page } from 'playwright-core';
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

interface Positions {
  /** Row number, from 1, at the upper and lower edge of what is in sight. */
  readonly top: number;
  readonly bottom: number;
  readonly drawn: readonly number[];
}

/** Scrolls to a share of the way down and tells which rows should be in sight and which exist. */
async function scrollTo(page: Page, share: number): Promise<Positions> {
  return await page.evaluate(`(() => {
    const region = document.querySelector('.container-region');
    const body = region.querySelector('tbody');
    region.scrollTop = ${share} * (region.scrollHeight - region.clientHeight);
    const rows = [...body.querySelectorAll('tr:not(.spacer)')];
    const height = rows[0].offsetHeight;
    const shown = region.clientHeight - region.querySelector('thead').offsetHeight;
    return {
      top: Math.floor(region.scrollTop / height) + 1,
      bottom: Math.min(${TOTAL}, Math.ceil((region.scrollTop + shown) / height)),
      drawn: rows.map((row) => Number(row.ariaRowIndex ?? row.getAttribute('aria-rowindex')) - 1),
    };
  })()`);
}

function positionsAreWhole({ top, bottom, drawn }: Positions): boolean {
  const isContiguous = drawn.every((position, index) => index === 0 || position === drawn[index - 1]! + 1);
  return isContiguous && drawn[0]! <= top && drawn.at(-1)! >= bottom;
}

test('five thousand containers: few rows in the document, and each in its place', async () => {
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

  // Wherever the table is scrolled to, the rows that belong there are there, one after the other.
  for (const share of [0, 0.07, 0.31, 0.5, 0.501, 0.74, 0.93, 1]) {
    await until(async () => positionsAreWhole(await scrollTo(page, share)), {
      what: `the rows at ${share} of the way are whole`,
    });
  }
  await fewRows();
  await page.getByText(`c-16-${CONTAINERS_PER_HOST - 1}`, { exact: true }).waitFor();

  await page.getByLabel('Filter containers').fill('host:h7 mem>200MiB');
  await page.getByText(`120 of ${TOTAL.toLocaleString('en')}`).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  expect(complaints).toEqual([]);
});
