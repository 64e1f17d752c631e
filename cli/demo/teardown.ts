import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { removeCgroupTree } from './cgroups.ts';
import { machineLinkIndex, removeMachineLink } from './fabric.ts';
import { namespaceInode, removeNamespaces } from './namespaces.ts';
import { recordPath, type DemoRecord } from './record.ts';

async function inodeOf(path: string): Promise<number | undefined> {
  return await stat(path).then(
    (found) => found.ino,
    () => undefined,
  );
}

async function takeDownLink({ machineLink }: DemoRecord): Promise<void> {
  const ifindex = await machineLinkIndex();
  if (ifindex === undefined) return;
  if (machineLink.ifindex === undefined || machineLink.ifindex === ifindex) await removeMachineLink(ifindex);
}

async function takeDownNamespaces({ namespaces }: DemoRecord): Promise<void> {
  const inodes = await Promise.all(namespaces.map(({ name }) => namespaceInode(name)));
  const ours = namespaces.filter(({ inode }, index) => inode === undefined || inode === inodes[index]);
  await removeNamespaces(ours.map(({ name }) => name));
}

async function removeStateFile({ stateFile }: DemoRecord): Promise<void> {
  if (stateFile !== undefined && (await inodeOf(stateFile.path)) === stateFile.inode) await rm(stateFile.path);
}

/** The record goes last: whoever is stopped in between is continued by the next start. */
async function removeFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const others = names.map((name) => `${folder}/${name}`).filter((path) => path !== recordPath(folder));
  await Promise.all(others.map((path) => rm(path, { recursive: true, force: true, maxRetries: 3 })));
  await rm(recordPath(folder), { force: true });
  await rmdir(folder).catch(() => undefined);
}

/**
 * Takes away what a record names, and only that: containers and their cgroups, the machine's wire, namespaces, the state
 * file, the folder. Processes of the demo have ended before. After a boot only the files are left to remove. Gives one sentence
 * for each thing that could not be removed.
 */
export async function takeDown(folder: string, record: DemoRecord, sameBoot: boolean): Promise<string[]> {
  const faults: string[] = [];
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      if ((await work()) === false) faults.push(`${what}: still in use`);
    } catch (error) {
      faults.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  if (sameBoot) {
    const cgroups = attempt(`cgroup ${record.cgroup}`, () => removeCgroupTree(record.cgroup));
    await attempt('the wire to the fabric', () => takeDownLink(record));
    await cgroups; // a namespace with a running container in it stays alive without its name
    await attempt('namespaces', () => takeDownNamespaces(record));
  }
  await attempt('state file', () => removeStateFile(record));
  if (faults.length === 0) await attempt(folder, () => removeFolder(folder));
  return faults;
}
