import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import pLimit from 'p-limit';
import type { z } from 'zod';

/** docker's config.v2.json is the largest that is read, some tens of KB with many labels. */
const MAX_BYTES = 8 * 1024 * 1024;
const PROC_BYTES = 16_384;
/** A FIFO in the place of a file would hold a thread for ever, and a link could lead anywhere. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY;

/** A thousand containers that are there at the start are looked up at once; the reserve of descriptors is a quarter of that. */
const atOnce = pLimit(16);

/**
 * The text of a regular file, for files that others may have written; `undefined` when it is absent, unreadable, larger than
 * `maxBytes`, a link or no regular file. Files of proc, which have no size, are read up to `maxBytes`.
 */
export async function readBounded(path: string, maxBytes: number = MAX_BYTES): Promise<string | undefined> {
  return await atOnce(readNow, path, maxBytes);
}

async function readNow(path: string, maxBytes: number): Promise<string | undefined> {
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

/** JSON that fits the schema; `undefined` for anything else. */
export function parseJson<T>(text: string | undefined, schema: z.ZodType<T>): T | undefined {
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // half-written: whoever asks tries again later
  }
}

/** A file of JSON that fits the schema; `undefined` for anything else. */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  return parseJson(await readBounded(path), schema);
}
