import { mkdir, stat } from 'node:fs/promises';
import { FatalError } from '../../native/host/lifecycle.ts';
import { cgroupMounts, pidsBelow, removeCgroupTree } from './cgroups.ts';
import type { Console } from './console.ts';
import { machineLinkIndex } from './fabric.ts';
import { namespaceInode, namespacePath } from './namespaces.ts';
import { CGROUP_PARENT, MACHINE_LINK } from './plan.ts';
import { stillRuns, type ProcessIdentity } from './process-identity.ts';
import { bootId, readRecord, writeRecord, type DemoRecord } from './record.ts';
import { takeDown } from './teardown.ts';

/**
 * Takes away what a demo left that was killed. @throws {FatalError} when that demo still runs, or something cannot be removed.
 */
export async function cleanUpLast(folder: string, console: Console): Promise<void> {
  const last = await readRecord(folder);
  if (last === undefined) return;
  const sameBoot = last.bootId === (await bootId());
  if (sameBoot && (await stillRuns(last))) {
    throw new FatalError(`a demo runs already (pid ${last.pid}): stop it first (kill ${last.pid}), or use that one`);
  }
  await console.step(`removed what the demo with pid ${last.pid} left`, async () => {
    const faults = await takeDown(folder, last, sameBoot);
    if (faults.length > 0) throw new FatalError(`cannot remove what an earlier demo left: ${faults.join('; ')}`);
  });
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

/** Whether the cgroup is there and used; an empty one is removed. */
async function cgroupTaken(cgroup: string): Promise<boolean> {
  if ((await pidsBelow(cgroup)).size > 0) return true;
  await removeCgroupTree(cgroup);
  const left = await Promise.all((await cgroupMounts()).map((mount) => exists(`${mount}${cgroup}`)));
  return left.includes(true);
}

/** The demo's names must be free, or be known to be its own. @throws {FatalError} naming what is in the way. */
async function assertNothingInTheWay(folder: string, namespaces: readonly string[]): Promise<void> {
  const inTheWay: string[] = [];
  for (const name of namespaces) {
    if ((await namespaceInode(name)) !== undefined) inTheWay.push(namespacePath(name));
  }
  if ((await machineLinkIndex()) !== undefined) inTheWay.push(`interface ${MACHINE_LINK}`);
  if (await cgroupTaken(CGROUP_PARENT)) inTheWay.push(`cgroup ${CGROUP_PARENT}`);
  if (await exists(folder)) inTheWay.push(folder);
  if (inTheWay.length === 0) return;
  throw new FatalError(
    `the demo needs these names and did not make what has them: ${inTheWay.join(', ')}; remove or rename that first`,
  );
}

/** The record of this run: always written before the thing that it names is made. */
export class RecordKeeper {
  readonly folder: string;
  #record: DemoRecord;
  /** Writes happen one after the other. */
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, record: DemoRecord) {
    this.folder = folder;
    this.#record = record;
  }

  /** Makes the folder and the first record. @throws {FatalError | HostFileError} */
  static async begin(folder: string, self: ProcessIdentity, namespaces: readonly string[]): Promise<RecordKeeper> {
    await assertNothingInTheWay(folder, namespaces);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const keeper = new RecordKeeper(folder, {
      v: 1,
      bootId: await bootId(),
      ...self,
      namespaces: namespaces.map((name) => ({ name })),
      machineLink: {},
      cgroup: CGROUP_PARENT,
    });
    await keeper.#update({});
    return keeper;
  }

  /** Adds the kernel's own numbers of namespaces and interface, now that they exist. */
  async noteKernelNumbers(): Promise<void> {
    const namespaces = await Promise.all(
      this.#record.namespaces.map(async ({ name }) => {
        const inode = await namespaceInode(name);
        return inode === undefined ? { name } : { name, inode };
      }),
    );
    const ifindex = await machineLinkIndex();
    await this.#update({ namespaces, machineLink: ifindex === undefined ? {} : { ifindex } });
  }

  /** The state file was replaced. */
  async noteStateFile(path: string): Promise<void> {
    await this.#update({ stateFile: { path, inode: (await stat(path)).ino } });
  }

  /** Takes everything down again; gives a sentence for each thing that stayed. */
  async takeDown(): Promise<string[]> {
    await this.#tail.catch(() => undefined);
    return await takeDown(this.folder, this.#record, true);
  }

  async #update(change: Partial<DemoRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    const record = this.#record;
    const write = this.#tail.then(() => writeRecord(this.folder, record));
    this.#tail = write.catch(() => undefined);
    await write;
  }
}
