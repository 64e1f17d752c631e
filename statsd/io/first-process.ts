import { readdirSync, readFileSync } from 'node:fs';

/** Sub-cgroups that runtimes put a container's processes into are at most so deep. */
const MAX_DEPTH = 3;
/**
 * Not of the container, though in its cgroup: systemd-nspawn itself is in the host's namespaces. On v2 it has a cgroup of its own
 * below the container's, on v1 it is beside the first process.
 */
const SUPERVISOR = { command: 'systemd-nspawn', folder: 'supervisor' };

function isSupervisor(pid: number, procfs: string): boolean {
  try {
    return readFileSync(`${procfs}/${pid}/comm`, 'utf8').trimEnd() === SUPERVISOR.command;
  } catch {
    return false; // it ended
  }
}

/** The first process of a container in a cgroup or, where runtimes nest, below it. */
export function firstPid(directory: string, procfs: string, depth = 0): number | undefined {
  try {
    const pids = readFileSync(`${directory}/cgroup.procs`, 'utf8').split('\n', 2).map(Number);
    const pid = pids.find((each) => each > 0 && !isSupervisor(each, procfs));
    if (pid !== undefined) return pid;
    if (depth >= MAX_DEPTH) return undefined;
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (!entry.isDirectory() || entry.name === SUPERVISOR.folder) continue;
      const found = firstPid(`${directory}/${entry.name}`, procfs, depth + 1);
      if (found !== undefined) return found;
    }
  } catch {
    // gone, or a threaded cgroup
  }
  return undefined;
}
