import { statSync } from 'node:fs';
import { loadAddon, type NativeAddon } from '../addon.ts';

/** Columns of a row of {@link FileStats}: what stat(2) tells of one path. */
export const STAT = { inode: 0, modifiedMs: 1, bytes: 2, links: 3, mode: 4 } as const;
export const STAT_COLUMNS = 5;

/** Paths as {@link FileStats} takes them; made once for those that are looked at again and again. */
export type PackedPaths = Uint8Array;

/** Looks at many paths at once; fills one row for each, all NaN for what is not there or cannot be looked at. @throws nothing. */
export type FileStats = (paths: PackedPaths, rows: Float64Array) => void;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One after the other, each ended by a zero byte. A path that holds one itself is as one that is not there. */
export function packPaths(paths: readonly string[]): PackedPaths {
  return encoder.encode(paths.map((path) => (path.includes('\0') ? '\0' : `${path}\0`)).join(''));
}

function statOneByOne(paths: PackedPaths, rows: Float64Array): void {
  const each = decoder.decode(paths).split('\0').slice(0, -1);
  for (const [index, path] of each.entries()) {
    const at = index * STAT_COLUMNS;
    rows.fill(Number.NaN, at, at + STAT_COLUMNS);
    try {
      const found = statSync(path, { throwIfNoEntry: false });
      if (found !== undefined) rows.set([found.ino, found.mtimeMs, found.size, found.nlink, found.mode], at);
    } catch {
      // not for us, or not any more
    }
  }
}

/** By the addon of `root` in one call; where it is missing or does not load, by a call for each. @throws nothing. */
export function fileStats(root?: string): FileStats {
  try {
    const addon: Partial<NativeAddon> = loadAddon(root);
    const { statFiles } = addon;
    if (statFiles === undefined) return statOneByOne; // built from older sources
    return (paths, rows) => void statFiles(paths, rows);
  } catch {
    return statOneByOne;
  }
}
