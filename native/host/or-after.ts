import type { Clock } from './clock.ts';

export interface OrAfter {
  readonly clock: Clock;
  readonly ms: number;
  readonly next: (until: AbortSignal) => Promise<void>;
}

/** Until something happens, or for so many milliseconds. @throws the signal's reason, and what `next` throws. */
export async function orAfter({ clock, ms, next }: OrAfter, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  try {
    await Promise.race([clock.sleep(ms, either), next(either)]);
  } finally {
    done.abort();
  }
}
