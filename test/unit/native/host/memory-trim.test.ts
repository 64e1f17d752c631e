import { expect, test } from 'vitest';
import { memoryTrim, trimRegularly } from '../../../../native/host/memory-trim.ts';

test('it trims half a minute after the start, and each five minutes from there', async () => {
  const stop = new AbortController();
  const happened: (number | 'trim')[] = [];
  const clock = {
    sleep: (delayMs: number, signal?: AbortSignal): Promise<void> => {
      happened.push(delayMs);
      if (happened.length === 5) stop.abort(new RangeError('over'));
      signal?.throwIfAborted();
      return Promise.resolve();
    },
  };
  await expect(trimRegularly(() => void happened.push('trim'), clock, stop.signal)).rejects.toThrow('over');
  expect(happened).toEqual([30_000, 'trim', 300_000, 'trim', 300_000]);
});

test('without the addon there is none', () => {
  expect(memoryTrim('/nowhere')).toBeUndefined();
});
