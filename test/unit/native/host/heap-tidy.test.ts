import { expect, test } from 'vitest';
import type { Clock } from '../../../../native/host/clock.ts';
import { tidyHeap } from '../../../../native/host/heap-tidy.ts';

const MIB = 1024 * 1024;

/**
 * Runs over what the heap uses at each look, MiB, a collection leaving `live` of it. V8 holds as much as was used at most since the
 * last collection of ours. @returns at which looks it collected.
 */
async function collections(looks: readonly number[], live: (look: number) => number = () => 20): Promise<number[]> {
  const collected: number[] = [];
  let look = -1;
  let used = 20;
  let held = 20;
  const stop = new AbortController();
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    sleep: (_delayMs, signal) => {
      look += 1;
      if (look >= looks.length) stop.abort(new RangeError('over'));
      used = looks[look] ?? used;
      held = Math.max(held, used);
      signal?.throwIfAborted();
      return Promise.resolve();
    },
  };
  const heap = {
    usedBytes: () => used * MIB,
    heldBytes: () => held * MIB,
    collect: () => {
      collected.push(look);
      used = live(look);
      held = used;
    },
  };
  await expect(tidyHeap(heap, clock, stop.signal)).rejects.toThrow('over');
  return collected;
}

test.each([
  { name: 'at rest it never collects', looks: [20, 21, 22, 23, 24, 25, 26, 27], want: [] },
  { name: 'litter of a burst goes once it is quiet', looks: [20, 45, 45.5, 46], want: [2] },
  { name: 'while it grows V8 is left to itself', looks: [20, 30, 40, 50, 60, 50, 40], want: [] },
  { name: 'the pages of a burst go where V8 collected and kept them', looks: [20, 45, 22, 22, 22], want: [3] },
])('$name', async ({ looks, want }) => {
  expect(await collections(looks)).toEqual(want);
});

test('it looks within seconds of the start, and each twenty seconds later on', async () => {
  const delays: number[] = [];
  const stop = new AbortController();
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    sleep: (delayMs, signal) => {
      delays.push(delayMs);
      if (delays.length === 7) stop.abort(new RangeError('over'));
      signal?.throwIfAborted();
      return Promise.resolve();
    },
  };
  const heap = { usedBytes: () => 1, heldBytes: () => 1, collect: () => undefined };
  await expect(tidyHeap(heap, clock, stop.signal)).rejects.toThrow('over');
  expect(delays).toEqual([2000, 4000, 8000, 16_000, 20_000, 20_000, 20_000]);
});

test('what lives on is not collected over and over', async () => {
  expect(await collections([20, 50, 50, 50, 50, 51], () => 50)).toEqual([2]);
});
