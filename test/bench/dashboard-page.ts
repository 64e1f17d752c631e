import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { packageRoot } from '../../native/host/package-root.ts';
import { launchBrowser, logIn, openPage, startDashboard } from '../browser/harness.ts';
import { makeRecording, replay } from '../support/recording.ts';
import {
  holdingOf,
  loadCold,
  watchMainThread,
  watchPixels,
  type ColdLoad,
  type Holding,
  type MainThread,
} from './page-watch.ts';
import { quantile, type BenchRow } from './row.ts';

const HOSTS = 40;
const CONTAINERS = 1000;

/** How long each page is watched; `WEFT_BENCH_PAGE_MINUTES=10` for what only shows after a while. */
const SECONDS = 60 * Number(process.env['WEFT_BENCH_PAGE_MINUTES'] ?? '0.5');

/** The first seconds are the compiler's. */
const WARM_UP_MS = 5000;

const COLD_LOADS = 5;

const WEB = join(packageRoot(), 'dist/web');

const gzippedKb = (paths: readonly string[]): number =>
  paths.reduce((sum, path) => sum + gzipSync(readFileSync(join(WEB, path))).length, 0) / 1000;

function scriptRows(): BenchRow[] {
  // The document names its script, and what that imports before it runs.
  const document = readFileSync(join(WEB, 'index.html'), 'utf8');
  const atLoad = [...document.matchAll(/(?:src|href)="(\/[^"]+\.js)"/g)].flatMap(([, path]) => path ?? []);
  const ofPages = readdirSync(join(WEB, 'assets')).filter((name) => name.endsWith('.js'));
  return [
    {
      name: 'script of a first page, gzipped',
      value: gzippedKb(atLoad),
      unit: 'kB',
      peer: 'our own limit',
      peerValue: 112,
    },
    { name: 'script of all pages, gzipped', value: gzippedKb(ofPages.map((name) => `assets/${name}`)), unit: 'kB' },
  ];
}

const watching = (): Promise<void> => sleep(SECONDS * 1000);

async function watch(page: Page, run: () => Promise<unknown>): Promise<MainThread> {
  await sleep(WARM_UP_MS);
  return await watchMainThread(page, run);
}

function watchedRows(name: string, { msPerSecond, longestMs }: MainThread): BenchRow[] {
  return [
    {
      name: `main thread of the browser a second, ${name}, ${CONTAINERS} containers`,
      value: msPerSecond,
      unit: 'ms',
      peer: 'our own limit of 15 % of a core',
      peerValue: 150,
    },
    {
      name: `longest task of more than 50 ms, ${name}, in ${SECONDS} s (0: none)`,
      value: longestMs,
      unit: 'ms',
      peer: 'our own limit',
      peerValue: 50,
    },
  ];
}

function pixelRows(pixelsMs: readonly number[]): BenchRow[] {
  const name = `from a sample to its numbers on the screen, ${pixelsMs.length} changes`;
  return [
    { name: `${name}, p50`, value: quantile(pixelsMs, 0.5), unit: 'ms' },
    { name: `${name}, p99`, value: quantile(pixelsMs, 0.99), unit: 'ms', peer: 'our own limit', peerValue: 300 },
  ];
}

function coldRows(loads: readonly ColdLoad[]): BenchRow[] {
  const worst = (of: (load: ColdLoad) => number): number => Math.max(...loads.map(of));
  return [
    {
      name: `opening the containers without a cache until the first row has values, worst of ${loads.length}`,
      value: worst(({ firstRowMs }) => firstRowMs),
      unit: 'ms',
      peer: 'our own limit',
      peerValue: 1000,
    },
    {
      name: `longest task of more than 50 ms while it opens, worst of ${loads.length} (0: none)`,
      value: worst(({ longestMs }) => longestMs),
      unit: 'ms',
      peer: 'our own limit',
      peerValue: 50,
    },
  ];
}

function holdingRows(before: Holding, after: Holding): BenchRow[] {
  const peer = `${SECONDS} s before`;
  return [
    { name: 'heap of the page, collected', value: after.heapMiB, unit: 'MiB', peer, peerValue: before.heapMiB },
    { name: 'nodes of the document', value: after.nodes, unit: 'nodes', peer, peerValue: before.nodes },
    {
      name: 'event listeners of the page',
      value: after.listeners,
      unit: 'listeners',
      peer,
      peerValue: before.listeners,
    },
  ];
}

/** The page in a real browser with a recording of forty hosts played into the dashboard. */
export async function runDashboardPageBench(): Promise<readonly BenchRow[]> {
  await using resources = new AsyncDisposableStack();
  const dashboard = resources.use(await startDashboard());
  const samples = new Map<string, number[]>();
  for (const host of makeRecording({ hosts: HOSTS, containers: CONTAINERS })) {
    const taken: number[] = [];
    samples.set(host.hostname, taken);
    const agent = resources.use(
      await dashboard.agent(host.hostname, host.containers, { onSample: (at) => taken.push(at) }),
    );
    resources.use(replay(agent, host));
  }
  const browser = await launchBrowser();
  resources.defer(() => browser.close());
  const { page } = resources.use(await openPage(browser));
  await logIn(page, await dashboard.newLoginUrl());
  const overview = await watch(page, watching);

  // By name, so that a row changes when its host told something and for no other reason.
  const path = `${dashboard.url}/containers?sort=name`;
  await page.goto(path);
  await page.locator('.spark-value', { hasText: '%' }).first().waitFor();
  let pixelsMs: number[] = [];
  // The table fills over some frames, and what the page keeps of its first seconds is no growth.
  await sleep(WARM_UP_MS);
  const before = await holdingOf(page);
  const containers = await watch(page, async () => {
    pixelsMs = await watchPixels(page, samples, watching);
  });
  await page.evaluate('changes.length = 0');
  const after = await holdingOf(page);
  const loads: ColdLoad[] = [];
  for (let load = 0; load < COLD_LOADS; load += 1) loads.push(await loadCold(browser, page, path));
  return [
    ...pixelRows(pixelsMs),
    ...watchedRows('overview', overview),
    ...watchedRows('containers', containers),
    ...coldRows(loads),
    ...holdingRows(before, after),
    ...scriptRows(),
  ];
}
