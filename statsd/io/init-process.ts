import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { tagVariables } from '../model/tags.ts';
import { readBounded } from './bounded-file.ts';

/** The oldest process of a container, proved to be in its cgroup. */
export interface InitProcess {
  readonly pid: number;
  /** Since boot, in ticks of the kernel's clock; with the pid it names a process for ever. */
  readonly startTicks: number;
  /** Folder of its parent, when that is a shim of containerd. */
  readonly shimFolder: string | undefined;
  /** Variables that tags are made of, when this agent may see them. */
  readonly variables: Readonly<Record<string, string>>;
}

const MAX_STAT_BYTES = 4096;
const MAX_ENVIRON_BYTES = 256 * 1024;
const MAX_CGROUP_BYTES = 64 * 1024;
/** A container's own processes may be in a cgroup below its own. */
const MAX_DEPTH = 4;

/** Parent and start of a `/proc/PID/stat` text; the command may hold spaces and parentheses. */
export function parseProcStat(text: string): { readonly parent: number; readonly startTicks: number } | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [parent, startTicks] = [Number(fields[1]), Number(fields[19])];
  return Number.isSafeInteger(parent) && Number.isSafeInteger(startTicks) && fields.length > 19
    ? { parent, startTicks }
    : undefined;
}

/** Whether a `/proc/PID/cgroup` text says that the process is in a cgroup or below it, in any hierarchy. */
export function isMember(text: string, cgroupPath: string): boolean {
  return text.split('\n').some((line) => {
    const path = line.split(':').slice(2).join(':');
    // In a cgroup namespace of its own this agent sees a longer path than the hierarchy's.
    return path.endsWith(cgroupPath) || path.includes(`${cgroupPath}/`);
  });
}

async function firstPid(directory: string, depth = 0): Promise<number | undefined> {
  const pid = Number.parseInt((await readBounded(join(directory, 'cgroup.procs'), 64)) ?? '', 10);
  if (pid > 0) return pid;
  if (depth === MAX_DEPTH) return undefined;
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const found = entry.isDirectory() ? await firstPid(join(directory, entry.name), depth + 1) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

export interface InitPlace {
  readonly procfs: string;
  /** Full path of the container's directory in the tree where it was found. */
  readonly directory: string;
  readonly cgroupPath: string;
  /** Whether the environment is looked at too. */
  readonly environment: boolean;
}

/**
 * The first process of a container. Its pid may be given to another process at any moment: what is read counts only when
 * the process was in the container and was the same before and after.
 */
export async function findInitProcess(place: InitPlace): Promise<InitProcess | undefined> {
  const { procfs, directory, cgroupPath, environment } = place;
  const pid = await firstPid(directory);
  if (pid === undefined) return undefined;
  const folder = `${procfs}/${pid}`;
  const stat = async (): Promise<ReturnType<typeof parseProcStat>> =>
    parseProcStat((await readBounded(`${folder}/stat`, MAX_STAT_BYTES)) ?? '');
  const before = await stat();
  const cgroups = await readBounded(`${folder}/cgroup`, MAX_CGROUP_BYTES);
  if (before === undefined || cgroups === undefined || !isMember(cgroups, cgroupPath)) return undefined;
  const environ = environment ? await readBounded(`${folder}/environ`, MAX_ENVIRON_BYTES) : undefined;
  const cwd = await readlink(`${procfs}/${before.parent}/cwd`).catch(() => '');
  const after = await stat();
  if (after?.startTicks !== before.startTicks || after.parent !== before.parent) return undefined;
  return {
    pid,
    startTicks: before.startTicks,
    shimFolder: /^\/.*\/io\.containerd\.runtime\.[^/]+\.task\//.test(cwd) ? cwd : undefined,
    variables: tagVariables(environ?.split('\0') ?? []),
  };
}
