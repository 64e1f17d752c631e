import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/** An overlay agent that runs in this network namespace. */
export interface RunningAgent {
  readonly pid: number;
  readonly name: 'flanneld' | 'weft flanneld';
}

/** What a command line is, if it is an overlay agent's. */
export function agentOf(argv: readonly string[]): RunningAgent['name'] | undefined {
  const program = basename(argv[0] ?? '');
  if (program === 'flanneld') return 'flanneld';
  // Options of Node.js stand before the script.
  const script = argv.findIndex((word) => /(?:^|\/)(?:cli\/main\.[jt]s|bundle\/weft\.js)$/.test(word));
  return program === 'node' && script > 0 && argv[script + 1] === 'flanneld' ? 'weft flanneld' : undefined;
}

async function agentAt(pid: string, namespace: string): Promise<RunningAgent | undefined> {
  try {
    if ((await readlink(`/proc/${pid}/ns/net`)) !== namespace) return undefined;
    const name = agentOf((await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0'));
    return name && { pid: Number(pid), name };
  } catch {
    return undefined; // it has ended meanwhile, or is the kernel's
  }
}

/** The overlay agents whose devices would be taken away under them. */
export async function runningAgents(): Promise<RunningAgent[]> {
  const namespace = await readlink('/proc/self/ns/net');
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const agents = await Promise.all(pids.map((pid) => agentAt(pid, namespace)));
  return agents.filter((agent) => agent !== undefined);
}
