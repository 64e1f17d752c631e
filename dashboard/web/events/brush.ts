import { zoomedTo, type Range } from '../chart/range.ts';

/** From one moment to another. */
export interface Span {
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
}

/** Places that the keys reach, in the whole of what is shown: of an hour, minutes. */
export const STEPS = 60;

/** What is drawn over what is shown, in shares of it: from where it began to where it is. Equal where only a place is pointed at. */
export interface Stretch {
  readonly anchor: number;
  readonly at: number;
}

const within = (share: number): number => Math.min(1, Math.max(0, share));

const KEY_STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: -Infinity,
  End: Infinity,
};

/** The stretch after a key that moves: with Shift it is drawn from where it began. `undefined` for a key that does not move. */
export function afterKey(
  before: Stretch | undefined,
  { key, shiftKey }: { readonly key: string; readonly shiftKey: boolean },
): Stretch | undefined {
  const step = KEY_STEPS[key];
  if (step === undefined) return undefined;
  // Nobody looks for the oldest first.
  const { anchor, at } = before ?? { anchor: 1, at: 1 };
  const moved = within((Math.round(at * STEPS) + step) / STEPS);
  return { anchor: shiftKey ? anchor : moved, at: moved };
}

/** The stretch that a pointer draws over something as wide as this. */
export function afterPull(firstX: number, x: number, { left, width }: Pick<DOMRect, 'left' | 'width'>): Stretch {
  const share = (clientX: number): number => (width > 0 ? within((clientX - left) / width) : 0);
  return { anchor: share(firstX), at: share(x) };
}

/** The moments of a stretch, the earlier first. */
export function momentsOf({ anchor, at }: Stretch, { fromUnixMs, toUnixMs }: Span): Span {
  const moment = (share: number): number => fromUnixMs + share * (toUnixMs - fromUnixMs);
  return { fromUnixMs: moment(Math.min(anchor, at)), toUnixMs: moment(Math.max(anchor, at)) };
}

/** What a stretch shows once it is taken: as on a chart. */
export function rangeOf(stretch: Stretch, span: Span): Range {
  const { fromUnixMs, toUnixMs } = momentsOf(stretch, span);
  return zoomedTo(fromUnixMs, toUnixMs);
}
