import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { aContainer } from '../unit/dashboard/builders.ts';
import {
  dialAgent,
  logIn,
  metricsOf,
  openBrowser,
  startDashboard,
  type TestBrowser,
  type TestDashboard,
} from '../cluster/dashboard-fixture.ts';
import { until } from '../support/until.ts';
import { quantile, type BenchRow } from './row.ts';

const AGENTS = 10;
const CONTAINERS = 50;
const BROWSERS = 20;
const SECONDS = 20;

/** CPU that a process used so far, milliseconds: user and system ticks of 10 ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function rssMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

async function metric(dashboard: TestDashboard, name: string): Promise<number> {
  const line = (await metricsOf(dashboard)).split('\n').find((text) => text.startsWith(`${name} `));
  return Number(line?.split(' ')[1]);
}

/** Every agent sends a frame a second, spread over it as real ones are. */
async function feed(dashboard: TestDashboard, stack: AsyncDisposableStack): Promise<void> {
  for (let number = 0; number < AGENTS; number += 1) {
    const agent = stack.use(await dialAgent(dashboard, { nodeId: `n${number}`, hostname: `h${number}` }));
    agent.inventory(
      Array.from({ length: CONTAINERS }, (_, index) =>
        aContainer(`c${index}`, { memoryLimitBytes: 1e9, cpuLimitCores: 1 }),
      ),
    );
    let ticks = 0;
    const send = (): void => {
      ticks += 1;
      agent.frame(
        Array.from({ length: CONTAINERS }, (_, index) => ({
          cpuUsageSeconds: ticks * 0.3,
          memoryUsageBytes: 5e8,
          memoryWorkingSetBytes: 4e8 + index,
          blockReadBytes: ticks,
          blockWriteBytes: ticks,
          pidsCurrent: 3,
        })),
      );
    };
    await sleep(1000 / AGENTS);
    const timer = setInterval(send, 1000);
    stack.defer(() => {
      clearInterval(timer);
    });
  }
}

interface Watched {
  readonly cpuMsPerSecond: number;
  readonly frames: number;
  readonly gapMs: readonly number[];
}

async function measure(dashboard: TestDashboard, arrivals: readonly number[]): Promise<Watched> {
  const { pid } = dashboard.process();
  const startMs = performance.now();
  const before = cpuMs(pid);
  const seen = arrivals.length;
  await sleep(SECONDS * 1000);
  const seconds = (performance.now() - startMs) / 1000;
  const since = arrivals.slice(seen);
  const gapMs = since.slice(1).map((at, index) => at - (since[index] ?? at));
  return { cpuMsPerSecond: (cpuMs(pid) - before) / seconds, frames: since.length, gapMs };
}

/** One `weft dashboard` process with 500 containers on 10 agents, watched by 20 browsers, then by none. */
export async function runDashboardBench(): Promise<readonly BenchRow[]> {
  await using stack = new AsyncDisposableStack();
  const dashboard = stack.use(await startDashboard());
  await feed(dashboard, stack);
  await until(async () => (await metric(dashboard, 'weft_dashboard_containers')) === AGENTS * CONTAINERS, {
    what: 'all containers are known',
  });
  const cookie = await logIn(dashboard);
  const arrivals: number[] = [];
  const browsers: TestBrowser[] = [];
  for (let number = 0; number < BROWSERS; number += 1) {
    const browser = stack.use(await openBrowser(dashboard, { cookie, origin: dashboard.url }));
    if (number === 0) browser.socket.on('frame', () => arrivals.push(performance.now()));
    browser.socket.emit('subscribe', { view: 'containers' });
    browsers.push(browser);
  }
  // The first seconds are the compiler's.
  await until(() => arrivals.length > 10, { what: 'frames arrive', timeoutMs: 20_000 });
  const watched = await measure(dashboard, arrivals);
  const rss = rssMiB(dashboard.process().pid);
  for (const { socket } of browsers) socket.emit('subscribe', { view: 'none' });
  const alone = await measure(dashboard, []);
  const load = `${AGENTS * CONTAINERS} containers`;
  return [
    { name: `server CPU a second, ${load}, nobody watching`, value: alone.cpuMsPerSecond, unit: 'ms' },
    {
      name: `server CPU a second, ${load}, ${BROWSERS} browsers`,
      value: watched.cpuMsPerSecond,
      unit: 'ms',
      peer: 'our own limit of 5 % of a core with 1,000 containers and 50 browsers',
      peerValue: 50,
    },
    {
      name: `server CPU for one frame to ${BROWSERS} browsers`,
      value: watched.cpuMsPerSecond - alone.cpuMsPerSecond,
      unit: 'ms',
    },
    {
      name: 'frames that a browser got in 20 s',
      value: watched.frames,
      unit: 'frames',
      peer: 'one a second',
      peerValue: SECONDS,
    },
    {
      name: 'longest time between two frames at a browser',
      value: Math.max(...watched.gapMs),
      unit: 'ms',
      peer: 'one a second',
      peerValue: 1000,
    },
    {
      name: 'time between two frames at a browser, p50',
      value: quantile(watched.gapMs, 0.5),
      unit: 'ms',
      peer: 'one a second',
      peerValue: 1000,
    },
    {
      name: 'event loop delay since the start, p99, sampled each 10 ms',
      value: 1000 * (await metric(dashboard, 'nodejs_eventloop_lag_p99_seconds')),
      unit: 'ms',
    },
    { name: `RSS, ${load}, ${BROWSERS} browsers`, value: rss, unit: 'MiB' },
  ];
}
