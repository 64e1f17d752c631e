import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { freePort } from '../../cli/demo/ports.ts';
import { startWeft, untilReady, type TestProcess } from '../support/processes.ts';
import { startAgentFeeder, type AgentFeeder, type FedContainer, type FeederOptions } from '../support/agent-feeder.ts';

export interface TestDashboard extends AsyncDisposable {
  readonly url: string;
  /** Where its tokens are. */
  readonly stateDir: string;
  /** The address that the running process printed, with its one-time token. */
  readonly loginUrl: () => string;
  /** A further address to log in with, asked of its API. */
  newLoginUrl(): Promise<string>;
  /** kill -9, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again on the same state and port. */
  start(): Promise<void>;
  /** Connects an agent of a host. */
  agent(
    hostname: string,
    containers: readonly FedContainer[],
    more?: Pick<FeederOptions, 'onSample' | 'host'>,
  ): Promise<AgentFeeder>;
}

async function launch(port: number, stateDir: string, args: readonly string[]): Promise<TestProcess> {
  const listen = `127.0.0.1:${port}`;
  const child = await startWeft(['dashboard', '--listen', listen, '--data-dir', stateDir, ...args]);
  try {
    await untilReady(child, { listen });
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
  return child;
}

/** A real `weft dashboard` on a free port with its state in a temporary folder; both are gone after its scope. */
export async function startDashboard(...args: readonly string[]): Promise<TestDashboard> {
  const stateDir = await mkdtemp(join(tmpdir(), 'weft-test-dashboard-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child = await launch(port, stateDir, args);
  return {
    url,
    stateDir,
    loginUrl: () => /http:\S+\/login#token=\S+/.exec(child.stdout())?.[0] ?? '',
    newLoginUrl: async () => {
      const token = (await readFile(join(stateDir, 'api-token'), 'utf8')).trim();
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${url}/api/v1/login-tokens`, { method: 'POST', headers });
      return ((await answer.json()) as { url: string }).url;
    },
    kill: async () => {
      child.signal('SIGKILL');
      await child.exited;
    },
    start: async () => {
      child = await launch(port, stateDir, args);
    },
    agent: async (hostname, containers, more = {}) => {
      const token = (await readFile(join(stateDir, 'agent-token'), 'utf8')).trim();
      return await startAgentFeeder({
        url,
        token,
        nodeId: `node-${hostname}`,
        hostname,
        containers,
        ...more,
      });
    },
    [Symbol.asyncDispose]: async () => {
      await child[Symbol.asyncDispose]();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Debian's Chromium without a window. */
export async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: '/usr/bin/chromium', args: CHROMIUM_ARGUMENTS });
}

export interface TestPage extends AsyncDisposable {
  readonly page: Page;
  /** What the page complained of: uncaught errors, violations of the content policy, console errors. */
  readonly complaints: readonly string[];
}

/** A fresh browser profile with one page. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<TestPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** Logs in by a printed address and waits for the first values. */
export async function logIn(page: Page, loginUrl: string): Promise<void> {
  await page.goto(loginUrl);
  await page.locator('.tiles').waitFor();
}

/** The text of every cell of one column of the containers' table, as shown. */
export async function columnTexts(page: Page, column: string): Promise<string[]> {
  return await page.locator(`.container-table tbody .col-${column}`).allInnerTexts();
}

/** The number that a cell starts with; NaN for an em dash. */
export function leadingNumber(text: string): number {
  return Number.parseFloat(text.replaceAll(',', '').replace('<', ''));
}
