import { describe, expect, test } from 'vitest';
import {
  afterKey,
  afterPull,
  momentsOf,
  rangeOf,
  STEPS,
  type Stretch,
} from '../../../../dashboard/web/events/brush.ts';

const HOUR = { fromUnixMs: 0, toUnixMs: 3_600_000 };

/** What keys draw, in steps; `+` stands for Shift. */
function drawnBy(keys: readonly string[]): readonly number[] | undefined {
  let drawn: Stretch | undefined;
  for (const key of keys) drawn = afterKey(drawn, { key: key.replace('+', ''), shiftKey: key.startsWith('+') });
  return drawn && [drawn.anchor, drawn.at].map((share) => Math.round(share * STEPS));
}

describe('keys', () => {
  test.each([
    { name: 'the newest is where it begins', keys: ['ArrowLeft'], want: [59, 59] },
    { name: 'Shift draws from where it began', keys: ['ArrowLeft', '+ArrowLeft', '+PageDown'], want: [59, 48] },
    { name: 'Shift at once draws from now', keys: ['+ArrowLeft'], want: [60, 59] },
    { name: 'it goes back over where it began', keys: ['Home', 'ArrowRight', '+Home', '+End'], want: [1, 60] },
    { name: 'it stays within what is shown', keys: ['End', 'ArrowRight'], want: [60, 60] },
    { name: 'a move without Shift gives the stretch up', keys: ['+Home', 'ArrowRight'], want: [1, 1] },
  ])('$name', ({ keys, want }) => {
    expect(drawnBy(keys)).toEqual(want);
  });

  test('others do not move', () => {
    expect(drawnBy(['Enter'])).toBeUndefined();
    expect(drawnBy(['a'])).toBeUndefined();
  });
});

test.each([
  { name: 'to the right', first: 150, last: 200, want: [0.5, 1] },
  { name: 'to the left', first: 150, last: 125, want: [0.5, 0.25] },
  { name: 'beyond the end', first: 150, last: 900, want: [0.5, 1] },
])('a pull $name', ({ first, last, want }) => {
  const { anchor, at } = afterPull(first, last, { left: 100, width: 100 });
  expect([anchor, at]).toEqual(want);
});

test('a pull over nothing is at its beginning', () => {
  expect(afterPull(5, 9, { left: 0, width: 0 })).toEqual({ anchor: 0, at: 0 });
});

test('a stretch is its moments, the earlier first, and never too short to show anything', () => {
  expect(momentsOf({ anchor: 0.5, at: 0.25 }, HOUR)).toEqual({ fromUnixMs: 900_000, toUnixMs: 1_800_000 });
  expect(rangeOf({ anchor: 0.5, at: 0.25 }, HOUR)).toEqual({ kind: 'span', fromUnixMs: 900_000, toUnixMs: 1_800_000 });
  expect(rangeOf({ anchor: 0.5, at: 0.5001 }, { fromUnixMs: 0, toUnixMs: 20_000 })).toMatchObject({
    fromUnixMs: 5001,
    toUnixMs: 15_001,
  });
});
