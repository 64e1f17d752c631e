import { Backoff } from '../native/host/backoff.ts';
import type { Clock, RandomSource } from '../native/host/clock.ts';
import type { Waker } from '../native/host/waker.ts';

const RETRIES = 12;
const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 160;

export type WakeRetries = (waker: Waker, signal: AbortSignal, again: () => boolean) => Promise<never>;

/** At each wake, does something at growing intervals for about a second and a half, or until it says that it is done. */
export const eachWakeRetries =
  ({ clock, random }: { readonly clock: Clock; readonly random: RandomSource }): WakeRetries =>
  async (waker, signal, again) => {
    for (;;) {
      await waker.next(signal);
      const backoff = new Backoff({ firstMs: RETRY_FIRST_MS, maxMs: RETRY_MAX_MS, random });
      for (let attempt = 0; attempt < RETRIES && again(); attempt += 1) await clock.sleep(backoff.nextMs(), signal);
    }
  };
