import { loadAddon, type NativeAddon } from '../addon.ts';
import type { Clock } from './clock.ts';

/** Gives freed pages back to the kernel, on this thread: milliseconds for a hundred megabytes. @throws nothing. */
export type MemoryTrim = () => void;

/** The first time: once what a start took for a moment is freed. */
const FIRST_MS = 30_000;
const EVERY_MS = 300_000;

/** By the addon of `root`; `undefined` where it is missing or does not load. @throws nothing. */
export function memoryTrim(root?: string): MemoryTrim | undefined {
  try {
    const addon: Partial<NativeAddon> = loadAddon(root);
    const { trimMemory } = addon;
    if (trimMemory === undefined) return undefined; // built from older sources
    return () => void trimMemory();
  } catch {
    return undefined;
  }
}

/**
 * Trims now and then. glibc gives back only what lies at the end of its heap: buffers that come and go between others that stay
 * leave it full of holes, each of them resident. @throws the signal's reason.
 */
export async function trimRegularly(
  trim: MemoryTrim,
  clock: Pick<Clock, 'sleep'>,
  signal: AbortSignal,
): Promise<never> {
  await clock.sleep(FIRST_MS, signal);
  for (;;) {
    trim();
    await clock.sleep(EVERY_MS, signal);
  }
}
