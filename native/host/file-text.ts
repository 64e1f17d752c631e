import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { loadAddon, type NativeAddon } from '../addon.ts';

/**
 * The text of a regular file, for files that others may have written; `undefined` when it is absent, unreadable, larger than
 * `maxBytes`, a link or no regular file. Files of proc, which have no size, are read up to `maxBytes`. @throws nothing.
 */
export type FileText = (path: string, maxBytes: number) => Promise<string | undefined>;

const PROC_BYTES = 16_384;
/** A FIFO in the place of a file would hold a thread for ever, and a link could lead anywhere. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY;

async function readByNode(path: string, maxBytes: number): Promise<string | undefined> {
  try {
    await using file = await open(path, FLAGS);
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > maxBytes) return undefined;
    const parts: Buffer[] = [];
    let length = 0;
    const room = stats.size === 0 ? PROC_BYTES : stats.size + 1;
    while (length < maxBytes) {
      const wanted = Math.min(room, maxBytes - length);
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(wanted), 0);
      if (bytesRead === 0) break;
      parts.push(buffer.subarray(0, bytesRead));
      length += bytesRead;
      // A file of proc gives less than asked for and has more.
      if (stats.size > 0 && bytesRead < wanted) break;
    }
    return Buffer.concat(parts).toString('utf8');
  } catch {
    return undefined;
  }
}

/** By the addon of `root`, one visit to a worker thread for a file instead of four; where it is missing, by Node.js. @throws nothing. */
export function fileText(root?: string): FileText {
  try {
    const addon: Partial<NativeAddon> = loadAddon(root);
    const { readText } = addon;
    if (readText === undefined) return readByNode; // built from older sources
    return async (path, maxBytes) => (path.includes('\0') ? undefined : await readText(path, maxBytes));
  } catch {
    return readByNode;
  }
}
