import pLimit from 'p-limit';
import type { z } from 'zod';
import { fileText } from '../../native/host/file-text.ts';

/** docker's config.v2.json is the largest that is read, some tens of KB with many labels. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * libuv has four threads, on one of which ticks read. A file of proc can hold a thread for milliseconds while cgroups are made and removed,
 * which /proc/PID/cgroup waits for.
 */
const atOnce = pLimit(3);
const readText = fileText();

/** The text of a regular file, as {@link fileText} reads it, not too many at once. */
export async function readBounded(path: string, maxBytes: number = MAX_BYTES): Promise<string | undefined> {
  return await atOnce(readText, path, maxBytes);
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
