import { rmSync, existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/until.ts';
import { secondsBetween } from './kernel-clock.ts';
import { batchSeconds } from './overlay-batch.ts';
import { makeLab, rssMib, type OverlayLab } from './overlay-lab.ts';
import { quantile, type Bench, type BenchRow } from './row.ts';

const SIZES = [
  { peers: 2_000, rounds: 5, rssMib: 110 },
  { peers: 10_000, rounds: 3, rssMib: 160 },
] as const;
const RESTARTS = 5;
/** Until the litter of the start is collected. */
const SETTLED_MS = 8000;
const RESTART_SECONDS = 1;

interface ColdSync {
  /** From the start of the process to the last route. */
  readonly startSeconds: number;
  /** From the first entry in the kernel to the last route. */
  readonly writeSeconds: number;
  readonly rssMib: number;
}

/** What an agent has in memory some seconds after the last route, when the start is over. */
async function settledMib(lab: OverlayLab, peers: number, flags: readonly string[]): Promise<number> {
  rmSync(lab.subnetFile, { force: true });
  using clock = lab.clock();
  await using agent = await lab.start(flags);
  await clock.route(peers, () => (agent.exit() === undefined ? undefined : agent.stderr().slice(-2000)));
  await sleep(SETTLED_MS);
  const mebibytes = rssMib(agent.pid);
  await agent.stop();
  lab.wipe();
  return mebibytes;
}

async function coldSync(lab: OverlayLab, peers: number, flags: readonly string[]): Promise<ColdSync> {
  rmSync(lab.subnetFile, { force: true });
  using clock = lab.clock();
  const startNanos = process.hrtime.bigint();
  await using agent = await lab.start(flags);
  const last = await clock.route(peers, () => (agent.exit() === undefined ? undefined : agent.stderr().slice(-2000)));
  await until(() => existsSync(lab.subnetFile), { what: 'the first pass ends', everyMs: 5 });
  const sync = {
    startSeconds: secondsBetween(startNanos, last),
    writeSeconds: secondsBetween(clock.firstNanos ?? last, last),
    rssMib: rssMib(agent.pid),
  };
  await agent.stop();
  lab.wipe();
  return sync;
}

/** A restart over a kernel that is as it should be: seconds from the start to the end of the first pass, and what was written. */
async function restart(lab: OverlayLab): Promise<{ seconds: number; writes: number }> {
  rmSync(lab.subnetFile);
  using clock = lab.clock();
  const startNanos = process.hrtime.bigint();
  await using agent = await lab.start();
  await until(() => existsSync(lab.subnetFile) || agent.exit() !== undefined, {
    what: 'the first pass ends',
    everyMs: 1,
  });
  const seconds = secondsBetween(startNanos, process.hrtime.bigint());
  await agent.stop();
  return { seconds, writes: clock.writes.length };
}

const medianOf = <T>(runs: readonly T[], figure: (run: T) => number): number => quantile(runs.map(figure), 0.5);

async function measureSize(lab: OverlayLab, size: (typeof SIZES)[number]): Promise<BenchRow[]> {
  const { peers, rounds } = size;
  const plain: ColdSync[] = [];
  const nexthop: ColdSync[] = [];
  const batch: number[] = [];
  const nexthopBatch: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    plain.push(await coldSync(lab, peers, []));
    batch.push(await batchSeconds(lab, peers, 'plain'));
    nexthop.push(await coldSync(lab, peers, ['--nexthop-objects']));
    nexthopBatch.push(await batchSeconds(lab, peers, 'nexthop'));
  }
  const peerValue = quantile(batch, 0.5);
  const name = `cold sync of ${peers} leases`;
  const rows: BenchRow[] = [];
  for (const [kind, runs, atMost] of [
    ['', plain, 1.3],
    [' with nexthop objects', nexthop, 0.3],
  ] as const) {
    rows.push(
      {
        name: `${name}${kind}: process start → last route (median of ${rounds})`,
        value: medianOf(runs, ({ startSeconds }) => startSeconds),
        unit: 's',
        peer: 'ip -batch and bridge -batch, same entries',
        peerValue,
        bar: { atMost },
      },
      {
        name: `${name}${kind}: first write → last route (median of ${rounds})`,
        value: medianOf(runs, ({ writeSeconds }) => writeSeconds),
        unit: 's',
        peer: 'ip -batch and bridge -batch, same entries',
        peerValue,
        bar: { atMost },
      },
    );
  }
  rows.push(
    {
      name: `${name} with nexthop objects: first write → last route, against the same by hand`,
      value: medianOf(nexthop, ({ writeSeconds }) => writeSeconds),
      unit: 's',
      peer: 'ip -batch and bridge -batch with nexthop objects',
      peerValue: quantile(nexthopBatch, 0.5),
    },
    {
      name: `RSS at the last route of the cold sync of ${peers} (largest of ${2 * rounds})`,
      value: Math.max(...[...plain, ...nexthop].map((run) => run.rssMib)),
      unit: 'MiB',
    },
    {
      name: `RSS ${SETTLED_MS / 1000} s after the cold sync of ${peers}, with and without nexthop objects, the larger`,
      value: Math.max(await settledMib(lab, peers, []), await settledMib(lab, peers, ['--nexthop-objects'])),
      unit: 'MiB',
      peer: 'limit',
      peerValue: size.rssMib,
      bar: { atMost: 1 },
    },
  );
  return rows;
}

async function measureRestarts(lab: OverlayLab, peers: number): Promise<BenchRow[]> {
  {
    using clock = lab.clock();
    await using agent = await lab.start();
    await clock.route(peers, () => (agent.exit() === undefined ? undefined : agent.stderr().slice(-2000)));
    await until(() => existsSync(lab.subnetFile), { what: 'the first pass ends', everyMs: 5 });
    await agent.stop();
  }
  const runs: Awaited<ReturnType<typeof restart>>[] = [];
  for (let run = 0; run < RESTARTS; run += 1) runs.push(await restart(lab));
  lab.wipe();
  return [
    {
      name: `restart in sync at ${peers}: process start → first pass done (slowest of ${RESTARTS})`,
      value: Math.max(...runs.map(({ seconds }) => seconds)),
      unit: 's',
      peer: 'limit',
      peerValue: RESTART_SECONDS,
      bar: { atMost: 1 },
    },
    {
      name: `restart in sync at ${peers}: kernel writes (most of ${RESTARTS})`,
      value: Math.max(...runs.map(({ writes }) => writes)),
      unit: 'writes',
      peer: 'limit',
      peerValue: 0,
      bar: { atMost: 0 },
    },
  ];
}

/** From nothing to all routes, and from all routes to none too many: 2,000 and 10,000 leases. */
export const runOverlaySyncBench: Bench = async () => {
  await using lab = await makeLab({ hosts: 1 });
  const rows: BenchRow[] = [];
  let filled = 0;
  for (const size of SIZES) {
    await lab.writer.ask(`fill ${filled + 1} ${size.peers - filled}`);
    filled = size.peers;
    rows.push(...(await measureSize(lab, size)));
    if (size.peers === SIZES[0].peers) rows.push(...(await measureRestarts(lab, size.peers)));
  }
  return rows;
};
