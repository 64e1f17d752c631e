import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentFeeder, FedContainer } from '../support/agent-feeder.ts';
import { until } from '../support/until.ts';
import { launchBrowser, logIn, openPage, startDashboard, type TestDashboard, type TestPage } from './harness.ts';
import { judge, LOOKS } from './judge.ts';

const HOSTILE = '<img src=x onerror=alert(1)>';

function webOf(replica: number): FedContainer {
  const labels = {
    'com.docker.compose.project': 'shop',
    'com.docker.compose.service': 'web',
    'com.docker.compose.container-number': String(replica),
  };
  return { name: `shop-web-${replica}`, runtime: 'docker', labels, startedAtUnixMs: Date.now() - 300_000 };
}

const LINE = 'node-h1/docker/shop/web/1';

let browser: Browser;
let dashboard: TestDashboard;
let first: AgentFeeder;
let visitor: TestPage;
const resources = new AsyncDisposableStack();

beforeAll(async () => {
  dashboard = resources.use(await startDashboard());
  browser = await launchBrowser();
  resources.defer(() => browser.close());
  visitor = resources.use(await openPage(browser));
  await logIn(visitor.page, dashboard.loginUrl());
});

afterAll(async () => {
  await resources.disposeAsync();
});

const event = (words: RegExp) => visitor.page.locator('.ribbon li', { hasText: words });

test('the overview tells what happened in the last hour, each line a link', async () => {
  const { page } = visitor;
  expect(await page.locator('.ribbon').count()).toBe(0);
  const silent = resources.use(await dashboard.agent('h0', []));
  await page.getByText('Nothing started, ended or fired in the last hour').waitFor();
  await silent.stop();
  first = resources.use(await dashboard.agent('h1', [webOf(1), { name: HOSTILE }]));
  const second = resources.use(await dashboard.agent('h2', [webOf(2)]));
  await event(/shop-web-1 started/).waitFor();
  await event(/onerror=alert\(1\)> started/).waitFor();
  second.end('shop-web-2', { exitCode: 137, oomKilled: true, ranForMs: 300_000 });
  await event(/shop-web-2 ended with 137 \(SIGKILL\), for its memory, after 5\smin/).waitFor();
  await event(/shop-web-2 killed for its memory/).waitFor();
  // The starter rule on kills for memory fires at once.
  await event(/ContainerOOM fired/).waitFor({ timeout: 30_000 });
  await until(
    async () =>
      /last hour: .*started, 1 ended, 1 killed/.test((await page.locator('.ribbon svg').getAttribute('aria-label'))!),
    { what: 'the hour in a sentence' },
  );
  for (const link of await page.locator('.ribbon-what a').all())
    expect(await link.getAttribute('href')).toMatch(/^\/[ac]/);
  await event(/shop-web-2 ended/)
    .getByRole('link', { name: /ended/ })
    .click();
  await page.getByRole('heading', { name: 'shop-web-2', level: 1 }).waitFor();
  expect(visitor.complaints).toEqual([]);
});

test('the page of a container tells how the last ones of its service ended', async () => {
  const { page } = visitor;
  await page.goto(`${dashboard.url}/containers/${encodeURIComponent(LINE)}`);
  const rows = page.getByRole('region', { name: 'Last ends' }).locator('tbody tr');
  // The other replica's.
  await rows.filter({ hasText: '137 (SIGKILL)' }).getByRole('link', { name: 'shop-web-2 on h2' }).waitFor();
  first.end('shop-web-1', { exitCode: 0, oomKilled: false, ranForMs: 61_000 });
  await page.getByText('not running').waitFor();
  await until(async () => (await rows.count()) === 2, { what: 'its own end' });
  expect(await rows.first().locator('td').allInnerTexts()).toEqual([
    expect.stringMatching(/^\d+\ss$/),
    'this one',
    '0',
    'no',
    expect.stringMatching(/^1\smin\s1\ss$/),
  ]);
  await page.getByText(/ended with 0, after 1\smin/).waitFor();
  first.setContainers([webOf(1), { name: HOSTILE }]);
  await page.getByText('not running').waitFor({ state: 'detached' });
  await page.getByRole('cell', { name: '-shop-web-1 restarted' }).waitFor();
  await page.goto(`${dashboard.url}/containers/${encodeURIComponent('node-h1/runc/' + HOSTILE)}`);
  await page.getByText('No end of it was seen since').waitFor();
  expect(visitor.complaints).toEqual([]);
});

