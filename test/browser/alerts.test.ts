import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../../cli/demo/ports.ts';
import { launchBrowser, logIn, openPage, startDashboard } from './harness.ts';

const RULES = `
rules:
  - name: CpuHigh
    metric: cpuOfLimitRatio
    op: '>'
    threshold: 80%
    for: 4s
    severity: critical
    annotations:
      summary: '{{ $labels.container }} on {{ $labels.host }} is busy'
`;

test('an alert is pending, fires, is told to a webhook and resolves, all of it on the page', async () => {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-rules-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const rules = join(folder, 'rules.yaml');
  await writeFile(rules, RULES);
  const receiver = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200).end());
  });
  const port = await freePort();
  receiver.listen(port, '127.0.0.1');
  resources.defer(() => {
    receiver.close();
  });
  const dashboard = resources.use(await startDashboard('--rules', rules, '--webhook', `http://127.0.0.1:${port}/`));
  const container = { name: 'wave', cpuLimitCores: 0.5, cpuCores: 0.05 };
  const agent = resources.use(await dashboard.agent('h1', [container]));
  const browser = await launchBrowser();
  resources.defer(() => browser.close());
  const { page, complaints } = resources.use(await openPage(browser));

  await logIn(page, dashboard.loginUrl());
  await page.getByText('Nothing needs attention').waitFor();
  await page.getByRole('link', { name: 'Alerts', exact: true }).click();
  await page.getByText('All quiet: 3 rules watched').waitFor();
  await page.getByText('Notifications go to 1 channel.').waitFor();

  agent.setLoad('wave', { cpuCores: 0.48 });
  const active = page.getByRole('region', { name: 'Active alerts' });
  await active.getByText('pending', { exact: true }).waitFor();
  await active.locator('.alert-progress', { hasText: /\d\ss of 4\ss/ }).waitFor();
  await page.getByText('Alert pending: CpuHigh, wave on h1.').waitFor({ state: 'attached' });

  await active.getByText('firing', { exact: true }).waitFor();
  expect(await active.getByRole('row').nth(1).innerText()).toMatch(/wave on h1 is busy[\s\S]*9\d(\.\d)?\s% \/ 80\s%/);
  await page.getByText('Alert firing: CpuHigh, wave on h1.').waitFor({ state: 'attached' });
  await page.getByRole('link', { name: /Alerts\s*1 firing/ }).waitFor();
  expect(await page.title()).toBe('(1) Alerts · weft');
  await page.getByRole('link', { name: 'Overview', exact: true }).click();
  await page.locator('.attention').getByRole('link', { name: 'CpuHigh, wave on h1', exact: true }).click();

  agent.setLoad('wave', { cpuCores: 0.05 });
  const resolved = page.getByRole('region', { name: 'Resolved alerts' });
  await resolved.getByText('resolved', { exact: true }).waitFor();
  await page.getByText('Alert resolved: CpuHigh, wave on h1.').waitFor({ state: 'attached' });
  await page.getByText('All quiet: 3 rules watched').waitFor();
  await page.getByText(/CpuHigh fired last, .+ ago\./).waitFor();
  await resolved.getByRole('link').click();
  await page.getByRole('heading', { name: 'wave' }).waitFor();
  expect(new URL(page.url()).pathname).toMatch(/^\/containers\/.+wave/);
  expect(complaints).toEqual([]);
});
