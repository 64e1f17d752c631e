import { constants, closeSync, fstatSync, openSync, readSync, statSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { userOfRunFolder } from '../model/container.ts';
import type { RuntimeExit } from './docker-files.ts';
import { expandFolders } from './folders.ts';

/** Ends that nobody asked for yet; the oldest are forgotten. */
const MAX_KEPT = 1000;
const MAX_BYTES = 64;

/** conmon writes the exit code as text. */
export function parseExitCode(text: string): number | undefined {
  const match = /^\s*(-?\d{1,10})\s*$/.exec(text);
  return match === null ? undefined : Number(match[1]);
}

/** A container, and the user who owns it; `undefined` for one that is nobody's own. */
export interface ExitOwner {
  readonly id: string;
  readonly user: number | undefined;
}

/** Whoever may write into a folder tells of own containers only. */
const keyOf = ({ id, user }: ExitOwner): string => `${user ?? ''}/${id}`;

function readExit(path: string): RuntimeExit | undefined {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile() || stats.size > MAX_BYTES) return undefined;
      const buffer = Buffer.alloc(MAX_BYTES);
      const exitCode = parseExitCode(buffer.toString('latin1', 0, readSync(fd, buffer, 0, MAX_BYTES, 0)));
      const finishedAtUnixMs = Math.round(stats.mtimeMs);
      return exitCode === undefined
        ? undefined
        : { exitCode, oomKilled: undefined, startedAtUnixMs: undefined, finishedAtUnixMs };
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined; // removed already, or not ours to read
  }
}

/**
 * How containers of podman and cri-o ended: conmon writes a file named after the id, and podman removes it some tens of
 * milliseconds later, so it is read when it appears.
 */
export class ExitFolders implements Disposable {
  readonly #patterns: readonly string[];
  readonly #watchers = new Map<string, { readonly watcher: FSWatcher; readonly inode: number }>();
  readonly #exits = new Map<string, RuntimeExit>();

  /** A component `*` of a folder stands for each folder there. */
  constructor(patterns: readonly string[]) {
    this.#patterns = patterns;
  }

  /** Watches the folders that are there now. */
  refresh(): void {
    const live = new Map<string, number>();
    for (const folder of this.#patterns.flatMap(expandFolders)) {
      const stats = statSync(folder, { throwIfNoEntry: false });
      if (stats?.isDirectory() === true) live.set(folder, stats.ino);
    }
    for (const [folder, { watcher, inode }] of this.#watchers) {
      if (live.get(folder) === inode) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const [folder, inode] of live) this.#watch(folder, inode);
  }

  /** How the run of a container ended that began at or after `sinceUnixMs`; told once. */
  take(container: ExitOwner, sinceUnixMs: number): RuntimeExit | undefined {
    const key = keyOf(container);
    const exit = this.#exits.get(key) ?? this.#lookFor(container);
    this.#exits.delete(key);
    return (exit?.finishedAtUnixMs ?? -Infinity) >= sinceUnixMs ? exit : undefined;
  }

  [Symbol.dispose](): void {
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #lookFor({ id, user }: ExitOwner): RuntimeExit | undefined {
    for (const folder of this.#watchers.keys()) {
      if (userOfRunFolder(folder) !== user) continue;
      const exit = readExit(join(folder, id));
      if (exit !== undefined) return exit;
    }
    return undefined;
  }

  #watch(folder: string, inode: number): void {
    if (this.#watchers.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name !== null && /^[0-9a-f]{64}$/.test(name)) this.#appeared(folder, name);
      });
      watcher.on('error', () => undefined); // the exit code stays unknown
      this.#watchers.set(folder, { watcher, inode });
    } catch {
      // Gone meanwhile, or inotify is exhausted: the files are still looked at when a container ends.
    }
  }

  #appeared(folder: string, id: string): void {
    const exit = readExit(join(folder, id));
    if (exit === undefined) return;
    const key = keyOf({ id, user: userOfRunFolder(folder) });
    this.#exits.delete(key);
    this.#exits.set(key, exit);
    const oldest = this.#exits.keys().next();
    if (this.#exits.size > MAX_KEPT && oldest.done !== true) this.#exits.delete(oldest.value);
  }
}
