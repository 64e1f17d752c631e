import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, logIn, openPage, startDashboard, type TestDashboard } from './harness.ts';
import { judge, LOOKS } from './judge.ts';

const PASSWORD = 'correct horse battery';

let browser: Browser;
let dashboard: TestDashboard;

beforeAll(async () => {
  dashboard = await startDashboard();
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
  await dashboard[Symbol.asyncDispose]();
});

async function signIn(page: Page, name: string): Promise<void> {
  await page.goto(`${dashboard.url}/login`);
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByText('Live', { exact: true }).waitFor();
}

test('the first admin chooses a password, comes back with it, and lets others in', async () => {
  await using visitor = await openPage(browser);
  const { page } = visitor;
  await logIn(page, dashboard.loginUrl());
  await page.getByRole('link', { name: 'Choose a password' }).click();
  await page.getByLabel('Name').fill('ann');
  await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('New password again').fill('something else');
  await page.getByRole('button', { name: 'Save password' }).click();
  await page.getByText('the two new passwords differ').waitFor();
  await page.getByLabel('New password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Save password' }).click();
  await page.locator('[data-banner="password"]').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Log out' }).click();
  await signIn(page, 'ann');

  await page.goto(`${dashboard.url}/settings/users`);
  await page.getByLabel('Name').fill('bob');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByLabel('Sees only').fill('project!=shop');
  await page.getByRole('button', { name: 'Add user' }).click();
  await page.getByRole('alert').getByText('a scope says what may be seen').waitFor();
  await page.getByLabel('Sees only').fill('project=shop');
  await page.getByRole('button', { name: 'Add user' }).click();
  await page.getByText('project="shop"').waitFor();

  await using guest = await openPage(browser);
  await signIn(guest.page, 'bob');
  await guest.page.getByRole('link', { name: 'Settings', exact: true }).click();
  await guest.page.getByRole('link', { name: 'Account' }).click();
  await guest.page.getByText('viewer: reads').waitFor();
  expect(await guest.page.getByRole('link', { name: 'Users' }).count()).toBe(0);

  await page.getByLabel('Role of bob').selectOption('editor');
  // A changed user is logged out at once.
  await guest.page.locator('[data-banner="refused"]').waitFor();
  await page.getByRole('button', { name: 'Remove bob' }).click();
  await page.getByRole('button', { name: 'Really remove bob' }).click();
  await page.getByText('project="shop"').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Remove ann' }).click();
  await page.getByRole('button', { name: 'Really remove ann' }).click();
  await page.getByText('ann is the only admin').waitFor();
});

test('a token is shown once, works, and is revoked', async () => {
  await using visitor = await openPage(browser);
  const { page } = visitor;
  await signIn(page, 'ann');
  await page.goto(`${dashboard.url}/settings/tokens`);
  await page.getByLabel('Name').fill('ci');
  await page.getByLabel('Days until it ends').fill('30');
  await page.getByRole('button', { name: 'Make token' }).click();
  const secret = await page.locator('.shown-once code').first().innerText();
  const status = async (): Promise<number> =>
    (await fetch(`${dashboard.url}/api/v1/hosts`, { headers: { authorization: `Bearer ${secret}` } })).status;
  expect(await status()).toBe(200);
  await page.reload();
  await page.getByRole('button', { name: 'Revoke ci' }).waitFor();
  expect(await page.locator('body').innerText()).not.toContain(secret);
  await page.getByRole('button', { name: 'Revoke ci' }).click();
  await page.getByText('None yet.').waitFor();
  expect(await status()).toBe(401);
  expect(visitor.complaints).toEqual([]);
});

test.each(Object.entries(LOOKS))('%s: the pages of access are whole and accessible', async (look, options) => {
  await using visitor = await openPage(browser, options);
  const { page } = visitor;
  await page.goto(`${dashboard.url}/login`);
  await page.getByLabel('Name').waitFor();
  await judge(page, `${look}-sign-in`);
  await signIn(page, 'ann');
  for (const panel of ['account', 'users', 'tokens', 'agents', 'audit']) {
    await page.goto(`${dashboard.url}/settings/${panel}`);
    await page.getByText('Live', { exact: true }).waitFor();
    if (panel === 'agents') {
      await page.getByLabel('Name').fill(`rack of ${look}`);
      await page.getByRole('button', { name: 'Make token' }).click();
      await page.locator('.shown-once').waitFor();
    }
    if (panel === 'audit') await page.getByText('Make a token for stats agents').first().waitFor();
    await judge(page, `${look}-settings-${panel}`);
  }
});
