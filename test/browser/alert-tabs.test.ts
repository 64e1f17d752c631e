import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../cli/demo/ports.ts';
import type { AgentFeeder } from '../support/agent-feeder.ts';
import { launchBrowser, logIn, openPage, startDashboard, type TestDashboard } from './harness.ts';

const RULES = `
rules:
  - { name: CpuHigh, metric: cpuOfLimitRatio, op: '>', threshold: 80%, severity: critical }
`;

let browser: Browser;
let rulesFile: string;
let dashboard: TestDashboard;
let agent: AgentFeeder;
let answer: { status: number; body: string } = { status: 200, body: 'thanks' };
const resources = new AsyncDisposableStack();

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-rules-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  rulesFile = join(folder, 'team.yaml');
  await writeFile(rulesFile, RULES);
  const receiver = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(answer.status).end(answer.body));
  });
  const port = await freePort();
  receiver.listen(port, '127.0.0.1');
  resources.defer(() => {
    receiver.close();
  });
  const timing = ['--group-wait', '0s', '--group-interval', '1s'];
  const flags = ['--rules-dir', folder, '--webhook', `http://127.0.0.1:${port}/`, ...timing];
  dashboard = resources.use(await startDashboard(...flags));
  const busy = { name: 'wave', cpuLimitCores: 0.5, cpuCores: 0.48 };
  agent = resources.use(await dashboard.agent('h1', [busy, { name: 'calm', cpuLimitCores: 0.5, cpuCores: 0.01 }]));
  browser = await launchBrowser();
  resources.defer(() => browser.close());
});

afterAll(async () => {
  await resources.disposeAsync();
});

test('a rule is made, tried before it is saved, changed and deleted; one of a file can only be copied', async () => {
  await using visitor = await openPage(browser);
  const { page, complaints } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  await page.goto(`${dashboard.url}/alerts/rules`);
  const row = (name: string) => page.getByRole('row', { name });
  await row('CpuHigh').getByText('file team.yaml').waitFor();
  await row('CpuHigh').getByText('1 firing').waitFor();
  expect(await row('CpuHigh').getByRole('button').allInnerTexts()).toEqual(['Copy']);

  await page.getByRole('button', { name: 'New rule' }).click();
  const form = page.getByRole('form', { name: 'Rule' });
  await form.getByLabel('Name').fill('CalmBusy');
  await form.getByText('Looks at 2 things: wave on h1, calm on h1').waitFor();
  await form.getByLabel('Only where').fill('container="calm"');
  await form.getByText('Looks at 1 thing: calm on h1').waitFor();
  await form.getByLabel('Only where').fill('container');
  await form.getByRole('alert').getByText('is no matcher').waitFor();
  await form.getByLabel('Only where').fill('container="calm"');
  await form.getByLabel('Taken as').selectOption('last');
  const warning = form.getByRole('group', { name: 'warning' });
  await warning.getByLabel('Threshold').fill('90%');
  await warning.getByLabel('Clears at').fill('');
  await form.getByRole('button', { name: 'Test over the last 24 h' }).click();
  await form.getByText(/It (would not have fired in the last|nothing is known)/).waitFor();
  await form.getByRole('button', { name: 'Save' }).click();
  await row('CalmBusy').getByText('made here').waitFor();
  await row('CalmBusy').getByText('90 %').waitFor();

  await page.getByRole('button', { name: 'Edit CalmBusy' }).click();
  await form.getByLabel('Name').fill('CpuHigh');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText('a file has a rule CpuHigh, and files win').waitFor();
  await form.getByLabel('Name').fill('CalmBusy');
  await warning.getByLabel('Threshold').fill('0.1%');
  await form.getByLabel('For', { exact: true }).fill('0s');
  await form.getByRole('button', { name: 'Save' }).click();
  await row('CalmBusy').getByText('1 firing').waitFor();

  await page.getByRole('button', { name: 'Delete CalmBusy' }).click();
  await page.getByRole('button', { name: 'Really? Delete CalmBusy' }).click();
  await row('CalmBusy').waitFor({ state: 'detached' });
  await writeFile(rulesFile, `${RULES}  - { name: Broken, metric: nonsense, op: '>', threshold: 1 }\n`);
  await page.getByRole('alert').getByText('team.yaml:4: rules[1].metric: expected one of').waitFor();
  await row('CpuHigh').getByText('1 firing').waitFor();
  await writeFile(rulesFile, `${RULES}  - { name: Mended, metric: pidsCurrent, op: '>', threshold: 100000 }\n`);
  await row('Mended').getByText('file team.yaml').waitFor();
  await page.getByRole('alert').waitFor({ state: 'detached' });
  // The browser itself tells of answers that refuse.
  expect(complaints.filter((text) => !/status of 4(00|09)/.test(text))).toEqual([]);
});

