import { cleanText } from './text.ts';

/** What `/proc/PID/stat` tells of one process, or of one thread. */
export interface ProcStat {
  readonly command: string;
  /** The kernel's letter: R, S, D, T, t, Z, I, X. */
  readonly state: string;
  readonly cpuTicks: number;
  readonly threads: number;
  /** Since boot, in ticks; with the pid it names a process for ever. */
  readonly startTicks: number;
  readonly residentPages: number;
}

/** @returns `undefined` for a text that is none; the command may hold spaces, parentheses and line ends. */
export function parseStat(text: string): ProcStat | undefined {
  const [from, to] = [text.indexOf('('), text.lastIndexOf(')')];
  const fields = text.slice(to + 2).split(' ');
  const number = (at: number): number => Number(fields[at] ?? 'x');
  const stat = {
    command: cleanText(text.slice(from + 1, to)),
    state: fields[0] ?? '',
    cpuTicks: number(11) + number(12),
    threads: number(17),
    startTicks: number(19),
    residentPages: number(21),
  };
  const isWhole = [stat.cpuTicks, stat.threads, stat.startTicks, stat.residentPages].every(Number.isSafeInteger);
  return from > 0 && to > from && isWhole ? stat : undefined;
}

/** cAdvisor's words. */
export const TASK_STATES = ['running', 'sleeping', 'stopped', 'uninterruptible'] as const;
export type TaskState = (typeof TASK_STATES)[number];

const STATE_OF: Readonly<Record<string, TaskState>> = {
  R: 'running',
  S: 'sleeping',
  I: 'sleeping',
  T: 'stopped',
  t: 'stopped',
  D: 'uninterruptible',
};

/** In cAdvisor's words; `undefined` for a zombie, which is none of them. */
export const taskStateOf = (letter: string): TaskState | undefined =>
  Object.hasOwn(STATE_OF, letter) ? STATE_OF[letter] : undefined;

/** The soft limit on open files in `/proc/PID/limits`; Infinity for none, NaN when it does not tell. */
export function openFilesLimit(limits: string): number {
  const word = /^Max open files +(\S+)/m.exec(limits)?.[1];
  if (word === 'unlimited') return Infinity;
  return word === undefined || !/^\d+$/.test(word) ? Number.NaN : Number(word);
}

/** What the processes of a container hold, added up; NaN for what could not be seen of every one. */
export interface ProcessCounts {
  readonly processes: number;
  readonly descriptors: number;
  readonly sockets: number;
  /** Soft limit of the first process; Infinity for none. */
  readonly openFilesLimit: number;
  /** Threads by state; `undefined` when there were too many to look at. */
  readonly tasks: Readonly<Record<TaskState, number>> | undefined;
}
