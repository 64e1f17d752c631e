import { expect, test } from 'vitest';
import { inTimeSlices } from '../../../../native/host/time-slices.ts';

/** Chunks that take so many milliseconds each, by a clock that only they and `wait` move. */
function timed(takeMs: readonly number[]): {
  readonly chunks: Generator<string>;
  readonly nowMs: () => number;
  readonly wait: (ms: number) => void;
} {
  let now = 0;
  function* chunks(): Generator<string> {
    for (const [index, ms] of takeMs.entries()) {
      now += ms;
      yield String(index);
    }
  }
  return {
    chunks: chunks(),
    nowMs: () => now,
    wait: (ms) => {
      now += ms;
    },
  };
}

test.each([
  { name: 'short chunks go together', takeMs: [1, 1, 1, 1, 1], slices: ['012', '34'] },
  { name: 'a long one ends its slice', takeMs: [1, 9, 1], slices: ['01', '2'] },
  { name: 'long ones go by themselves', takeMs: [3, 3], slices: ['0', '1'] },
  { name: 'nothing is no slice', takeMs: [], slices: [] },
])('$name', ({ takeMs, slices }) => {
  const { chunks, nowMs } = timed(takeMs);
  expect([...inTimeSlices(chunks, { sliceMs: 3, nowMs })]).toEqual(slices);
});

test('the time that others take between two slices is not the slice’s', () => {
  const { chunks, nowMs, wait } = timed([3, 1, 1, 1]);
  const slices = inTimeSlices(chunks, { sliceMs: 3, nowMs });
  expect(slices.next().value).toBe('0');
  wait(100);
  expect(slices.next().value).toBe('123');
});

test('an empty chunk does not lose what stands before it', () => {
  expect([...inTimeSlices(['a', '', 'b'], { sliceMs: 3, nowMs: () => 0 })]).toEqual(['ab']);
});
