import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { freePort } from '../../cli/demo/ports.ts';
import { launchBrowser, logIn, openPage, startDashboard } from './harness.ts';
import { graveFindings } from './judge.ts';

test('the settings tell of history and the remote store, and keep what is chosen for the display', async () => {
  await using resources = new AsyncDisposableStack();
  const dashboard = resources.use(await startDashboard());
  resources.use(await dashboard.agent('h1', [{ name: 'web' }]));
  const browser = await launchBrowser();
  resources.defer(() => browser.close());
  const { page, complaints } = resources.use(await openPage(browser));

  await logIn(page, dashboard.loginUrl());
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'History' }).click();
  await page.getByText('complete', { exact: true }).waitFor();
  await page.getByText('Nothing is sent to another store').waitFor();

  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Display' }).click();
  await page.getByRole('radio', { name: 'dark', exact: true }).check();
  expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
  await page.reload();
  await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
  expect(await page.getByRole('radio', { name: 'dark', exact: true }).isChecked()).toBe(true);

  await page.getByRole('radio', { name: 'UTC' }).check();
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Server' }).click();
  await page.getByText('this dashboard', { exact: true }).waitFor();
  await page.getByRole('row', { name: 'h1' }).waitFor();
  expect(await page.locator('.facts time').getAttribute('title')).toMatch(/UTC$/);

  await page.getByRole('link', { name: 'Display' }).click();
  await page.getByRole('link', { name: 'Show as a wallboard' }).click();
  await page.locator('.tiles').waitFor();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor({ state: 'hidden' });
  expect(complaints).toEqual([]);
});

test('a channel is made, tested and changed without its secret coming back, and deleted', async () => {
  await using resources = new AsyncDisposableStack();
  const receiver = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(202).end('queued'));
  });
  const port = await freePort();
  receiver.listen(port, '127.0.0.1');
  resources.defer(() => {
    receiver.close();
  });
  const dashboard = resources.use(await startDashboard('--allow-private-targets', '127.0.0.0/8'));
  const browser = await launchBrowser();
  resources.defer(() => browser.close());
  const { page, complaints } = resources.use(await openPage(browser));
  await logIn(page, dashboard.loginUrl());
  await page.goto(`${dashboard.url}/settings/channels`);
  await page.getByText('Nobody is told of alerts').waitFor();

  await page.getByRole('button', { name: 'New channel' }).click();
  const form = page.getByRole('form', { name: 'Channel' });
  await form.getByLabel('Name').fill('ops');
  await form.getByLabel('Address').fill('ftp://x');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByRole('alert').getByText('url: expected a URL').waitFor();
  await form.getByLabel('Address').fill(`http://127.0.0.1:${port}/hidden-path`);
  await form.getByLabel('Signing secret').fill(`whsec_${'A'.repeat(32)}`);
  await form.getByRole('button', { name: 'Save' }).click();
  const row = page.getByRole('row', { name: 'ops' });
  await row.getByText(`http://127.0.0.1:${port}/…`).waitFor();
  await row.getByRole('button', { name: 'Test' }).click();
  await row.getByText('taken (202)').waitFor();
  await row.getByText('queued').waitFor();

  await row.getByRole('button', { name: 'Edit' }).click();
  expect(await form.getByLabel('Signing secret').inputValue()).toBe('');
  expect(await form.getByLabel('Address').inputValue()).toBe('');
  await form.getByLabel('Name').fill('night');
  await form.getByRole('button', { name: 'Save' }).click();
  const renamed = page.getByRole('row', { name: 'night' });
  await renamed.getByRole('button', { name: 'Test' }).click();
  await renamed.getByText('taken (202)').waitFor();
  expect(await page.content()).not.toContain('hidden-path');
  expect(await page.content()).not.toContain('whsec_A');
  await renamed.getByRole('button', { name: 'Delete night' }).click();
  await renamed.getByRole('button', { name: 'Really? Delete night' }).click();
  await page.getByText('Nobody is told of alerts').waitFor();
  expect(complaints.filter((text) => !text.includes('status of 400'))).toEqual([]);
});

