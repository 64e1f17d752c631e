import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDockerd } from '../support/docker.ts';
import { makeNamespace } from '../support/netns.ts';
import { startProcess } from '../support/processes.ts';
import { startStatsd } from '../support/statsd.ts';
import { until } from '../support/until.ts';
import type { BenchRow } from './row.ts';
import { allSeen, cpuPercentOver } from './stats-watch.ts';

const CONTAINERS = 38;
const SETTLE_MS = 8000;
const MEASURED_MS = 10_000;

/** A process and everything that it started, by the kernel's own list. */
function family(pid: number): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
    );
    return [pid, ...children.flatMap(family)];
  } catch {
    return []; // ended meanwhile
  }
}

const nameOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
};

/** dockerd, containerd and every shim of this daemon; shims leave their parent, so they are found by their name and folder. */
function daemons(dockerdPid: number, folder: string): number[] {
  const shims = readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry) || !nameOf(Number(entry)).startsWith('containerd-shim')) return [];
    try {
      return readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(folder) ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
  const own = family(dockerdPid).filter((pid) => !nameOf(pid).startsWith('sleep'));
  return [...new Set([...own, ...shims])];
}

/** `docker stats` over 38 idle containers of a real dockerd, and the agent over the same ones. */
export async function dockerRows(): Promise<BenchRow[]> {
  await using namespace = await makeNamespace('bench');
  await using engine = await startDockerd(namespace.name, ['--iptables=false', '--bridge=none']);
  const started = Array.from({ length: CONTAINERS }, () => engine.start(['sleep', '86400'], ['--network', 'none']));
  await using ends = new AsyncDisposableStack();
  ends.defer(async () => {
    // All at once, so that removing them one by one has nothing to wait for.
    for (const { pid } of started) process.kill(pid, 'SIGKILL');
    await until(() => engine.client('ps', '--quiet') === '', { what: 'all containers ended', timeoutMs: 60_000 });
  });
  const pids = (): number[] => daemons(engine.pid, engine.folder);
  await sleep(SETTLE_MS);
  const idle = await cpuPercentOver(pids, MEASURED_MS);
  const client = await startProcess(['docker', '--host', `unix://${engine.socket}`, 'stats', '--format', '{{.Name}}']);
  await sleep(5000);
  const streaming = await cpuPercentOver(() => [...pids(), client.pid], MEASURED_MS);
  await client[Symbol.asyncDispose]();
  await using statsd = await startStatsd(['--cgroup-root', engine.cgroup, '--docker-root', `${engine.folder}/data`]);
  await allSeen(statsd, CONTAINERS);
  await sleep(SETTLE_MS);
  const own = await cpuPercentOver(() => [statsd.process.pid], MEASURED_MS);
  return [
    {
      name: `CPU, ${CONTAINERS} idle docker containers at 1 Hz`,
      value: own,
      unit: '% of a core',
      peer: '`docker stats`: daemons over idle, and client; this run',
      peerValue: streaming - idle,
      bar: { atMost: 1 / 8 },
    },
  ];
}
