import { expect, test } from 'vitest';
import { PassPacer } from '../../../flannel/pass-pacer.ts';
import type { Clock } from '../../../native/host/clock.ts';

/** Time that passes only where somebody sleeps: each sleep is over as soon as everything else has come to rest. */
class IdleClock implements Clock {
  #nowMs = 0;
  nowMs(): number {
    return this.#nowMs;
  }
  monotonicMs(): number {
    return this.#nowMs;
  }
  /** A pass, or rest. */
  spend(ms: number): void {
    this.#nowMs += ms;
  }
  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    this.#nowMs += delayMs;
  }
}

const signal = new AbortController().signal;

/** Passes of `tookMs` one after the other, each hurried or not. @returns how long the pacer rested after each. */
async function restsOf(passes: readonly { tookMs: number; hurry?: boolean; idleMs?: number }[]): Promise<number[]> {
  const clock = new IdleClock();
  const pacer = new PassPacer(clock);
  const rests: number[] = [];
  for (const { tookMs, hurry = false, idleMs = 0 } of passes) {
    clock.spend(idleMs);
    if (hurry) pacer.hurry();
    clock.spend(tookMs);
    const beforeMs = clock.monotonicMs();
    await pacer.rest(tookMs, signal);
    rests.push(clock.monotonicMs() - beforeMs);
  }
  return rests;
}

const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

test('own news waits three times as long as a pass takes, a quarter of a second at most', async () => {
  expect(await restsOf([{ tookMs: 10 }, { tookMs: 40 }, { tookMs: 500 }])).toEqual([30, 120, 250]);
});

test('what others changed is met at once, a few times in a row', async () => {
  expect(await restsOf(times(4, { tookMs: 40, hurry: true }))).toEqual([0, 0, 0, 0]);
});

test('others who never stop wait a tenth of a second at most', async () => {
  const rests = await restsOf(times(50, { tookMs: 60, hurry: true }));
  expect(Math.max(...rests)).toBe(100);
  expect(rests.slice(-20)).toEqual(times(20, 100));
});

test('passes of their own pace are not slowed down by it', async () => {
  const rests = await restsOf(times(50, { tookMs: 10, hurry: true, idleMs: 100 }));
  expect(rests).toEqual(times(50, 0));
});

test('after a while without passes everything is forgiven', async () => {
  const storm = times(50, { tookMs: 60, hurry: true });
  const rests = await restsOf([...storm, { tookMs: 40, hurry: true, idleMs: 60_000 }]);
  expect(rests.at(-1)).toBe(0);
});

test('an abort ends the rest', async () => {
  const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0, sleep: never };
  const controller = new AbortController();
  const rest = new PassPacer(clock).rest(1_000, controller.signal);
  controller.abort(new RangeError('stopped'));
  await expect(rest).rejects.toThrow('stopped');
});

/** Sleeps until it is told to stop. */
async function never(_delayMs: number, until?: AbortSignal): Promise<void> {
  await new Promise((_, reject) => {
    until?.addEventListener('abort', () => {
      reject(until.reason as Error);
    });
  });
}
