import { expect, test } from 'vitest';
import { DUMP_ATTEMPTS, repeatInterrupted } from '../../../../native/netlink/interrupted-dump.ts';

/** Answers that are interrupted `times` times, and the pauses between them. */
function script(times: number): { attempt: () => Promise<{ interrupted: boolean; number: number }>; pauses: number[] } {
  const pauses: number[] = [];
  let number = 0;
  return {
    pauses,
    attempt: () => {
      number += 1;
      return Promise.resolve({ interrupted: number <= times, number });
    },
  };
}

const clockOf = (pauses: number[]): { sleep: (delayMs: number, signal?: AbortSignal) => Promise<void> } => ({
  sleep: (delayMs, signal) => {
    signal?.throwIfAborted();
    pauses.push(delayMs);
    return Promise.resolve();
  },
});

test.each([
  { name: 'a whole dump is taken at once', times: 0, number: 1, interrupted: false, waits: 0 },
  { name: 'two interrupted ones are asked for again', times: 2, number: 3, interrupted: false, waits: 2 },
  {
    name: 'the last attempt counts',
    times: DUMP_ATTEMPTS - 1,
    number: DUMP_ATTEMPTS,
    interrupted: false,
    waits: DUMP_ATTEMPTS - 1,
  },
  {
    name: 'it ends, interrupted still',
    times: 1_000,
    number: DUMP_ATTEMPTS,
    interrupted: true,
    waits: DUMP_ATTEMPTS - 1,
  },
])('$name', async ({ times, number, interrupted, waits }) => {
  const { attempt, pauses } = script(times);
  const answer = await repeatInterrupted(attempt, { clock: clockOf(pauses), random: () => 0.5 });
  expect([answer, pauses.length]).toEqual([{ number, interrupted }, waits]);
});

test('pauses grow, differ by chance and are bounded', async () => {
  const pausesWith = async (random: number): Promise<number[]> => {
    const { attempt, pauses } = script(1_000);
    await repeatInterrupted(attempt, { clock: clockOf(pauses), random: () => random });
    return pauses;
  };
  const [short, long] = [await pausesWith(0), await pausesWith(1)];
  expect(short).toEqual([1, 2, 4, 8, 16, 32, 64, 100, 100, 100, 100]);
  expect(long).toEqual([2, 4, 8, 16, 32, 64, 128, 200, 200, 200, 200]);
});

test('an abort ends the waiting with its reason', async () => {
  const { attempt, pauses } = script(1_000);
  const signal = AbortSignal.abort(new RangeError('enough'));
  const options = { clock: clockOf(pauses), random: () => 0 };
  await expect(repeatInterrupted(attempt, options, signal)).rejects.toBe(signal.reason);
});
