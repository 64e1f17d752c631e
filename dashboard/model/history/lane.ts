import { UNKNOWN_CODE } from './code.ts';

/** An array begins with this share of the ring. */
const FIRST_SHARE = 1 / 16;

/** And grows by this: arrays that are given up leave holes in the process's memory, so that there are to be few of them. */
const GROWTH = 4;

/** What of a ring is held: step numbers, both inclusive. */
interface Held {
  readonly oldest: number;
  readonly newest: number;
}

/**
 * The codes of one number, by step. Invariant: while the known ones are equal and without a gap, which those of an idle container are for hours, only their span
 * is remembered; else an array covers the steps that are known, and no more of the ring than that. Who reads asks for steps that are held only.
 */
export class Lane {
  readonly #slots: number;
  /** The first known step; in an array none before it is known. */
  #from = 0;
  /** Of a span: its last step, and the code of all of it. */
  #to = -1;
  #code = UNKNOWN_CODE;
  /** Place of a step: its number modulo the length. Covers the newest `length` steps. */
  #codes: Uint16Array | undefined;

  /** `slots`: of the ring. */
  constructor(slots: number) {
    this.#slots = slots;
  }

  /** Bytes that its array takes. */
  get bytes(): number {
    return this.#codes?.byteLength ?? 0;
  }

  get(step: number, newest: number): number {
    if (step < this.#from) return UNKNOWN_CODE;
    const codes = this.#codes;
    if (codes === undefined) return step <= this.#to ? this.#code : UNKNOWN_CODE;
    return step > newest - codes.length ? (codes[step % codes.length] ?? UNKNOWN_CODE) : UNKNOWN_CODE;
  }

  /** Sets the code of a held step. */
  set(step: number, code: number, held: Held): void {
    if (this.#codes === undefined && this.#fits(step, code, held)) return;
    const from = Math.max(Math.min(this.#from, step), held.oldest);
    const codes = this.#covering(from, held);
    this.#from = from;
    codes[step % codes.length] = code;
  }

  /** The ring's newest step moves on: the steps between are unknown. */
  advance(held: Held, newest: number): void {
    if (this.#codes === undefined) return;
    this.#from = Math.max(this.#from, newest - this.#slots + 1);
    // Before it moves: what the array holds is known by the newest step until now.
    const codes = this.#covering(this.#from, held, newest);
    const skipped = Math.min(newest - held.newest, codes.length);
    for (let back = 0; back < skipped; back += 1) codes[(newest - back) % codes.length] = UNKNOWN_CODE;
  }

  /** Whether a span is enough to remember this code as well. */
  #fits(step: number, code: number, { oldest }: Held): boolean {
    if (this.#to < Math.max(this.#from, oldest)) {
      if (code === UNKNOWN_CODE) return true;
      [this.#from, this.#to, this.#code] = [step, step, code];
      return true;
    }
    if (code === UNKNOWN_CODE) return step < this.#from || step > this.#to;
    if (code !== this.#code || step < this.#from - 1 || step > this.#to + 1) return false;
    this.#from = Math.min(this.#from, step);
    this.#to = Math.max(this.#to, step);
    return true;
  }

  /** The array, long enough for the steps from `from` to `newest`; what is known stays. */
  #covering(from: number, held: Held, newest = held.newest): Uint16Array {
    const before = this.#codes;
    const span = newest - from + 1;
    if (before !== undefined && (span <= before.length || before.length === this.#slots)) return before;
    let length = before?.length ?? Math.ceil(this.#slots * FIRST_SHARE);
    while (length < span) length *= GROWTH;
    const codes = new Uint16Array(Math.min(length, this.#slots));
    const last = before === undefined ? this.#to : held.newest;
    for (let step = Math.max(this.#from, held.oldest); step <= last; step += 1)
      codes[step % codes.length] = this.get(step, held.newest);
    this.#codes = codes;
    return codes;
  }
}
