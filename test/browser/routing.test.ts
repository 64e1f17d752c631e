import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, logIn, openPage, startDashboard, type TestDashboard } from './harness.ts';
import { judge, LOOKS } from './judge.ts';

const NOTIFY = `
receivers:
  - name: ops
    channels: [{ type: webhook, name: ops-hook, url: 'https://ops.example/hook' }]
  - name: shop
    channels: [{ type: webhook, name: shop-hook, url: 'https://shop.example/hook' }]
  - { name: nobody, channels: [] }
route:
  receiver: ops
  routes:
    - { matchers: ['severity="info"'], receiver: nobody }
    - { matchers: ['project="shop"'], receiver: shop, groupBy: ['...'], continue: true, muteTimeIntervals: [nights] }
    - matchers: ['severity="critical"']
      repeatInterval: 1h
      routes: [{ matchers: ['host=~"db.*"'], receiver: ops, groupBy: [] }]
timeIntervals:
  - { name: nights, timeIntervals: [{ times: [{ start: '22:00', end: '24:00' }], location: Europe/Berlin }] }
`;

let browser: Browser;
let dashboard: TestDashboard;
const resources = new AsyncDisposableStack();

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-notify-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'notify.yaml'), NOTIFY);
  dashboard = resources.use(await startDashboard('--notify', join(folder, 'notify.yaml')));
  browser = await launchBrowser();
  resources.defer(() => browser.close());
});

afterAll(async () => {
  await resources.disposeAsync();
});

test('who gets what is a table, and an alert’s way is shown in it', async () => {
  await using visitor = await openPage(browser);
  const { page, complaints } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  await page.goto(`${dashboard.url}/alerts/delivery`);
  const routes = page.getByRole('region', { name: 'Routes' });
  await routes.getByRole('row').nth(5).waitFor();
  const cells = async (row: number): Promise<string[]> =>
    (await routes.getByRole('row').nth(row).locator('th, td').allInnerTexts()).map((text) =>
      text.replaceAll('\u00a0', ' '),
    );
  const told = 'after 30 s, then each 5 min, the same again after 4 h';
  expect(await cells(1)).toEqual(['all that no route below takes', 'ops-hook', 'alertname, host', told, '']);
  expect(await cells(2)).toEqual(['↳ severity="info"', 'nobody (nobody)', 'alertname, host', told, '']);
  expect(await cells(3)).toEqual([
    '↳ project="shop"',
    'shop-hook and on to the next route',
    'each alert by itself',
    told,
    'not in nights',
  ]);
  expect((await cells(5))[0]).toMatch(/^\s*↳ host=~"db\.\*"$/);
  expect((await cells(5)).slice(1, 4)).toEqual(['ops-hook', 'all in one', told.replace('4 h', '1 h')]);

  const form = page.getByRole('form', { name: 'Where an alert would go' });
  const ask = async (labels: string): Promise<void> => {
    await form.getByLabel('Where would an alert go with').fill(labels);
    await form.getByRole('button', { name: 'Show' }).click();
  };
  const hits = (): Promise<number> => routes.locator('tr.hit').count();
  await ask('project="shop"\nseverity="critical"\nhost="db1"');
  await page.getByText('It would go to shop-hook, ops-hook, by project="shop" and host=~"db.*".').waitFor();
  expect(await hits()).toBe(2);
  await ask('severity="info"');
  await page.getByText('Nobody would be told, by severity="info".').waitFor();
  await ask('alertname=~"x"');
  await page.getByText('alertname: expected a label of one alert').waitFor();
  expect(await hits()).toBe(0);
  expect(complaints).toEqual([]);
});

test.each(Object.entries(LOOKS))(
  '%s: routes and mute windows are whole, accessible and fit the page',
  async (look, options) => {
    await using visitor = await openPage(browser, options);
    const { page } = visitor;
    await logIn(page, await dashboard.newLoginUrl());
    for (const [path, text] of [
      ['alerts/delivery', 'Who gets what'],
      ['alerts/silences', '22:00–24:00, Europe/Berlin'],
    ] as const) {
      await page.goto(`${dashboard.url}/${path}`);
      await page.getByText(text).waitFor();
      await judge(page, `${look}-${path.replace('/', '-')}-of-a-file`);
    }
  },
);