test('the page of a host tells what happened there, to its containers too', async () => {
  const { page } = visitor;
  await page.goto(`${dashboard.url}/hosts/node-h2`);
  await page.locator('.charts canvas').first().waitFor();
  const events = page.getByRole('region', { name: 'Events' });
  await events.getByRole('link', { name: /shop-web-2 ended with 137 \(SIGKILL\)/ }).waitFor();
  await events.getByRole('link', { name: /shop-web-2: ContainerOOM fired/ }).waitFor();
  expect(await events.getByText('shop-web-1').count()).toBe(0);
});

/** The stretch in the address, in seconds. */
function secondsInAddress(): number {
  const { searchParams } = new URL(visitor.page.url());
  return (Date.parse(searchParams.get('to') ?? '') - Date.parse(searchParams.get('from') ?? '')) / 1000;
}

test('dragging over the ribbon shows a stretch of time alone, as on a chart', async () => {
  const { page } = visitor;
  await page.goto(dashboard.url);
  await event(/shop-web-2 ended/).waitFor();
  const brush = page.getByRole('slider', { name: /Time of the events/ });
  const box = (await brush.boundingBox())!;
  const y = box.y + box.height / 2;
  // A click is no drag.
  await page.mouse.click(box.x + box.width * 0.3, y);
  await page.mouse.move(box.x + box.width * 0.5, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, y, { steps: 5 });
  await page.locator('.ribbon-drawn').waitFor({ state: 'attached' });
  await page.mouse.up();
  await page.waitForURL(/from=.*&to=/);
  // A quarter of an hour that was half an hour ago.
  expect(secondsInAddress()).toBeGreaterThan(14 * 60);
  expect(secondsInAddress()).toBeLessThan(16 * 60);
  await page.getByText('Nothing started, ended or fired in this time').waitFor();
  await brush.dblclick();
  await event(/shop-web-2 ended/).waitFor();
  expect(new URL(page.url()).search).toBe('');
});

test('the keys do the same, and what is found leads to that time', async () => {
  const { page } = visitor;
  await page.goto(dashboard.url);
  await event(/shop-web-2 ended/).waitFor();
  const brush = page.getByRole('slider', { name: /Time of the events/ });
  await brush.focus();
  await page.keyboard.press('Shift+PageDown');
  expect(await brush.getAttribute('aria-valuetext')).toMatch(/^\d\d:\d\d:\d\d to \d\d:\d\d:\d\d$/);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Enter');
  expect(new URL(page.url()).search).toBe('');
  await page.keyboard.press('Shift+PageDown');
  await page.keyboard.press('Enter');
  await page.waitForURL(/from=.*&to=/);
  expect(secondsInAddress()).toBeGreaterThan(9 * 60);
  await event(/shop-web-2 ended/).waitFor();
  const { search } = new URL(page.url());
  for (const name of [/shop-web-2 ended/, 'h2'])
    expect(
      await event(/shop-web-2 ended/)
        .getByRole('link', { name, exact: true })
        .getAttribute('href'),
    ).toContain(search);
  await page.keyboard.press('l');
  await page.getByText('1 h ago').waitFor();
  await page.goBack();
  await page.getByRole('button', { name: 'Back to the last hour' }).click();
  await page.getByText('1 h ago').waitFor();
  expect(visitor.complaints).toEqual([]);
});

test.each(Object.entries(LOOKS))('%s: both are whole and accessible', async (look, options) => {
  await using other = await openPage(browser, options);
  const { page } = other;
  await logIn(page, await dashboard.newLoginUrl());
  await page.locator('.ribbon li').first().waitFor();
  await judge(page, `${look}-events`);
  const brush = page.getByRole('slider', { name: /Time of the events/ });
  await brush.focus();
  await page.keyboard.press('Shift+PageDown');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Back to the last hour' }).waitFor();
  await brush.focus();
  await page.keyboard.press('Shift+PageDown');
  await judge(page, `${look}-events-of-a-stretch`);
  await page.goto(`${dashboard.url}/containers/${encodeURIComponent(LINE)}`);
  await page.getByText('137 (SIGKILL)').first().waitFor();
  await judge(page, `${look}-last-ends`);
});
