import { readFile } from 'node:fs/promises';

/** A process for good: numbers are given out again, the pair with the start time is not (within one boot). */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks after boot. */
  readonly startTicks: number;
}

/** Fields of /proc/PID/stat behind the command, which may hold spaces and brackets itself. @see proc(5) */
const STATE = 0;
const START_TICKS = 19;

/** `undefined` when there is no such process, or only its zombie. */
export async function processIdentity(pid: number): Promise<ProcessIdentity | undefined> {
  let text: string;
  try {
    text = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // ENOENT, or ESRCH when it ends between open and read
  }
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const startTicks = Number(fields[START_TICKS]);
  if (fields[STATE] === 'Z' || fields[STATE] === 'X' || !Number.isInteger(startTicks)) return undefined;
  return { pid, startTicks };
}

/** Whether exactly this process still runs. */
export async function stillRuns(identity: ProcessIdentity): Promise<boolean> {
  return (await processIdentity(identity.pid))?.startTicks === identity.startTicks;
}
