import { decodeNumber, encodeNumber, UNKNOWN_CODE } from './code.ts';
import { Lane } from './lane.ts';

export interface RingShape {
  /** One slot, milliseconds. */
  readonly stepMs: number;
  readonly slots: number;
  /** Numbers in a slot. */
  readonly lanes: number;
}

/** Bytes that a ring of this shape holds at most. */
export function ringBytes({ slots, lanes }: RingShape): number {
  return slots * lanes * Uint16Array.BYTES_PER_ELEMENT;
}

/**
 * The newest slots of some numbers on one time axis. Writes may come in any order (a back-fill after live frames). Invariant: a slot that nobody wrote is
 * unknown, also one whose place held another time a lap ago. A lane costs memory once its numbers differ: many containers have no quota, disk or network
 * of their own, and idle ones use nothing for hours.
 */
export class Ring {
  readonly shape: RingShape;
  readonly #lanes: (Lane | undefined)[];
  /** Step numbers: Unix time divided by the step. */
  #newest = Number.NaN;
  #oldest = Number.NaN;

  constructor(shape: RingShape) {
    this.shape = shape;
    this.#lanes = Array.from({ length: shape.lanes }, () => undefined);
  }

  /** Step number of the newest slot written; NaN when none was. */
  get newest(): number {
    return this.#newest;
  }

  /** Step number of the oldest slot that was written and is still held; NaN when none was. */
  get oldest(): number {
    return Math.max(this.#oldest, this.#newest - this.shape.slots + 1);
  }

  /** Bytes that it holds now. */
  get bytes(): number {
    return this.#lanes.reduce((sum, lane) => sum + (lane?.bytes ?? 0), 0);
  }

  stepOf(timeUnixMs: number): number {
    return Math.floor(timeUnixMs / this.shape.stepMs);
  }

  /** Makes room for a step; `false` when it is older than the ring or no time at all. */
  open(step: number): boolean {
    if (!Number.isSafeInteger(step)) return false;
    if (Number.isNaN(this.#newest)) {
      this.#newest = step;
      this.#oldest = step;
    } else if (step > this.#newest) this.#advance(step);
    else if (step <= this.#newest - this.shape.slots) return false;
    this.#oldest = Math.min(this.oldest, step);
    return true;
  }

  /** Sets one number of a step that was opened. */
  setCode(step: number, lane: number, code: number): void {
    let own = this.#lanes[lane];
    if (own === undefined) {
      if (code === UNKNOWN_CODE) return;
      own = new Lane(this.shape.slots);
      this.#lanes[lane] = own;
    }
    own.set(step, code, this);
  }

  /** {@link UNKNOWN_CODE} outside of what is held. */
  codeAt(step: number, lane: number): number {
    if (!(step <= this.#newest && step >= this.oldest)) return UNKNOWN_CODE;
    return this.#lanes[lane]?.get(step, this.#newest) ?? UNKNOWN_CODE;
  }

  /** Whether any number of a step is known. */
  isKnown(step: number): boolean {
    if (!(step <= this.#newest && step >= this.oldest)) return false;
    return this.#lanes.some((lane) => lane !== undefined && lane.get(step, this.#newest) !== UNKNOWN_CODE);
  }

  /** Writes all numbers of a step; `false` when it is not held. */
  write(step: number, values: ArrayLike<number>): boolean {
    if (!this.open(step)) return false;
    for (let lane = 0; lane < this.shape.lanes; lane += 1)
      this.setCode(step, lane, encodeNumber(values[lane] ?? Number.NaN));
    return true;
  }

  /** Writes the codes of a step as another ring had them, unless any number of it is known: `places` says where each lane's is behind `start`, or -1. */
  restore(step: number, codes: Uint16Array, { start, places }: { start: number; places: readonly number[] }): void {
    const isNew = !(step <= this.#newest);
    if (!this.open(step) || (!isNew && this.isKnown(step))) return;
    for (let lane = 0; lane < places.length; lane += 1) {
      const place = places[lane] ?? -1;
      this.setCode(step, lane, place < 0 ? UNKNOWN_CODE : (codes[start + place] ?? UNKNOWN_CODE));
    }
  }

  /** NaN where nothing is known. */
  valueAt(step: number, lane: number): number {
    return decodeNumber(this.codeAt(step, lane));
  }

  /** The mean of what is known in (`endStep - steps`, `endStep`]; NaN when nothing is. */
  mean(lane: number, endStep: number, steps: number): number {
    let sum = 0;
    let known = 0;
    for (let step = Math.max(endStep - steps + 1, this.oldest); step <= Math.min(endStep, this.#newest); step += 1) {
      const value = this.valueAt(step, lane);
      if (Number.isNaN(value)) continue;
      sum += value;
      known += 1;
    }
    return known === 0 ? Number.NaN : sum / known;
  }

  #advance(step: number): void {
    for (const lane of this.#lanes) lane?.advance(this, step);
    this.#newest = step;
  }
}
