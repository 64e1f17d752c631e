import { expect, test } from 'vitest';
import { wokenOrDue } from '../../../flannel/due.ts';
import type { Clock } from '../../../native/host/clock.ts';
import { Waker } from '../../../native/host/waker.ts';

/** Sleeps take no time; each moves the boot clock on, and may find that the machine slept. */
function manual(sleepsThroughMs = 0): { clock: Clock; bootMs: () => number; slices: number[] } {
  const slices: number[] = [];
  let nowMs = 1_000_000;
  return {
    slices,
    bootMs: () => nowMs,
    clock: {
      nowMs: () => 0,
      monotonicMs: () => 0,
      sleep: (delayMs) => {
        slices.push(delayMs);
        nowMs += delayMs + (slices.length === 2 ? sleepsThroughMs : 0);
        return Promise.resolve();
      },
    },
  };
}

const signal = AbortSignal.timeout(10_000);

test('waits in slices until it is due', async () => {
  const { clock, bootMs, slices } = manual();
  const dueAtMs = bootMs() + 32_000;
  await wokenOrDue({ waker: new Waker(), clock, bootMs, dueAtMs: () => dueAtMs }, signal);
  expect(slices).toEqual([15_000, 15_000, 2_000]);
});

test('a machine that slept finds at once that it is due', async () => {
  const { clock, bootMs, slices } = manual(3_600_000);
  const dueAtMs = bootMs() + 600_000;
  await wokenOrDue({ waker: new Waker(), clock, bootMs, dueAtMs: () => dueAtMs }, signal);
  expect(slices).toHaveLength(2);
});

test('a due time that moves closer is heard of', async () => {
  const { clock, bootMs, slices } = manual();
  let dueAtMs = bootMs() + 600_000;
  const asked = (): number => {
    if (slices.length === 1) dueAtMs = bootMs() + 1_000;
    return dueAtMs;
  };
  await wokenOrDue({ waker: new Waker(), clock, bootMs, dueAtMs: asked }, signal);
  expect(slices).toEqual([15_000, 1_000]);
});

test('a wake ends it, an abort throws its reason', async () => {
  const waker = new Waker();
  const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0, sleep: () => new Promise(() => undefined) };
  const due = { waker, clock, bootMs: () => 0, dueAtMs: () => Infinity };
  const woken = wokenOrDue(due, signal);
  waker.wake();
  await woken;
  const stop = new AbortController();
  const aborted = wokenOrDue(due, stop.signal);
  stop.abort(new RangeError('stopped'));
  await expect(aborted).rejects.toThrow('stopped');
});
