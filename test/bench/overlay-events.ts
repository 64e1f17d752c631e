import { setTimeout as sleep } from 'node:timers/promises';
import { untilReady, type TestProcess } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { secondsBetween } from './kernel-clock.ts';
import { cpuSeconds, makeLab, rssMib, STATUS_LISTEN, type OverlayLab } from './overlay-lab.ts';
import { measureDrift } from './overlay-drift.ts';
import { quantile, type Bench, type BenchRow } from './row.ts';

const PEERS = 2_000;
const SINGLE_CHANGES = 400;
const BURST = 1_000;
/** Until the agent has collected its heap after the burst: it looks each 20 s whether it has become quiet. */
const SETTLE_SECONDS = 45;
/** Twice the agent's resync. */
const IDLE_SECONDS = 61;

async function singleChanges(lab: OverlayLab): Promise<BenchRow[]> {
  using clock = lab.clock();
  const sample: number[] = [];
  for (let change = 0; change < SINGLE_CHANGES; change += 1) {
    const before = clock.routes.length;
    const verb = change % 2 === 0 ? 'put' : 'delete';
    const { startNanos } = await lab.writer.ask(`${verb} ${PEERS + 10 + (change >> 1)}`);
    sample.push(secondsBetween(startNanos, await clock.route(before + 1)) * 1000);
  }
  const name = `one lease put or deleted → its route, among ${PEERS} peers`;
  return [
    { name: `${name}: p50 of ${SINGLE_CHANGES}`, value: quantile(sample, 0.5), unit: 'ms' },
    {
      name: `${name}: p99 of ${SINGLE_CHANGES}`,
      value: quantile(sample, 0.99),
      unit: 'ms',
      peer: 'limit',
      peerValue: 20,
      bar: { atMost: 1 },
    },
  ];
}

async function burst(lab: OverlayLab, verb: 'fill' | 'clear'): Promise<BenchRow> {
  using clock = lab.clock();
  const { startNanos, endNanos } = await lab.writer.ask(`${verb} ${PEERS + 1} ${BURST}`);
  const last = await clock.route(BURST);
  return {
    name: `${BURST} leases ${verb === 'fill' ? 'put' : 'deleted'} in a burst: first write to etcd → last route`,
    value: secondsBetween(startNanos, last),
    unit: 's',
    peer: 'etcd taking them, this run',
    peerValue: secondsBetween(startNanos, endNanos),
  };
}

async function atRest(agent: TestProcess): Promise<BenchRow[]> {
  await sleep(SETTLE_SECONDS * 1000);
  const before = cpuSeconds(agent.pid);
  await sleep(IDLE_SECONDS * 1000);
  return [
    {
      name: `CPU with ${PEERS} peers and nothing to do, over ${IDLE_SECONDS} s`,
      value: ((cpuSeconds(agent.pid) - before) / IDLE_SECONDS) * 100,
      unit: '% of a core',
      peer: 'limit',
      peerValue: 0.2,
      bar: { atMost: 1 },
    },
    {
      name: `RSS at ${PEERS} peers, after all of this`,
      value: rssMib(agent.pid),
      unit: 'MiB',
      peer: 'limit',
      peerValue: 110,
      bar: { atMost: 1 },
    },
  ];
}

/** A running agent with 2,000 peers: one lease, a thousand at once, somebody's meddling, and rest. */
export const runOverlayEventsBench: Bench = async () => {
  await using lab = await makeLab({ hosts: 1 });
  await lab.writer.ask(`fill 1 ${PEERS}`);
  await using agent = await lab.start();
  await untilReady(agent, { listen: STATUS_LISTEN, namespace: lab.hosts[0]?.namespace.name });
  const rows = await singleChanges(lab);
  rows.push(await burst(lab, 'fill'));
  await quiet(lab);
  rows.push(await burst(lab, 'clear'));
  await quiet(lab);
  rows.push(...(await measureDrift(lab)));
  await quiet(lab);
  rows.push(...(await atRest(agent)));
  return rows;
};

/** Half a second without a change of the kernel. */
async function quiet(lab: OverlayLab): Promise<void> {
  using clock = lab.clock();
  let seen = -1;
  await until(
    () => {
      const before = seen;
      seen = clock.writes.length;
      return before === seen;
    },
    { what: 'the kernel is left alone', everyMs: 500 },
  );
}
