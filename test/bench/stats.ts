import { setTimeout as sleep } from 'node:timers/promises';
import { manyCgroups } from '../support/many-cgroups.ts';
import { httpGet } from '../support/processes.ts';
import { startStatsd, type StatsdProcess } from '../support/statsd.ts';
import { quantile, type Bench, type BenchRow } from './row.ts';
import { Scraper } from './scraper.ts';
import { dockerRows } from './stats-docker.ts';
import { bareLimit } from './stats-limit.ts';
import { allSeen, cpuPercentOver, metricIn, residentMebibytes } from './stats-watch.ts';

const COUNTS = [38, 100, 500, 1000];
/** Ticks, scrapes and memory are looked at where there are bars for them. */
const MANY = 1000;
/**
 * An agent runs for months: past the first ticks, in which everything is read often and what is missing is looked for, and past the
 * compiling of what runs once a second, which takes minutes.
 */
const WARM_UP_MS = 150_000;
const MEASURED_MS = 15_000;
const WATCHED_TICKS = 40;
const WATCHED_SCRAPES = 24;
/** Of one core, for each 100 containers. */
const CPU_BAR_PERCENT = 1;
const RESIDENT_BARS: Readonly<Record<number, number>> = { 100: 90, 1000: 150 };
/** At 1,000 containers. */
const GAP_BAR_MS = 10;
const SCRAPE_BAR_MS = 60;

const atMost = (limit: number): Pick<BenchRow, 'peer' | 'peerValue' | 'bar'> => ({
  peer: 'limit',
  peerValue: limit,
  bar: { atMost: 1 },
});

interface Agent extends AsyncDisposable {
  readonly count: number;
  readonly statsd: StatsdProcess;
}

/** What the agent tells of its last tick, each time that it was asked. */
class Ticks {
  readonly tookMs: number[] = [];
  readonly heldMs: number[] = [];
  readonly lateMs: number[] = [];

  take(metrics: string): void {
    this.tookMs.push(metricIn(metrics, 'weft_statsd_tick_seconds') * 1000);
    this.heldMs.push(metricIn(metrics, 'weft_statsd_tick_held_seconds') * 1000);
    this.lateMs.push(metricIn(metrics, 'weft_statsd_tick_late_seconds') * 1000);
  }
}

interface Scrapes {
  /** Beside which ticks went on. */
  readonly ticks: Ticks;
  readonly tookMs: number[];
  /** The longest that anything else waited for an answer meanwhile. */
  readonly gapMs: number[];
}

/** Asks for something else again and again while a scrape goes on: the longest that it waited, mostly for the event loop. */
async function waitDuring(scrape: Promise<unknown>, url: string): Promise<number> {
  const answer = { ended: false };
  let gapMs = 0;
  const ended = scrape.finally(() => {
    answer.ended = true;
  });
  while (!answer.ended) {
    const askedMs = performance.now();
    await httpGet(url);
    gapMs = Math.max(gapMs, performance.now() - askedMs);
  }
  await ended;
  return gapMs;
}