test('integrations tell how they do and how they are configured, and what was made here is shown as config', async () => {
  await using resources = new AsyncDisposableStack();
  const port = await freePort();
  const dashboard = resources.use(
    await startDashboard('--remote-read-url', `http://127.0.0.1:${port}/`, '--allow-private-targets', '127.0.0.0/8'),
  );
  resources.use(await dashboard.agent('h1', [{ name: 'web' }]));
  const browser = await launchBrowser();
  resources.defer(() => browser.close());
  const { page, complaints } = resources.use(await openPage(browser));
  await logIn(page, dashboard.loginUrl());
  const data = { type: 'slack', name: 'ops', url: 'https://hooks.example/hidden-path' };
  await page.request.post(`${dashboard.url}/api/v1/channels`, { data, headers: { origin: dashboard.url } });

  await page.goto(`${dashboard.url}/settings/integrations`);
  const past = page.getByRole('region', { name: 'Long past (query_range)' });
  await past.getByText('not used since the start').waitFor();
  await page.request.get(`${dashboard.url}/api/v1/history?series=node-h1&from=-30d&step=1h`);
  await past.getByText('does not work').waitFor();
  await past.getByText(`http://127.0.0.1:${port}/`, { exact: true }).waitFor();
  const write = page.getByRole('region', { name: 'Remote write' });
  await write.getByText('not configured').waitFor();
  await write.getByText('How to configure it').click();
  await write.getByText('remoteWriteUrl: http://prometheus:9090/api/v1/write').waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Dashboards for Grafana' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('weft-grafana.tar.gz');
  expect(await graveFindings(page)).toEqual([]);

  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Channels' }).click();
  await page.getByText('Show as config').click();
  await page.getByText('url: null # not shown: https://hooks.example/…').waitFor();
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Server' }).click();
  await page.getByText('Show as config').click();
  await page.getByText(`remoteReadUrl: http://127.0.0.1:${port}/`).waitFor();
  expect(await page.content()).not.toContain('hidden-path');
  expect(complaints).toEqual([]);
});

test('a backup is downloaded by who may, and says how it is put back', async () => {
  await using resources = new AsyncDisposableStack();
  const dashboard = resources.use(await startDashboard());
  const browser = await launchBrowser();
  resources.defer(() => browser.close());
  const { page, complaints } = resources.use(await openPage(browser));
  await logIn(page, dashboard.loginUrl());
  await page.goto(`${dashboard.url}/settings/backup`);
  await page.getByText('weft restore weft-backup.json').waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download a backup' }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^weft-backup-\d{4}-\d\d-\d\d\.json$/);
  const backup = JSON.parse(await readFile(await download.path(), 'utf8')) as { documents: { kind: string }[] };
  expect(backup.documents.map(({ kind }) => kind)).toEqual(['user']);
  expect(await graveFindings(page)).toEqual([]);
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Audit log' }).click();
  await page.getByRole('cell', { name: 'Download a backup of what was made here, without credentials' }).waitFor();
  expect(complaints).toEqual([]);
});

test('on a phone the part that is open is in sight among the others', async () => {
  await using resources = new AsyncDisposableStack();
  const dashboard = resources.use(await startDashboard());
  const browser = await launchBrowser();
  resources.defer(() => browser.close());
  const { page } = resources.use(await openPage(browser));
  await logIn(page, dashboard.loginUrl());
  await page.setViewportSize({ width: 390, height: 800 });
  await page.goto(`${dashboard.url}/settings/backup`);
  const current = page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Backup' });
  await expect.poll(async () => (await current.boundingBox())?.x ?? -1).toBeGreaterThanOrEqual(0);
  const box = await current.boundingBox();
  expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(390);
});
