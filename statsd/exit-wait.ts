import { Backoff } from '../native/host/backoff.ts';
import type { Clock, RandomSource } from '../native/host/clock.ts';
import { orAfter } from '../native/host/or-after.ts';
import { Waker } from '../native/host/waker.ts';
import type { RuntimeExit } from './io/docker-files.ts';
import { watchFolder } from './io/folders.ts';

/** Runtimes write how a container ended within some tens of milliseconds. */
const FIRST_MS = 10;
const MAX_MS = 320;
const WAIT_MS = 2500;

export interface ExitWait {
  readonly look: () => Promise<RuntimeExit | undefined>;
  /** Where it will be written, when that is a folder of the container alone. */
  readonly folder: string | undefined;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** How a container ended, as soon as its runtime tells; `undefined` when it does not within some seconds. @throws the signal's reason. */
export async function awaitExit(
  { look, folder, clock, random }: ExitWait,
  signal: AbortSignal,
): Promise<RuntimeExit | undefined> {
  const waker = new Waker();
  // What is removed when it ends (`docker run --rm`) has its exit code for some tens of milliseconds only.
  const wake = (): void => {
    waker.wake();
  };
  using watched = folder === undefined ? undefined : watchFolder(folder, wake);
  const backoff = new Backoff({ firstMs: FIRST_MS, maxMs: MAX_MS, random });
  const endMs = clock.monotonicMs() + WAIT_MS;
  for (;;) {
    const told = await look();
    if (told !== undefined) return told;
    const leftMs = endMs - clock.monotonicMs();
    if (leftMs <= 0) return undefined;
    // Where the kernel tells, looking again costs a file and finds nothing: hundreds may end in a second.
    const ms = watched?.works === true ? leftMs : Math.min(leftMs, backoff.nextMs());
    await orAfter({ clock, ms, next: (until) => waker.next(until) }, signal);
  }
}