test('everything that a rule can say is edited in its form, tried there, and stays what it was', async () => {
  await using visitor = await openPage(browser);
  const { page, complaints } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  await page.goto(`${dashboard.url}/alerts/rules`);
  await page.getByRole('button', { name: 'New rule' }).click();
  const form = page.getByRole('form', { name: 'Rule' });
  await form.getByLabel('Name').fill('BusyAndBig');
  await form.getByLabel('Host like').fill('h*');
  await form.getByLabel('Container like').fill('wav?');
  await form.getByText('Looks at 1 thing: wave on h1').waitFor();
  await form.getByRole('button', { name: 'Add a condition' }).click();
  const condition = form.getByRole('group', { name: 'Condition 1' });
  await condition.getByLabel('Metric').selectOption('pidsCurrent');
  await condition.getByLabel('Taken as').selectOption('max');
  await condition.getByLabel('Threshold').fill('many');
  await condition.getByText('expected a number, a percentage such as 80%').waitFor();
  expect(await condition.getByLabel('Threshold').getAttribute('aria-invalid')).toBe('true');
  await condition.getByLabel('Threshold').fill('100000');
  await form.getByRole('button', { name: 'Add a label' }).click();
  await form.getByLabel('Label 1', { exact: true }).fill('severity');
  await form.getByText('is set by weft itself', { exact: true }).waitFor();
  await form.getByLabel('Label 1', { exact: true }).fill('team');
  await form.getByLabel('Text').fill('shop');
  await form.getByRole('button', { name: 'Add a label' }).click();
  await form.getByLabel('Label 2', { exact: true }).fill('team');
  await form.getByText('team is there already').waitFor();
  expect(await form.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
  await form.getByRole('button', { name: 'Remove label 2' }).click();
  await form.getByRole('button', { name: 'Add an annotation' }).click();
  await form.getByLabel('Annotation 1', { exact: true }).fill('runbook_url');
  await form.getByLabel('Text').first().fill('https://wiki.example/cpu');
  await form.getByLabel('Alerts at most').fill('7');
  await form.getByRole('button', { name: 'Test over the last 24 h' }).click();
  await form.getByText(/It (would not have fired in the last|nothing is known)/).waitFor();
  await form.getByRole('button', { name: 'Save' }).click();

  await page.getByRole('button', { name: 'Edit BusyAndBig' }).click();
  await form.getByLabel('Summary').fill('busy');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.waitFor({ state: 'detached' });
  const answer = await page.request.get(`${dashboard.url}/api/v1/rules`);
  const { rules } = (await answer.json()) as { rules: { name: string; source: unknown }[] };
  expect(rules.find(({ name }) => name === 'BusyAndBig')?.source).toMatchObject({
    and: [{ metric: 'pidsCurrent', agg: 'max', window: '5m', op: '>', threshold: '100000' }],
    labels: { team: 'shop' },
    annotations: { summary: 'busy', runbook_url: 'https://wiki.example/cpu' },
    match: { host: 'h*', container: 'wav?' },
    limit: 7,
  });
  // Both conditions have to hold, and the second one does not.
  expect(await page.getByRole('row', { name: 'BusyAndBig' }).innerText()).toMatch(/quiet/);
  await page.getByRole('button', { name: 'Edit BusyAndBig' }).click();
  await form.getByRole('button', { name: 'Remove condition 1' }).click();
  await form.getByLabel('For', { exact: true }).fill('0s');
  await form.getByLabel('Taken as').selectOption('last');
  await form.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('row', { name: 'BusyAndBig' }).getByText('1 firing').waitFor();
  await page.getByRole('button', { name: 'Delete BusyAndBig' }).click();
  await page.getByRole('button', { name: 'Really? Delete BusyAndBig' }).click();
  await page.getByRole('row', { name: 'BusyAndBig' }).waitFor({ state: 'detached' });
  expect(complaints.filter((text) => !text.includes('status of 400'))).toEqual([]);
});

test('an alert is acknowledged and silenced, and what was told is in history and delivery', async () => {
  await using visitor = await openPage(browser);
  const { page, complaints } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  await page.goto(`${dashboard.url}/alerts`);
  const active = page.getByRole('region', { name: 'Active alerts' });
  const alert = active.getByRole('row', { name: 'CpuHigh' });
  await alert.getByText('critical', { exact: true }).waitFor();
  await alert.getByText(/^sent to 127\.0\.0\.1/).waitFor();
  await alert.getByRole('button', { name: 'Acknowledge' }).click();
  await alert.getByRole('button', { name: 'Take back' }).waitFor();
  await alert.getByText(/acknowledged/).waitFor();

  await alert.getByRole('link', { name: 'Silence' }).click();
  const form = page.getByRole('form', { name: 'Silence' });
  expect(await form.getByLabel('Alerts with').inputValue()).toBe('alertname="CpuHigh"\nhost="h1"\ncontainer="wave"');
  await form.getByText('Keeps 1 active alert quiet').waitFor();
  await form.getByLabel('Your name').fill('ann');
  await form.getByLabel('Why').fill('<b>deploy</b>');
  await form.getByLabel('From now for').selectOption('4 hours');
  await form.getByRole('button', { name: 'Silence' }).click();
  const silence = page.getByRole('row', { name: 'CpuHigh' });
  await silence.getByText('active', { exact: true }).waitFor();
  await silence.getByText('<b>deploy</b>').waitFor();
  await page.getByRole('link', { name: 'Active', exact: true }).click();
  await alert.getByText(/silenced by/).waitFor();

  await dashboard.kill();
  await dashboard.start();
  await page.goto(`${dashboard.url}/alerts/silences`);
  await silence.getByText('active', { exact: true }).waitFor();
  await silence.getByRole('button', { name: /^Edit/ }).click();
  await form.getByLabel('Why').fill('still');
  await form.getByRole('button', { name: 'Save' }).click();
  await silence.getByText('still').waitFor();
  await silence.getByRole('button', { name: /^End the silence/ }).click();
  await silence.getByRole('button', { name: /^Really/ }).click();
  await silence.getByText('expired', { exact: true }).waitFor();

  await page.getByRole('link', { name: 'History', exact: true }).click();
  const episode = page.getByRole('region', { name: 'Episodes' }).getByRole('row', { name: 'CpuHigh' });
  await episode.getByText(/127\.0\.0\.1/).waitFor();
  expect(await episode.locator('a.chips-link').getAttribute('href')).toMatch(
    /^\/containers\/node-h1%2Frunc%2Fwave\?from=\S+&to=/,
  );
  await page.getByRole('img', { name: 'CpuHigh fired 1 time' }).waitFor();
  await page.getByLabel('Filter the history').fill('severity:info');
  await page.getByText('Nothing fired').waitFor();
  await page.getByLabel('Filter the history').fill('rule:CpuHigh');
  await episode.waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'CSV' }).click();
  const path = await (await download).path();
  expect(await readFile(path, 'utf8')).toMatch(/\r\nCpuHigh,critical,h1,wave,/);

  await page.getByRole('link', { name: 'Delivery', exact: true }).click();
  const attempt = page.getByRole('region', { name: 'Attempts' }).getByRole('row').nth(1);
  await attempt.getByText('taken (200)').waitFor();
  await attempt.getByText('thanks').waitFor();
  answer = { status: 500, body: 'out of order' };
  const channels = page.getByRole('region', { name: 'Channels' });
  await channels.getByRole('button', { name: /^Test/ }).click();
  await channels.getByText('out of order').waitFor();
  await channels.getByText(/\(500\)/).waitFor();
  answer = { status: 410, body: 'gone' };
  agent.setLoad('calm', { cpuCores: 0.49 });
  await channels.getByText('switched off: it answered 410: it is gone for good').waitFor();
  await attempt.getByText(/\(410\)/).waitFor();
  answer = { status: 200, body: 'back' };
  await channels.getByRole('button', { name: /^Switch/ }).click();
  await channels.getByText('on', { exact: true }).waitFor();
  // The connection that broke is told by the browser itself.
  expect(complaints.filter((text) => !text.includes('ERR_CONNECTION_REFUSED'))).toEqual([]);
});

