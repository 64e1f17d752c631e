import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from './make-folder.ts';

/** A file of the host could not be written or read; `path` names it. */
export class HostFileError extends Error {
  override readonly name = 'HostFileError';
  readonly path: string;
  readonly operation: string;

  constructor(operation: string, path: string, cause: unknown) {
    super(`cannot ${operation} ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.operation = operation;
    this.path = path;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeSynced(path: string, content: string, mode: number): Promise<void> {
  const handle = await open(path, 'wx', mode);
  try {
    await handle.writeFile(content);
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a file so that readers and a power loss see the old or the new content, never a part: temporary file in the same
 * folder, fsync, rename, fsync of the folder. Missing parent folders are made (0755). @throws {HostFileError}
 */
export async function writeFileAtomic(path: string, content: string, mode = 0o644): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await makeFolder(folder);
    await writeSynced(temporary, content, mode);
    await rename(temporary, path);
    await syncFolder(folder);
  } catch (cause) {
    await unlink(temporary).catch(() => undefined); // already renamed, or never made
    throw new HostFileError('write', path, cause);
  }
}
