import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readBounded } from './bounded-file.ts';
import { isMember, parseProcStat } from './init-process.ts';

const MAX_DEPTH = 4;
/** The first process is among the first in its cgroup, unless the numbers have begun anew. */
const MAX_PIDS = 64;
const MAX_PROCS_BYTES = 4096;
const MAX_STAT_BYTES = 4096;
const MAX_STATUS_BYTES = 16 * 1024;
const MAX_CGROUP_BYTES = 64 * 1024;
/** The kernel's clock, in which starts are told. */
const MS_PER_TICK = 10;

/** How deep the process namespace lies of which a `/proc/PID/status` text is the first process; `undefined` for all others. */
export function depthAsInit(status: string): number | undefined {
  const pids = /^NSpid:\s+(.*)$/m.exec(status)?.[1]?.trim().split(/\s+/) ?? [];
  return pids.length > 1 && pids.at(-1) === '1' ? pids.length : undefined;
}

async function pidsIn(directory: string, depth = 0): Promise<number[]> {
  const text = (await readBounded(join(directory, 'cgroup.procs'), MAX_PROCS_BYTES)) ?? '';
  const pids = text
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
  if (pids.length > 0 || depth === MAX_DEPTH) return pids.slice(0, MAX_PIDS);
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const found = entry.isDirectory() ? await pidsIn(join(directory, entry.name), depth + 1) : [];
    if (found.length > 0) return found;
  }
  return [];
}

export interface RunPlace {
  readonly procfs: string;
  /** Full path of the container's directory in the tree where it was found. */
  readonly directory: string;
  readonly cgroupPath: string;
}

/** The first process of the outermost process namespace that begins in a cgroup. */
async function findInit({ procfs, directory }: RunPlace): Promise<number | undefined> {
  let [init, least] = [undefined as number | undefined, Infinity];
  for (const pid of await pidsIn(directory)) {
    const depth = depthAsInit((await readBounded(`${procfs}/${pid}/status`, MAX_STATUS_BYTES)) ?? '') ?? Infinity;
    if (depth < least) [init, least] = [pid, depth];
  }
  return init;
}

/**
 * When a container's run began, where no runtime wrote it: the start of the first process of its process namespace, with which
 * all others end. `undefined` for containers without a namespace of their own, whose oldest process may be younger than they are.
 */
export async function readRunBeginning(place: RunPlace, nowMs: () => number): Promise<number | undefined> {
  const { procfs, cgroupPath } = place;
  const pid = await findInit(place);
  if (pid === undefined) return undefined;
  const cgroups = (await readBounded(`${procfs}/${pid}/cgroup`, MAX_CGROUP_BYTES)) ?? '';
  const stat = parseProcStat((await readBounded(`${procfs}/${pid}/stat`, MAX_STAT_BYTES)) ?? '');
  const uptimeSeconds = Number.parseFloat((await readBounded(`${procfs}/uptime`, 256)) ?? '');
  const nowUnixMs = nowMs();
  if (stat === undefined || !isMember(cgroups, cgroupPath) || Number.isNaN(uptimeSeconds)) return undefined;
  return Math.round(nowUnixMs - uptimeSeconds * 1000 + stat.startTicks * MS_PER_TICK);
}
