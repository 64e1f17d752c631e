import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatsdProcess } from '../support/statsd.ts';
import { until } from '../support/until.ts';

/** CPU time of every thread so far, nanoseconds: the scheduler's own count, exact where /proc/PID/stat has 10 ms steps. */
function cpuNanos(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    return sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ', 1)[0]);
  }, 0);
}

/** The value of a metric without labels. */
export const metricIn = (text: string, name: string): number =>
  Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);

/** Until so many containers are seen; many need a while to appear. */
export async function allSeen(statsd: StatsdProcess, count: number): Promise<void> {
  await until(async () => metricIn(await statsd.metrics(), 'weft_statsd_containers') === count, {
    what: `${count} containers are seen`,
    timeoutMs: 60_000,
    everyMs: 1000,
  });
}

/** Part of one core that a process used meanwhile. */
export async function cpuPercentOver(pids: () => readonly number[], ms: number): Promise<number> {
  const nanosOf = (pid: number): number => {
    try {
      return cpuNanos(pid);
    } catch {
      return Number.NaN; // ended
    }
  };
  const before = new Map(pids().map((pid) => [pid, nanosOf(pid)]));
  const startMs = performance.now();
  await sleep(ms);
  const used = [...before].reduce((sum, [pid, nanos]) => sum + (nanosOf(pid) - nanos || 0), 0);
  return (used / 1e6 / (performance.now() - startMs)) * 100;
}

const MEBIBYTE = 1024 * 1024;

/** What a process has in memory. */
export function residentMebibytes(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return (pages * 4096) / MEBIBYTE;
}
