import { writeFileAtomic } from '../../native/host/atomic-file.ts';
import { FatalError } from '../../native/host/lifecycle.ts';
import { open, rm } from 'node:fs/promises';

interface AgentState {
  readonly pid: number | undefined;
  /** `ADDRESS:PORT` of its status server; reachable from the machine. */
  readonly listen: string;
}

/** What `--state FILE` holds: all that a script needs to work with the running demo. Absent pids belong to what is down just now. */
export interface DemoState {
  readonly dashboard: { readonly url: string; readonly loginToken: string; readonly apiToken: string };
  readonly etcd: { readonly endpoint: string };
  readonly hosts: readonly {
    readonly name: string;
    readonly namespace: string;
    readonly underlayAddress: string;
    readonly subnet: string;
    readonly flanneld: AgentState;
    readonly statsd: AgentState;
  }[];
  readonly containers: readonly {
    readonly name: string;
    readonly host: string;
    readonly address: string;
    readonly pid: number | undefined;
    readonly cgroup: string;
  }[];
}

/** Finds out before anything is built whether the file can be written. @throws {FatalError} exit code 2. */
export async function assertWritable(path: string): Promise<void> {
  const trial = `${path}.${process.pid}.tmp`;
  try {
    await (await open(trial, 'wx', 0o600)).close();
    await rm(trial);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FatalError(`cannot write the state file ${path}: ${why}; choose another with --state`, {
      exitCode: 2,
      cause,
    });
  }
}

/** Readable by its owner only: it holds tokens. @throws {HostFileError} */
export async function writeState(path: string, state: DemoState): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(state, undefined, 2)}\n`, 0o600);
}
