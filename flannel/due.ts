import type { Clock } from '../native/host/clock.ts';
import type { Waker } from '../native/host/waker.ts';

/** Timers stand still while a machine sleeps: no longer than this passes awake before the time is looked at. */
const SLICE_MS = 15_000;

export interface Due {
  readonly waker: Waker;
  readonly clock: Clock;
  /** Milliseconds since boot, time asleep included. */
  readonly bootMs: () => number;
  /** Asked again after every slice. */
  readonly dueAtMs: () => number;
}

/** Waits for a wake or for a time of the clock that runs on while the machine sleeps. @throws the signal's reason. */
export async function wokenOrDue({ waker, clock, bootMs, dueAtMs }: Due, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const waking = waker.next(either).then(() => 'woken');
  waking.catch(() => undefined); // ended by `done`
  try {
    for (;;) {
      const leftMs = dueAtMs() - bootMs();
      if (leftMs <= 0) return;
      const slept = clock.sleep(Math.min(leftMs, SLICE_MS), either);
      slept.catch(() => undefined); // ended by `done`
      if ((await Promise.race([waking, slept])) === 'woken') return;
    }
  } finally {
    done.abort();
  }
}
