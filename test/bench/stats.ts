import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server } from 'socket.io';
import { freePort } from '../../cli/demo/ports.ts';
import { listenOn } from '../../native/host/status-server.ts';
import { AGENT_NAMESPACE } from '../../statsd/wire.ts';
import { runcRoom } from '../support/runc.ts';
import { startStatsd, type StatsdProcess } from '../support/statsd.ts';
import { until } from '../support/until.ts';
import { quantile, type Bench, type BenchRow } from './row.ts';

const CONTAINERS = 38;
/** Past the first ticks, in which everything is read often and the code is compiled. */
const WARM_UP_MS = 15_000;
const MEASURED_MS = 40_000;
const MEBIBYTE = 1024 * 1024;
/** cAdvisor 0.36 at a true 1 Hz with 37 to 39 idle containers on such a machine. */
const CADVISOR_CPU_PERCENT = 3.3;
const CADVISOR_RSS_MIB = 40;

/** CPU time of every thread so far, nanoseconds: the scheduler's own count, exact where /proc/PID/stat has 10 ms steps. */
function cpuNanos(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    return sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ', 1)[0]);
  }, 0);
}

function residentMebibytes(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return (pages * 4096) / MEBIBYTE;
}

interface Measured {
  readonly cpuPercent: number;
  readonly residentMebibytes: number;
  readonly tickMs: readonly number[];
  readonly lateMs: readonly number[];
}

const metricIn = (text: string, name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);

/** CPU is taken without scrapes in between; ticks are then watched one by one. */
async function measure(statsd: StatsdProcess): Promise<Measured> {
  const { pid } = statsd.process;
  await until(async () => metricIn(await statsd.metrics(), 'weft_statsd_containers') === CONTAINERS, {
    what: 'all containers are seen',
  });
  await sleep(WARM_UP_MS);
  const [startNanos, startMs] = [cpuNanos(pid), performance.now()];
  await sleep(MEASURED_MS);
  const cpuPercent = ((cpuNanos(pid) - startNanos) / 1e6 / (performance.now() - startMs)) * 100;
  const tickMs: number[] = [];
  const lateMs: number[] = [];
  for (let tick = 0; tick < 20; tick += 1) {
    const text = await statsd.metrics();
    tickMs.push(metricIn(text, 'weft_statsd_tick_seconds') * 1000);
    lateMs.push(metricIn(text, 'weft_statsd_tick_late_seconds') * 1000);
    await sleep(1000);
  }
  return { cpuPercent, residentMebibytes: residentMebibytes(pid), tickMs, lateMs };
}

async function measureWith(flags: readonly string[]): Promise<Measured> {
  await using statsd = await startStatsd(flags);
  return await measure(statsd);
}

/** A server that takes frames and does nothing with them. */
async function measureWithDashboard(flags: readonly string[]): Promise<Measured> {
  const http = createServer();
  const io = new Server(http, { transports: ['websocket'] });
  io.of(AGENT_NAMESPACE).on('connection', () => undefined);
  const port = await freePort();
  const listen = await listenOn(http, { host: '127.0.0.1', port, setting: '--listen' });
  try {
    return await measureWith([...flags, '--dashboard', `http://${listen}`, '--agent-token', 'bench']);
  } finally {
    await io.close();
  }
}

async function scrapeMs(flags: readonly string[]): Promise<number> {
  await using statsd = await startStatsd(flags);
  await until(async () => metricIn(await statsd.metrics(), 'weft_statsd_containers') === CONTAINERS, {
    what: 'all containers are seen',
  });
  const times: number[] = [];
  for (let scrape = 0; scrape < 20; scrape += 1) {
    const start = performance.now();
    await statsd.metrics();
    times.push(performance.now() - start);
  }
  return quantile(times, 0.5);
}

/** `weft statsd` at 1 Hz over 38 idle runc containers, with and without a dashboard. */
export const runStatsBench: Bench = async () => {
  await using room = runcRoom('bench');
  for (let number = 1; number <= CONTAINERS; number += 1) room.run(`idle-${number}`);
  const flags = ['--cgroup-root', room.cgroupRoot, '--runc-root', room.root];
  const alone = await measureWith(flags);
  const fed = await measureWithDashboard(flags);
  const scrape = await scrapeMs(flags);
  const peer = 'cAdvisor 0.36 at 1 Hz';
  const rows: BenchRow[] = [
    {
      name: `CPU, ${CONTAINERS} idle containers, no dashboard`,
      value: alone.cpuPercent,
      unit: '% of a core',
      peer,
      peerValue: CADVISOR_CPU_PERCENT,
    },
    {
      name: `CPU, ${CONTAINERS} idle containers, frames to a dashboard`,
      value: fed.cpuPercent,
      unit: '% of a core',
      peer,
      peerValue: CADVISOR_CPU_PERCENT,
    },
    {
      name: 'resident memory, no dashboard',
      value: alone.residentMebibytes,
      unit: 'MiB',
      peer,
      peerValue: CADVISOR_RSS_MIB,
    },
    {
      name: 'resident memory, frames to a dashboard',
      value: fed.residentMebibytes,
      unit: 'MiB',
      peer,
      peerValue: CADVISOR_RSS_MIB,
    },
    { name: 'one tick, median', value: quantile(fed.tickMs, 0.5), unit: 'ms' },
    { name: 'event-loop gap before a tick, median of 20', value: quantile(fed.lateMs, 0.5), unit: 'ms' },
    { name: 'event-loop gap before a tick, largest of 20', value: Math.max(...fed.lateMs), unit: 'ms' },
    { name: 'one scrape of /metrics, median of 20', value: scrape, unit: 'ms' },
  ];
  return rows;
};
