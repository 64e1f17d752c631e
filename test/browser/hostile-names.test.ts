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

test('half a surrogate pair, of which no address can be made, empties no page', async () => {
  await using other = await startDashboard('--group-wait', '0s');
  const half = 'half\uD83D';
  const labels = { [half]: half, 'com.docker.compose.project': half, 'com.docker.compose.service': half };
  const full = { memoryWorkingSetBytes: 99 * 2 ** 20, memoryLimitBytes: 100 * 2 ** 20 };
  await using agent = await other.agent('half\uDC00', [{ name: half, image: half, labels, ...full }]);
  await using visitor = await openPage(browser);
  const { page, complaints } = visitor;
  await logIn(page, other.loginUrl());
  await page.locator('.fact-table').getByText('half\uFFFD').waitFor();
  await page.goto(`${other.url}/containers`);
  await page.locator('.container-table .name').click();
  await page.getByRole('heading', { name: 'half\uFFFD', level: 1 }).waitFor();
  agent.end(half, { exitCode: 3, oomKilled: true, ranForMs: 5000 });
  await page.goto(`${other.url}/alerts`);
  await page.getByRole('link', { name: 'Silence' }).first().waitFor();
  await page.goto(other.url);
  await page.locator('.attention').getByText('half\uFFFD').first().waitFor();
  expect(complaints).toEqual([]);
});
