import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** What is awaited, for the message of the failure: `route to 10.5.2.0/24 is back`. */
  readonly what: string;
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/** Polls until `probe` gives something other than false, undefined or null. A probe that throws is asked again. */
export async function until<T>(
  probe: () => T | Promise<T>,
  options: UntilOptions,
): Promise<Exclude<NonNullable<T>, false>> {
  const { what, timeoutMs = 10_000, everyMs = 20 } = options;
  const deadline = performance.now() + timeoutMs;
  let last: unknown = 'nothing yet';
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== null && value !== false) return value as Exclude<NonNullable<T>, false>;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new RangeError(`not within ${timeoutMs} ms: ${what}; last: ${String(last)}`, { cause: last });
    }
    await sleep(everyMs);
  }
}
