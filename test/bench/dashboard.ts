import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HistoryFile } from '../../dashboard/io/history/history-file.ts';
import { encodeNumber } from '../../dashboard/model/history/code.ts';
import { CONTAINER_HISTORY_COLUMNS } from '../../dashboard/model/history/columns.ts';
import { TEN_SECOND_SLOTS, type SeriesFacts } from '../../dashboard/model/history/series.ts';
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
import { rssMiB, runStalled } from './dashboard-stalled.ts';
import { quantile, type BenchRow } from './row.ts';

const AGENTS = 10;
const CONTAINERS = 100;
const BROWSERS = 50;
const SECONDS = 20;
/** How long it runs before anything is measured; `WEFT_BENCH_FILL_MINUTES=16` for memory in which a quarter of an hour by the second is full. */
const FILL_MINUTES = Number(process.env['WEFT_BENCH_FILL_MINUTES'] ?? '0');

/** CPU that a process used so far, milliseconds: user and system ticks of 10 ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function metric(dashboard: TestDashboard, name: string): Promise<number> {
  const line = (await metricsOf(dashboard)).split('\n').find((text) => text.startsWith(`${name} `));
  return Number(line?.split(' ')[1]);
}

/** Six hours of every container by ten seconds, as a dashboard that ran that long would have left them. */
function seedHistory(dashboard: TestDashboard): void {
  const endUnixMs = Math.floor(Date.now() / 10_000) * 10_000;
  const lines = Array.from({ length: AGENTS * CONTAINERS }, (_, index) => {
    const [agent, container] = [Math.floor(index / CONTAINERS), index % CONTAINERS];
    return { key: `n${agent}/runc/c${container}`, nodeId: `n${agent}`, name: `c${container}` };
  });
  const facts = new Map(
    lines.map(({ key, nodeId, name }): [string, SeriesFacts] => [
      key,
      {
        kind: 'container',
        nodeId,
        host: nodeId,
        name,
        image: undefined,
        runtime: 'runc',
        project: undefined,
        service: undefined,
      },
    ]),
  );
  const keys = lines.map(({ key }) => key);
  const width = 3 * CONTAINER_HISTORY_COLUMNS.length;
  using file = new HistoryFile(join(dashboard.stateDir, 'history.db'), 2 ** 31);
  for (let step = TEN_SECOND_SLOTS; step > 0; step -= 1) {
    const codes = new Uint16Array(keys.length * width);
    // Noise in CPU, a slow walk in memory, idle disks: what a cluster looks like to the compressor.
    for (let row = 0; row < keys.length; row += 1) {
      const noise = (row * 7919 + step * 104_729) % 997;
      for (let lane = 0; lane < 3; lane += 1) {
        codes[row * width + lane] = encodeNumber((noise + lane * 10) / 1000);
        codes[row * width + 6 + lane] = encodeNumber(4e8 + (step % 600) * 1e5 + lane * 4096);
        codes[row * width + 21 + lane] = encodeNumber(3);
      }
    }
    file.append([{ kind: 'container', timeUnixMs: endUnixMs - step * 10_000, keys, codes }], [], facts);
  }
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

/** How long a page that opens has to wait for its snapshot, and for six hours of one container, milliseconds. */
async function openCold(
  dashboard: TestDashboard,
  cookie: string,
): Promise<{ snapshotMs: number; sixHoursMs: number; points: number }> {
  const startMs = performance.now();
  using browser = await openBrowser(dashboard, { cookie, origin: dashboard.url });
  browser.socket.emit('subscribe', { view: 'containers' });
  await until(() => browser.frames.length > 0, { what: 'the snapshot', everyMs: 1 });
  const snapshotMs = performance.now() - startMs;
  const askedMs = performance.now();
  const answer = (await dashboard.get('/history?series=n3/runc/c7&from=-6h&step=10s')) as {
    series: { columns: { cpuCores: { avg: (number | null)[] } } }[];
  };
  const sixHoursMs = performance.now() - askedMs;
  const points = answer.series[0]?.columns.cpuCores.avg.filter((value) => value !== null).length ?? 0;
  return { snapshotMs, sixHoursMs, points };
}

/** One `weft dashboard` process with six hours of 1,000 containers on 10 agents, watched by 50 browsers, then by none. */
export async function runDashboardBench(): Promise<readonly BenchRow[]> {
  await using stack = new AsyncDisposableStack();
  const dashboard = stack.use(await startDashboard());
  await dashboard.crash();
  seedHistory(dashboard);
  const startedMs = performance.now();
  await dashboard.start();
  await until(
    () =>
      dashboard
        .process()
        .logs()
        .some(({ msg }) => msg === 'history restored'),
    {
      what: 'six hours are back',
      timeoutMs: 120_000,
    },
  );
  const restoredMs = performance.now() - startedMs;
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
  await sleep(FILL_MINUTES * 60_000);
  const watched = await measure(dashboard, arrivals);
  const rss = rssMiB(dashboard.process().pid);
  const cold = await openCold(dashboard, cookie);
  const stalled = await runStalled(dashboard, cookie);
  for (const { socket } of browsers) socket.emit('subscribe', { view: 'none' });
  const alone = await measure(dashboard, []);
  const load = `${AGENTS * CONTAINERS} containers`;
  return [
    { name: `server CPU a second, ${load}, nobody watching`, value: alone.cpuMsPerSecond, unit: 'ms' },
    {
      name: `server CPU a second, ${load}, ${BROWSERS} browsers`,
      value: watched.cpuMsPerSecond,
      unit: 'ms',
      peer: 'our own limit of 10 % of a core',
      peerValue: 100,
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
    {
      name: `RSS, ${load} with six hours in memory, ${BROWSERS} browsers`,
      value: rss,
      unit: 'MiB',
      peer: 'our own limit',
      peerValue: 250,
    },
    {
      name: `RSS at most in ${stalled.minutes} min with browsers that stopped reading: ten, and ten others each quarter of a minute`,
      value: stalled.afterMiB,
      unit: 'MiB',
      peer: 'before them',
      peerValue: stalled.beforeMiB,
    },
    { name: 'start until six hours of history are back', value: restoredMs, unit: 'ms' },
    {
      name: 'opening a page until its snapshot is there',
      value: cold.snapshotMs,
      unit: 'ms',
      peer: 'our own limit',
      peerValue: 1000,
    },
    {
      name: `six hours of one container by ten seconds (${cold.points} points of 8 columns)`,
      value: cold.sixHoursMs,
      unit: 'ms',
      peer: 'our own limit',
      peerValue: 1000,
    },
  ];
}
