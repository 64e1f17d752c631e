import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, logIn, openPage, startDashboard, type TestDashboard } from './harness.ts';

/** Each would run, or break out of where it is shown, if it were taken for anything but text. */
const HOSTILE = [
  '<img src=x onerror="document.title=\'owned\'">',
  '"><svg onload=alert(1)>',
  "'-alert(1)-'",
  'javascript:alert(1)',
  '</script><script>alert(1)</script>',
  '{{constructor.constructor("alert(1)")()}}',
  '<a href="javascript:alert(1)">x</a>',
  '\u202Egnp.exe',
] as const;

let browser: Browser;
let dashboard: TestDashboard;
const resources = new AsyncDisposableStack();

beforeAll(async () => {
  dashboard = resources.use(await startDashboard('--group-wait', '0s'));
  const containers = HOSTILE.map((text, index) => ({
    name: text,
    image: `${text}:${text}`,
    runtime: text.slice(0, 20),
    labels: {
      [text]: text,
      'com.docker.compose.project': text,
      'com.docker.compose.service': `${text}${index}`,
    },
    // Above every bound, so that it also becomes an alert.
    memoryWorkingSetBytes: 99 * 2 ** 20,
    memoryLimitBytes: 100 * 2 ** 20,
  }));
  resources.use(await dashboard.agent('<b onmouseover=alert(1)>h</b>', containers));
  browser = await launchBrowser();
  resources.defer(() => browser.close());
});

afterAll(async () => {
  await resources.disposeAsync();
});

test('what containers’ owners write is text on every page, and nothing else', async () => {
  await using visitor = await openPage(browser);
  const { page, complaints } = visitor;
  await logIn(page, dashboard.loginUrl());
  await page.goto(`${dashboard.url}/containers`);
  const [first] = HOSTILE;
  await page.getByText(first, { exact: true }).first().waitFor();
  const anchors = await page.locator('main a').all();
  const links = await Promise.all(anchors.map((each) => each.getAttribute('href')));
  const pages = new Set(links.filter((href) => href !== null).filter((href) => href.startsWith('/')));
  const visited = ['/', '/containers', '/alerts', '/settings', ...pages, `/containers?q=${encodeURIComponent(first)}`];
  for (const path of visited) {
    await page.goto(`${dashboard.url}${path}`);
    await page.getByText('Live', { exact: true }).waitFor();
    // Tooltips and menus are made of the same strings.
    await page.locator('main').hover();
    const made = await page.evaluate(
      'document.querySelectorAll(\'main img, main svg[onload], main script, main [onerror], main [onmouseover], main a[href^="javascript"]\').length',
    );
    expect([path, made]).toEqual([path, 0]);
    expect(await page.title()).not.toBe('owned');
  }
  expect(complaints).toEqual([]);
  // The pages really showed them.
  expect(visited.length).toBeGreaterThan(5);
});

test('a filter of the address is text as well', async () => {
  await using visitor = await openPage(browser);
  await logIn(visitor.page, await dashboard.newLoginUrl());
  for (const text of HOSTILE) {
    await visitor.page.goto(`${dashboard.url}/containers?q=${encodeURIComponent(text)}`);
    await visitor.page.getByText('Live', { exact: true }).waitFor();
  }
  expect(visitor.complaints).toEqual([]);
});
