import type { ProcessesView } from '../status-wire.ts';
import type { ProcessCounts, ProcStat } from './process-text.ts';

const MAX_LISTED = 200;
/** USER_HZ, which the kernel fixes for all it tells users. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

export interface ProcessFacts {
  readonly counts: ProcessCounts;
  readonly processes: readonly {
    readonly pid: number;
    readonly stat: ProcStat;
    readonly descriptors: number | undefined;
  }[];
}

/** A container's processes for the API; what is unknown is left out. */
export function processesView(
  facts: ProcessFacts,
  about: { readonly key: string; readonly timeUnixMs: number; readonly bootTimeUnixMs: number | undefined },
): ProcessesView {
  const { key, timeUnixMs, bootTimeUnixMs } = about;
  const { tasks, ...numbers } = facts.counts;
  const known = Object.fromEntries(Object.entries(numbers).filter(([, value]) => Number.isFinite(value)));
  const largest = facts.processes.toSorted((a, b) => b.stat.residentPages - a.stat.residentPages || a.pid - b.pid);
  return {
    v: 1,
    timeUnixMs,
    key,
    ...known,
    ...(tasks === undefined ? {} : { tasks }),
    list: largest.slice(0, MAX_LISTED).map(({ pid, stat, descriptors }) => ({
      ...{ pid, command: stat.command, state: stat.state, threads: stat.threads },
      ...(descriptors === undefined ? {} : { descriptors }),
      residentBytes: stat.residentPages * PAGE_BYTES,
      cpuSeconds: stat.cpuTicks / TICKS_PER_SECOND,
      ...(bootTimeUnixMs === undefined
        ? {}
        : { startedAtUnixMs: bootTimeUnixMs + (stat.startTicks * 1000) / TICKS_PER_SECOND }),
    })),
  };
}
