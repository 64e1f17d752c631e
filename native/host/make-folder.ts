import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}

/** One folder; one that is there is no error. @throws the system's error. */
async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o755 });
  } catch (error) {
    if (!(await isFolder(path))) throw error;
  }
}

/**
 * Makes a folder and those above it (0755); one that is there is no error; `mkdir -p`. Not `mkdir({recursive: true})`: that one
 * never returns below /proc, where a missing folder cannot be made although its parent exists. @throws the system's error.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    const parent = dirname(path);
    if (codeOf(error) !== 'ENOENT' || parent === path) throw error;
    if (!(await isFolder(parent))) await makeFolder(parent);
    // Once more, also where the parent stands: somebody else may have made it since the refusal.
    await makeOne(path);
  }
}
