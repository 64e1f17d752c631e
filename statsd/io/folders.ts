import { readdirSync, watch } from 'node:fs';
import { join } from 'node:path';

/** More folders than this below one are not looked at. */
const MAX_FOLDERS = 10_000;

/** Names of the folders in a folder; none when it is not there. */
export function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .slice(0, MAX_FOLDERS);
  } catch {
    return []; // not made yet, or gone
  }
}

/** A path in which each component `*` stands for every folder there. */
export function expandFolders(path: string): string[] {
  const star = path.split('/').indexOf('*');
  if (star < 0) return [path];
  const parts = path.split('/');
  const before = parts.slice(0, star).join('/') || '/';
  return foldersIn(before).flatMap((name) => expandFolders(join(before, name, ...parts.slice(star + 1))));
}

export interface FolderWatch extends Disposable {
  /** Whether the kernel tells of changes. */
  readonly works: boolean;
}

/** Calls back whenever something in a folder changes, until it is disposed; never, where that cannot be watched. */
export function watchFolder(folder: string, changed: () => void): FolderWatch {
  try {
    const watcher = watch(folder, { persistent: false }, changed);
    watcher.on('error', changed); // whoever waits looks by itself, too
    return {
      works: true,
      [Symbol.dispose]: () => {
        watcher.close();
      },
    };
  } catch {
    return { works: false, [Symbol.dispose]: () => undefined };
  }
}