async function startAgent(count: number): Promise<Agent> {
  await using started = new AsyncDisposableStack();
  const many = started.use(manyCgroups(`bench-${count}`));
  many.add(count);
  const statsd = started.use(await startStatsd([...many.flags]));
  await allSeen(statsd, count);
  const kept = started.move();
  return { count, statsd, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function cpuRows({ count, statsd }: Agent): Promise<BenchRow[]> {
  const { pid } = statsd.process;
  const [cpuPercent, limit] = await Promise.all([
    cpuPercentOver(() => [pid], MEASURED_MS),
    bareLimit(pid, MEASURED_MS / 1000 - 5),
  ]);
  return [
    {
      name: `CPU, ${count} containers at 1 Hz`,
      value: cpuPercent,
      unit: '% of a core',
      ...atMost((CPU_BAR_PERCENT * count) / 100),
    },
    {
      name: `CPU, ${count} containers, against the same preads in C`,
      value: cpuPercent,
      unit: '% of a core',
      peer: 'C loop, this run',
      peerValue: limit.cpuPercent,
      bar: { atMost: 1.5 },
    },
    { name: `CPU a container-second, ${count} containers`, value: (cpuPercent * 1e4) / count, unit: 'µs' },
  ];
}

function residentRow({ count, statsd }: Agent, barMebibytes: number): BenchRow {
  const value = residentMebibytes(statsd.process.pid);
  return { name: `resident memory, ${count} containers`, value, unit: 'MiB', ...atMost(barMebibytes) };
}

/** Ticks of an agent that is asked for nothing while they go on: between one and the next it tells of the last. */
async function watchTicks({ statsd }: Agent): Promise<Ticks> {
  const ticks = new Ticks();
  const readAtMs = Number(/^container_last_seen\{.*\} (\S+)$/m.exec(await statsd.metrics())?.[1]) * 1000;
  for (let tick = 0; tick < WATCHED_TICKS; tick += 1) {
    await sleep(1000 - ((Date.now() - readAtMs - 500) % 1000));
    ticks.take(await statsd.metrics());
  }
  return ticks;
}

/** Three scrapes a second, whenever they come. */
async function watchScrapes({ statsd }: Agent): Promise<Scrapes> {
  const watched: Scrapes = { ticks: new Ticks(), tookMs: [], gapMs: [] };
  await using scraper = new Scraper();
  const at = (path: string): string => `http://${statsd.listen}/${path}`;
  for (let turn = 0; turn < WATCHED_SCRAPES; turn += 1) {
    const startMs = performance.now();
    watched.ticks.take(await statsd.metrics());
    watched.tookMs.push(await scraper.scrape(at('metrics')));
    watched.gapMs.push(await waitDuring(scraper.scrape(at('metrics')), at('healthz')));
    await sleep(1000 - ((performance.now() - startMs) % 1000));
  }
  return watched;
}

function watchedRows(count: number, quiet: Ticks, scraped: Scrapes): BenchRow[] {
  const row = (name: string, value: number, barMs: number): BenchRow => ({ name, value, unit: 'ms', ...atMost(barMs) });
  const held = `${count} containers: event loop held, p99`;
  return [
    row(`a tick, ${held}`, quantile(quiet.heldMs, 0.99), GAP_BAR_MS),
    row(`a tick beside three scrapes a second, ${held}`, quantile(scraped.ticks.heldMs, 0.99), GAP_BAR_MS),
    row(`a tick, ${count} containers: begin to end, p99`, quantile(quiet.tookMs, 0.99), GAP_BAR_MS),
    row(`event-loop gap before a tick, ${count} containers, p99`, quantile(quiet.lateMs, 0.99), GAP_BAR_MS),
    row(`one scrape of /metrics, ${count} containers, median`, quantile(scraped.tookMs, 0.5), SCRAPE_BAR_MS),
    row(
      `longest wait for anything else during a scrape, ${count} containers, median`,
      quantile(scraped.gapMs, 0.5),
      GAP_BAR_MS,
    ),
  ];
}

/**
 * One agent for each count, each with cgroups of its own, all at the same time: together they use less than a fifth of a core, at
 * moments of their own, and one warm-up serves all. CPU is taken without scrapes, the limit next to it. How long ticks and scrapes
 * take is looked at last, of the one agent that is left: four that run into each other say nothing of that.
 */
async function countRows(): Promise<BenchRow[]> {
  await using agents = new AsyncDisposableStack();
  const started: Agent[] = [];
  for (const count of COUNTS) started.push(agents.use(await startAgent(count)));
  await sleep(WARM_UP_MS);
  const rows = (await Promise.all(started.map(cpuRows))).flat();
  for (const agent of started) {
    const barMebibytes = RESIDENT_BARS[agent.count];
    if (barMebibytes !== undefined) rows.push(residentRow(agent, barMebibytes));
  }
  for (const agent of started) if (agent.count !== MANY) await agent[Symbol.asyncDispose]();
  const many = started.find(({ count }) => count === MANY);
  if (many !== undefined) rows.push(...watchedRows(MANY, await watchTicks(many), await watchScrapes(many)));
  return rows;
}

/** `weft statsd` at 1 Hz over few and many containers, against `docker stats` and the bare limit. */
export const runStatsBench: Bench = async () => [...(await countRows()), ...(await dockerRows())];
