import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { childPid, startDemo, type TestDemo } from '../support/demo.ts';
import { until } from '../support/until.ts';
import { columnTexts, launchBrowser, logIn, openPage, type TestPage } from './harness.ts';

const alertSchema = z.object({ status: z.enum(['firing', 'resolved']), labels: z.record(z.string(), z.string()) });
const payloadSchema = z.object({ version: z.literal('4'), alerts: z.array(alertSchema) });
type Told = z.infer<typeof alertSchema>;

let demo: TestDemo;
let browser: Browser;
let visitor: TestPage;
let receiver: Server;
const told: Told[] = [];

/** The address that the demo prints, with its one-time token. */
const loginUrl = (): string => /http:\S+\/login#token=\S+/.exec(demo.process.stdout())?.[0] ?? '';

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      told.push(...payloadSchema.parse(JSON.parse(Buffer.concat(chunks).toString('utf8'))).alerts);
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  demo = await startDemo('--webhook', `http://127.0.0.1:${port}/hook`);
  browser = await launchBrowser();
  visitor = await openPage(browser);
});

afterAll(async () => {
  await browser.close();
  await demo[Symbol.asyncDispose]();
  receiver.closeAllConnections();
  receiver.close();
});

test('the printed address logs in once, and shows three hosts with their subnets', async () => {
  const { page } = visitor;
  await logIn(page, loginUrl());
  const { hosts } = await demo.state();
  for (const { name, subnet } of hosts) {
    const row = page.locator('.fact-table tbody tr', { hasText: name });
    await row.getByText('live').waitFor();
    await row.getByText(subnet).waitFor();
  }
  await using stranger = await openPage(browser);
  await stranger.page.goto(loginUrl());
  await stranger.page.getByRole('alert').getByText('Not logged in').waitFor();
});

test('fifteen containers, whose numbers move; a filter leaves one host, a click sorts', async () => {
  const { page } = visitor;
  await page.getByRole('link', { name: 'Containers', exact: true }).click();
  const names = page.locator('.container-table .name');
  await until(async () => (await names.count()) === 15, { what: 'fifteen rows' });
  const seen = new Set<string>();
  await until(async () => seen.add((await columnTexts(page, 'memory')).join()).size >= 3, {
    what: 'three different sets of memory values',
  });
  await page.goto(`${page.url()}?q=host:weft-h2`);
  await until(async () => (await names.count()) === 5, { what: 'the five rows of one host' });
  await page.locator('thead .col-name').getByRole('button').click();
  await until(
    async () => {
      const shown = await names.allInnerTexts();
      return shown.length === 5 && shown.join() === shown.toSorted().join() && shown;
    },
    { what: 'the rows in the order of their names' },
  );
});

test('the CPU wave fires on the page, and the webhook hears of it twice: firing, then resolved', async () => {
  const { page } = visitor;
  await page.getByRole('link', { name: /^Alerts/ }).click();
  const of = (status: string): Told | undefined =>
    told.find((alert) => alert.status === status && alert.labels['alertname'] === 'ContainerCpuHigh');
  const firing = await until(() => of('firing'), { what: 'the webhook hears "firing"', timeoutMs: 60_000 });
  expect(firing.labels).toMatchObject({
    alertname: 'ContainerCpuHigh',
    container: 'cpu-wave',
    severity: 'warning',
    host: expect.stringMatching(/^weft-h[123]$/) as string,
  });
  await page
    .getByRole('row', { name: /ContainerCpuHigh/ })
    .first()
    .waitFor();
  const sameAlert = JSON.stringify(firing.labels);
  await until(
    () =>
      told
        .slice(told.indexOf(firing))
        .some(({ status, labels }) => status === 'resolved' && JSON.stringify(labels) === sameAlert),
    { what: 'the webhook hears "resolved" with the same labels', timeoutMs: 60_000 },
  );
  const line = `alert firing: ContainerCpuHigh severity=warning host=${firing.labels['host'] ?? ''} container=cpu-wave`;
  expect(demo.process.stdout()).toContain(line);
});

test('kill -9 of the dashboard: the page says so, and lives again by itself within five seconds', async () => {
  const { page } = visitor;
  await page.getByRole('link', { name: 'Overview', exact: true }).click();
  await page.getByText('Live', { exact: true }).waitFor();
  const before = visitor.complaints.length;
  process.kill(childPid(demo, / dashboard /), 'SIGKILL');
  const banner = page.locator('[data-banner="lost"]');
  await banner.waitFor();
  await banner.waitFor({ state: 'detached', timeout: 5000 });
  await page.getByText('Live', { exact: true }).waitFor();
  await page.locator('.fact-table tbody tr', { hasText: 'weft-h1' }).getByText('live').waitFor();
  // Only failed connections, which the browser logs by itself.
  expect(visitor.complaints.slice(before).filter((text) => !/ERR_CONNECTION_(REFUSED|RESET)/.test(text))).toEqual([]);
  expect(visitor.complaints.slice(0, before)).toEqual([]);
});
