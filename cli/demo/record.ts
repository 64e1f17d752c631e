import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../../native/host/atomic-file.ts';
import { FatalError } from '../../native/host/lifecycle.ts';

/**
 * What a running demo has made, written before it is made: the next start takes away exactly this and nothing else. An inode
 * or interface number is added once it is known, so that a name that somebody else has taken since is left alone.
 */
const recordSchema = z.object({
  v: z.literal(1),
  bootId: z.string(),
  pid: z.number().int().positive(),
  startTicks: z.number().int(),
  namespaces: z.array(z.object({ name: z.string(), inode: z.number().optional() })),
  machineLink: z.object({ ifindex: z.number().int().optional() }),
  cgroup: z.string(),
  stateFile: z.object({ path: z.string(), inode: z.number() }).optional(),
});

export type DemoRecord = z.infer<typeof recordSchema>;

/** `<folder>/record.json`. */
export function recordPath(folder: string): string {
  return `${folder}/record.json`;
}

/** Changes with every boot. @see random(4) */
export async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

/** `undefined` when there is none. @throws {FatalError} when it cannot be understood. */
export async function readRecord(folder: string): Promise<DemoRecord | undefined> {
  let text: string;
  try {
    text = await readFile(recordPath(folder), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new FatalError(
      `${recordPath(folder)} is not a record of this version of weft: take down what it names by hand, then remove ${folder}`,
      { cause },
    );
  }
}

/** @throws {HostFileError} */
export async function writeRecord(folder: string, record: DemoRecord): Promise<void> {
  await writeFileAtomic(recordPath(folder), `${JSON.stringify(record, undefined, 2)}\n`, 0o600);
}
