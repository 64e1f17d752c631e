import { randomBytes, randomUUID } from 'node:crypto';
import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFileError } from './atomic-file.ts';
import { makeFolder } from './make-folder.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

async function readNodeId(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const id = text.trim();
  if (!UUID.test(id))
    throw new RangeError(`holds "${id.slice(0, 60)}", expected a UUID; remove the file to get a new one`);
  return id;
}

/**
 * This host's identity: a UUID in `<stateDir>/node-id`, made at first use. Two agents starting at once agree on one, since
 * the file appears complete by link(2) or not at all. @throws {HostFileError}
 */
export async function readOrCreateNodeId(stateDir: string): Promise<string> {
  const path = join(stateDir, 'node-id');
  const temporary = join(stateDir, `.node-id.${randomBytes(6).toString('hex')}`);
  try {
    const known = await readNodeId(path);
    if (known !== undefined) return known;
    await makeFolder(stateDir);
    await writeFile(temporary, `${randomUUID()}\n`, { mode: 0o644, flush: true });
    try {
      await link(temporary, path);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    } finally {
      await unlink(temporary);
    }
    const made = await readNodeId(path);
    if (made === undefined) throw new RangeError('vanished while it was being made');
    return made;
  } catch (cause) {
    throw new HostFileError('read or make', path, cause);
  }
}
