import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { until } from '../support/until.ts';

export interface MainThread {
  /** CPU time a second. */
  readonly msPerSecond: number;
  /** The longest task, by the wall, milliseconds; 0 when none took 50. */
  readonly longestMs: number;
}

async function metric(cdp: CDPSession, wanted: string): Promise<number> {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === wanted)?.value ?? Number.NaN;
}

async function measuring(page: Page): Promise<CDPSession> {
  const cdp = await page.context().newCDPSession(page);
  // CPU time of the thread: what it waited for on a busy machine is not its cost.
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  return cdp;
}

/** What the main thread does while `run` goes on. */
export async function watchMainThread(page: Page, run: () => Promise<unknown>): Promise<MainThread> {
  const cdp = await measuring(page);
  await page.evaluate(`(() => {
    globalThis.longTasks = [];
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
      .observe({ type: 'longtask' });
  })()`);
  const startMs = performance.now();
  const before = await metric(cdp, 'TaskDuration');
  await run();
  const used = (await metric(cdp, 'TaskDuration')) - before;
  const longMs: number[] = await page.evaluate('longTasks');
  return { msPerSecond: (used * 1_000_000) / (performance.now() - startMs), longestMs: Math.max(0, ...longMs) };
}

/** From the first byte asked for to the first row with a value, milliseconds; and the longest task until a second later. */
export interface ColdLoad {
  readonly firstRowMs: number;
  readonly longestMs: number;
}

/** A new window is busy with the browser's own surface, such as the list below its address bar: no cost of the page's. */
const WINDOW_SETTLES_MS = 4000;

/** Opens a page without anything in a cache, as who is logged in on `from`. */
export async function loadCold(browser: Browser, from: Page, path: string): Promise<ColdLoad> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    storageState: await from.context().storageState(),
  });
  try {
    const page = await context.newPage();
    await page.addInitScript(`
      globalThis.loadTasks = [];
      new PerformanceObserver((list) => loadTasks.push(...list.getEntries().map(({ duration }) => duration)))
        .observe({ type: 'longtask', buffered: true });
      const look = () => {
        if (document.querySelector('.container-table .spark-value')?.textContent.includes('%') === true)
          globalThis.firstRowMs = performance.now();
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    `);
    await sleep(WINDOW_SETTLES_MS);
    await page.goto(path);
    // The page's policy lets nothing be evaluated by it, as a wait in the page would be.
    await until(() => page.evaluate('globalThis.firstRowMs'), { what: 'a row has values', timeoutMs: 60_000 });
    await sleep(1000);
    const [firstRowMs, longMs]: [number, number[]] = await page.evaluate('[firstRowMs, loadTasks]');
    return { firstRowMs, longestMs: Math.max(0, ...longMs) };
  } finally {
    await context.close();
  }
}

/** What a page holds after everything that nobody needs was collected. */
export interface Holding {
  readonly heapMiB: number;
  readonly nodes: number;
  readonly listeners: number;
}

export async function holdingOf(page: Page): Promise<Holding> {
  const cdp = await measuring(page);
  await cdp.send('HeapProfiler.collectGarbage');
  const heapMiB = (await metric(cdp, 'JSHeapUsedSize')) / 2 ** 20;
  const [nodes, listeners] = [await metric(cdp, 'Nodes'), await metric(cdp, 'JSEventListeners')];
  await cdp.detach();
  return { heapMiB, nodes, listeners };
}

/** Times between a host's sample and its changed numbers on the screen, milliseconds. */
export async function watchPixels(
  page: Page,
  samplesOf: ReadonlyMap<string, readonly number[]>,
  run: () => Promise<unknown>,
): Promise<number[]> {
  // A change is on the screen when the animation frame after it begins, at the latest.
  await page.evaluate(`(() => {
    globalThis.changes = [];
    const rowOf = ({ target }) => (target.closest ? target : target.parentElement)?.closest('.col-cpu')?.closest('tr');
    new MutationObserver((records) => {
      const hosts = new Set(records.map((record) => rowOf(record)?.querySelector('.col-host')?.textContent));
      requestAnimationFrame(() => {
        for (const host of hosts) if (host !== undefined) changes.push([host, Date.now()]);
      });
    }).observe(document.querySelector('.container-table tbody'), { subtree: true, characterData: true, childList: true });
  })()`);
  await run();
  const changes: [string, number][] = await page.evaluate('changes');
  return changes.flatMap(([host, atUnixMs]) => {
    const taken = samplesOf.get(host)?.findLast((sampleUnixMs) => sampleUnixMs <= atUnixMs);
    return taken === undefined ? [] : [atUnixMs - taken];
  });
}
