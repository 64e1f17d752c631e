import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inNamespace } from '../../cli/demo/namespaces.ts';
import { packageRoot } from '../../native/host/package-root.ts';
import { RTM, RTNLGRP } from '../../native/netlink/message.ts';
import { watchRoute } from '../../native/netlink/socket.ts';
import { startEtcd } from '../support/etcd.ts';
import { makeUnderlay } from '../support/netns.ts';
import { startWeft, untilReady, type TestProcess } from '../support/processes.ts';
import { until } from '../support/until.ts';
import type { Bench, BenchRow } from './row.ts';

const PEERS = 2_000;
const COLD_STARTS = 5;
const SINGLE_CHANGES = 300;
const MEBIBYTE = 1024 * 1024;
/** Real flanneld v0.20.2 on such a machine: process start to the last of 2,000 routes, and its resident memory. */
const FLANNELD_SYNC_SECONDS = 1.4;
const FLANNELD_RSS_MIB = 39;

interface Writer extends AsyncDisposable {
  /** Sends one line; resolves with the monotonic time at which the writer began. */
  ask(line: string): Promise<bigint>;
}

function startWriter(namespace: string, endpoint: string): Writer {
  const script = join(packageRoot(), 'test/bench/lease-writer.ts');
  const [file = '', ...args] = inNamespace(namespace, [process.execPath, script, endpoint]);
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (line) => {
      child.stdin.write(`${line}\n`);
      const { value } = await answers.next();
      const answer = JSON.parse(String(value)) as { startNanos: string };
      return BigInt(answer.startNanos);
    },
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}

/** Counts route events of a namespace with the monotonic time of each. */
class RouteClock implements Disposable {
  readonly arrivals: bigint[] = [];
  readonly #watch;

  constructor(namespace: string) {
    this.#watch = watchRoute({
      netns: { kind: 'name', name: namespace },
      groups: [RTNLGRP.IPV4_ROUTE],
      receiveBufferBytes: 16 * MEBIBYTE,
      onFatal: (error) => {
        throw error;
      },
      onEvents: ({ messages, overrun }) => {
        if (overrun) throw new RangeError('route events were lost');
        const now = process.hrtime.bigint();
        for (const { type } of messages) if (type === RTM.NEWROUTE || type === RTM.DELROUTE) this.arrivals.push(now);
      },
    });
  }

  [Symbol.dispose](): void {
    this.#watch.close();
  }
}

function rssMib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** 2,000 leases: start to the last route, memory, and one lease change to the kernel. */
export const runOverlayBench: Bench = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  try {
    await using underlay = await makeUnderlay({ hosts: 1 });
    const [host] = underlay.hosts;
    if (host === undefined) throw new RangeError('no host');
    const { name } = host.namespace;
    await using etcd = await startEtcd({ namespace: underlay.fabric.name, addresses: [underlay.address] });
    await using writer = startWriter(underlay.fabric.name, etcd.endpoint);
    await writer.ask('config');
    await writer.ask(`fill 1 ${PEERS}`);
    const start = async (run: number): Promise<TestProcess> =>
      startWeft(
        [
          'flanneld',
          `--etcd-endpoints=${etcd.endpoint}`,
          `--state-dir=${folder}/state-${run}`,
          '--status-socket=',
          `--subnet-file=${folder}/subnet.env`,
          '--healthz-port=9100',
        ],
        { namespace: name },
      );

    const syncs: number[] = [];
    for (let run = 0; run < COLD_STARTS; run++) {
      using routes = new RouteClock(name);
      const startNanos = process.hrtime.bigint();
      await using agent = await start(0);
      await until(() => routes.arrivals.length >= PEERS || agent.exit() !== undefined, {
        what: `${PEERS} routes`,
        timeoutMs: 20_000,
        everyMs: 10,
      });
      const last = routes.arrivals[PEERS - 1];
      if (last === undefined) throw new RangeError(`the agent ended: ${agent.stderr()}`);
      syncs.push(Number(last - startNanos) / 1e9);
      await agent.stop();
      host.namespace.ip('link del flannel.1');
    }

    await using agent = await start(0);
    await untilReady(agent, { listen: '127.0.0.1:9100', namespace: name });
    const rss = rssMib(agent.pid);
    using routes = new RouteClock(name);
    const latencies: number[] = [];
    for (let change = 0; change < SINGLE_CHANGES; change++) {
      const before = routes.arrivals.length;
      const startNanos = await writer.ask(`${change % 2 === 0 ? 'put' : 'delete'} ${PEERS + 10 + (change >> 1)}`);
      const arrival = await until(() => routes.arrivals[before], { what: 'the route of a new lease', everyMs: 1 });
      latencies.push(Number(arrival - startNanos) / 1e6);
    }
    const rows: BenchRow[] = [
      {
        name: `cold sync of ${PEERS} leases: process start to last route (median of ${COLD_STARTS})`,
        value: quantile(syncs, 0.5),
        unit: 's',
        peer: 'flanneld v0.20.2',
        peerValue: FLANNELD_SYNC_SECONDS,
      },
      { name: `cold sync of ${PEERS} leases: slowest of ${COLD_STARTS}`, value: Math.max(...syncs), unit: 's' },
      {
        name: `RSS at ${PEERS} peers`,
        value: rss,
        unit: 'MiB',
        peer: 'flanneld v0.20.2',
        peerValue: FLANNELD_RSS_MIB,
      },
      { name: `one lease put or deleted → route, among ${PEERS}: p50`, value: quantile(latencies, 0.5), unit: 'ms' },
      { name: `one lease put or deleted → route, among ${PEERS}: p99`, value: quantile(latencies, 0.99), unit: 'ms' },
    ];
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
};
