import type { Moment } from './docker-reading.ts';
import { FIELDS } from './reading.ts';

/**
 * A {@link Moment} that is written over at a later beat, so nobody may keep it: two new ones a second for each of a thousand
 * containers would be work for the collector of garbage.
 */
export type KeptMoment = { -readonly [Key in keyof Moment]: Moment[Key] };

const emptyMoment = (): KeptMoment => ({
  atUnixMs: 0,
  monotonicMs: 0,
  sample: new Float64Array(FIELDS.length),
  perCpuSeconds: undefined,
  systemCpuSeconds: 0,
});

function copyOver(from: Float64Array | undefined, into: Float64Array | undefined): Float64Array | undefined {
  if (from === undefined || into?.length !== from.length) return from?.slice();
  into.set(from);
  return into;
}

/** A copy of what is said now, in the place of a moment that is over, if there is one. */
export function keepMoment(now: Moment, spare: KeptMoment = emptyMoment()): KeptMoment {
  spare.atUnixMs = now.atUnixMs;
  spare.monotonicMs = now.monotonicMs;
  spare.sample.set(now.sample);
  spare.perCpuSeconds = copyOver(now.perCpuSeconds, spare.perCpuSeconds);
  spare.systemCpuSeconds = now.systemCpuSeconds;
  return spare;
}
