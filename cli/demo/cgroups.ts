import { mkdir, readdir, readFile, rmdir } from 'node:fs/promises';
import { systemClock } from '../../native/host/clock.ts';
import { FatalError } from '../../native/host/lifecycle.ts';

/** Mount points of all cgroup hierarchies, version 1 and 2, from the text of /proc/self/mountinfo. */
export function parseCgroupMounts(mountinfo: string): string[] {
  const points = new Set<string>();
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ', 2);
    const [, , , , mountPoint] = before.split(' ');
    if (mountPoint !== undefined && /^cgroup2? /.test(after)) points.add(mountPoint);
  }
  return [...points];
}

/** Mount points of this machine's cgroup hierarchies. */
export async function cgroupMounts(): Promise<string[]> {
  return parseCgroupMounts(await readFile('/proc/self/mountinfo', 'utf8'));
}

/** Makes `cgroup` (such as `/weft-demo/weft-h1`) and its parents in every hierarchy. @throws {FatalError} */
export async function makeCgroups(cgroups: readonly string[]): Promise<void> {
  const mounts = await cgroupMounts();
  const folders = mounts.flatMap((mount) => cgroups.map((cgroup) => `${mount}${cgroup}`));
  try {
    await Promise.all(folders.map((folder) => mkdir(folder, { recursive: true })));
  } catch (cause) {
    throw new FatalError(`cannot make cgroups (${String(cause)}): the demo's containers need a writable cgroup tree`, {
      cause,
    });
  }
}

/** All folders of a tree, the deepest first; [] when it is not there. */
async function treeOf(folder: string): Promise<string[]> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch {
    return []; // gone meanwhile, or never there
  }
  const below = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map((entry) => treeOf(`${folder}/${entry.name}`)),
  );
  return [...below.flat(), folder];
}

async function pidsOf(folder: string): Promise<number[]> {
  const text = await readFile(`${folder}/cgroup.procs`, 'utf8').catch(() => '');
  return text
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
}

/** Processes in a cgroup and below, over all hierarchies. */
export async function pidsBelow(cgroup: string): Promise<Set<number>> {
  const mounts = await cgroupMounts();
  const folders = (await Promise.all(mounts.map((mount) => treeOf(`${mount}${cgroup}`)))).flat();
  return new Set((await Promise.all(folders.map(pidsOf))).flat());
}

/** How often the tree is looked at again: a process that was killed leaves its cgroup only when the kernel has torn it down. */
const ATTEMPTS = 150;
const PAUSE_MS = 20;

async function removeOnce(cgroup: string): Promise<boolean> {
  for (const pid of await pidsBelow(cgroup)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // ended by itself
    }
  }
  const mounts = await cgroupMounts();
  const folders = (await Promise.all(mounts.map((mount) => treeOf(`${mount}${cgroup}`)))).flat();
  for (const folder of folders) await rmdir(folder).catch(() => undefined); // EBUSY: looked at again
  return folders.length === 0;
}

/** Kills what runs in a cgroup tree and removes the tree from every hierarchy; gives whether nothing is left. */
export async function removeCgroupTree(cgroup: string, signal?: AbortSignal): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (await removeOnce(cgroup)) return true;
    await systemClock.sleep(PAUSE_MS, signal);
  }
  return false;
}