test('a mute window is made in its zone, says when it begins and ends, keeps alerts quiet, and is deleted', async () => {
  await using visitor = await openPage(browser);
  const { page, complaints } = visitor;
  await logIn(page, await dashboard.newLoginUrl());
  await page.goto(`${dashboard.url}/alerts/silences`);
  await page.getByText('No time is muted').waitFor();
  await page.getByRole('button', { name: 'New mute window' }).click();
  const form = page.getByRole('form', { name: 'Mute window' });
  await form.getByText('on the next day').waitFor();
  await form.getByLabel('Name').fill('<i>always</i>');
  await form.getByLabel('From').fill('12:00');
  await form.getByLabel('To', { exact: true }).fill('12:00');
  await form.getByLabel('Time zone').fill('Mars');
  await form.getByRole('button', { name: 'Mute' }).click();
  await form.getByText('expected the name of a time zone, such as Europe/Berlin').first().waitFor();
  await form.getByLabel('Time zone').fill('Asia/Tokyo');
  await form.getByRole('button', { name: 'Mute' }).click();
  const row = page.getByRole('row', { name: '<i>always</i>' });
  await row.getByText('12:00–24:00, Asia/Tokyo; 00:00–12:00, Asia/Tokyo').waitFor();
  await row.getByText('muting', { exact: true }).waitFor();
  await row.getByText('not within eight days').waitFor();

  await page.getByRole('link', { name: 'Active', exact: true }).click();
  const alert = page.getByRole('region', { name: 'Active alerts' }).getByRole('row', { name: 'wave' });
  await alert.getByText('muted by <i>always</i>').waitFor();

  await page.goto(`${dashboard.url}/alerts/silences`);
  await row.getByRole('button', { name: 'Delete the mute window <i>always</i>' }).click();
  await row.getByRole('button', { name: /^Really/ }).click();
  await page.getByText('No time is muted').waitFor();
  // What the server refused is told by the browser itself.
  expect(complaints.filter((text) => !text.includes('400 (Bad Request)'))).toEqual([]);
});
