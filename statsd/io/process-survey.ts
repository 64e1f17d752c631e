import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Clock } from '../../native/host/clock.ts';
import { openFilesLimit, parseStat, taskStateOf, type ProcessCounts, type ProcStat } from '../model/process-text.ts';
import { isMember } from './init-process.ts';
import { LoopShare } from './loop-share.ts';

/** Looked at in one container; what is beyond makes a sum unknown. */
const MAX_PROCESSES = 4096;
const MAX_DESCRIPTORS = 20_000;
const MAX_TASKS = 4096;
/** Sub-cgroups of a container are at most so deep. */
const MAX_DEPTH = 4;

/** One process. `descriptors` is `undefined` where this agent may not look. */
export interface SurveyedProcess {
  readonly pid: number;
  readonly stat: ProcStat;
  readonly descriptors: number | undefined;
}

export interface ProcessSurvey {
  readonly counts: ProcessCounts;
  /** By pid. */
  readonly processes: readonly SurveyedProcess[];
}

export interface SurveyPlace {
  readonly procfs: string;
  /** Full path of the container's directory in the tree where it was found. */
  readonly directory: string;
  readonly cgroupPath: string;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // the process ended, or this is not allowed
  }
}

/** Processes in a cgroup and below it; ends at the bound. */
function pidsIn(directory: string, depth = 0): number[] {
  const own = (textOf(`${directory}/cgroup.procs`) ?? '')
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
  if (depth === MAX_DEPTH) return own;
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true }))
      if (entry.isDirectory() && own.length <= MAX_PROCESSES)
        own.push(...pidsIn(`${directory}/${entry.name}`, depth + 1));
  } catch {
    // it ended
  }
  return own.slice(0, MAX_PROCESSES + 1);
}

/** Adds up, within bounds. */
class Sums {
  descriptors = 0;
  sockets = 0;
  seenTasks = 0;
  readonly tasks = { running: 0, sleeping: 0, stopped: 0, uninterruptible: 0 };

  /** How many a process holds. */
  addDescriptors(folder: string): number | undefined {
    let names: string[];
    try {
      names = readdirSync(`${folder}/fd`);
    } catch {
      this.descriptors = Number.NaN;
      this.sockets = Number.NaN;
      return undefined;
    }
    this.descriptors += names.length;
    if (this.descriptors > MAX_DESCRIPTORS) this.sockets = Number.NaN;
    if (!Number.isNaN(this.sockets)) this.sockets += names.filter((name) => isSocket(`${folder}/fd/${name}`)).length;
    return names.length;
  }

  addTasks(folder: string, process: ProcStat): void {
    this.seenTasks += process.threads;
    if (this.seenTasks > MAX_TASKS) return;
    for (const letter of process.threads > 1 ? threadStates(folder) : [process.state]) {
      const state = taskStateOf(letter);
      if (state !== undefined) this.tasks[state] += 1;
    }
  }
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('socket:');
  } catch {
    return false; // closed meanwhile
  }
}

function threadStates(folder: string): string[] {
  try {
    return readdirSync(`${folder}/task`).flatMap(
      (thread) => parseStat(textOf(`${folder}/task/${thread}/stat`) ?? '')?.state ?? [],
    );
  } catch {
    return [];
  }
}

/**
 * Looks at every process of a container: what it is, and what it holds. A pid may be given to another process at any moment:
 * one counts only if it was in the container. The event loop is given back every few milliseconds.
 */
export async function surveyProcesses(place: SurveyPlace, clock: Clock): Promise<ProcessSurvey> {
  const { procfs, directory, cgroupPath } = place;
  const share = new LoopShare(clock);
  const sums = new Sums();
  const processes: SurveyedProcess[] = [];
  let limit: number | undefined;
  const pids = pidsIn(directory).toSorted((a, b) => a - b);
  for (const pid of pids.slice(0, MAX_PROCESSES)) {
    const folder = `${procfs}/${pid}`;
    const stat = parseStat(textOf(`${folder}/stat`) ?? '');
    if (stat === undefined || !isMember(textOf(`${folder}/cgroup`) ?? '', cgroupPath)) continue;
    limit ??= openFilesLimit(textOf(`${folder}/limits`) ?? '');
    sums.addTasks(folder, stat);
    processes.push({ pid, stat, descriptors: sums.addDescriptors(folder) });
    if (share.isUsedUp) await share.giveBack();
  }
  const isWhole = pids.length <= MAX_PROCESSES;
  const orUnknown = (sum: number): number => (isWhole ? sum : Number.NaN);
  const counts = {
    processes: orUnknown(processes.length),
    descriptors: orUnknown(sums.descriptors),
    sockets: orUnknown(sums.sockets),
    openFilesLimit: limit ?? Number.NaN,
    tasks: isWhole && sums.seenTasks <= MAX_TASKS ? sums.tasks : undefined,
  };
  return { counts, processes };
}
