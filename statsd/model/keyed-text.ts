import { indexOfByte, uintAt, type Content } from './cgroup-text.ts';
import type { KeyedValues } from './details.ts';

const SPACE = 0x20;
const NEWLINE = 0x0a;
/** Layouts that are remembered: a kernel writes one, two after its update. */
const MAX_LAYOUTS = 4;

interface Layout {
  readonly keys: readonly string[];
  /** The text of each line up to and with the space before its value. */
  readonly heads: readonly Uint8Array[];
}

function layoutOf({ bytes, start, end }: Content): Layout {
  const keys: string[] = [];
  const heads: Uint8Array[] = [];
  for (let line = start; line < end;) {
    const newline = indexOfByte(bytes, NEWLINE, { start: line, end });
    const space = indexOfByte(bytes, SPACE, { start: line, end: newline });
    keys.push(String.fromCharCode(...bytes.subarray(line, Math.min(space, line + 128))));
    heads.push(new Uint8Array(bytes.subarray(line, Math.min(space + 1, newline))));
    line = newline + 1;
  }
  return { keys, heads };
}

/** Whether `head` stands at `at`. */
function standsAt(bytes: Uint8Array, at: number, head: Uint8Array): boolean {
  for (let index = 0; index < head.length; index += 1) if (bytes[at + index] !== head[index]) return false;
  return true;
}

/** Fills `values`; false when the lines are not those of the layout. */
function read({ bytes, start, end }: Content, layout: Layout, values: Float64Array): boolean {
  let at = start;
  for (const [index, head] of layout.heads.entries()) {
    if (at + head.length > end || !standsAt(bytes, at, head)) return false;
    at += head.length;
    while (at < end && bytes[at] === SPACE) at += 1;
    values[index] = uintAt(bytes, at, end);
    at = indexOfByte(bytes, NEWLINE, { start: at, end }) + 1;
  }
  return at >= end;
}

/**
 * Reads every number of a flat keyed file (`key value` lines such as memory.stat). The kernel writes the same keys in the same
 * order each time, so a reading compares the text with what it was before and parses only values. Values without a number are NaN.
 */
export class KeyedText {
  #layouts: Layout[] = [];

  /** `previous` is filled anew and given back when it is of the same layout. */
  read(content: Content, previous?: KeyedValues): KeyedValues {
    for (const layout of this.#layouts) {
      const values = previous?.keys === layout.keys ? previous.values : new Float64Array(layout.keys.length);
      if (read(content, layout, values)) return previous?.values === values ? previous : { keys: layout.keys, values };
    }
    const layout = layoutOf(content);
    this.#layouts = [layout, ...this.#layouts].slice(0, MAX_LAYOUTS);
    const values = new Float64Array(layout.keys.length).fill(Number.NaN);
    read(content, layout, values);
    return { keys: layout.keys, values };
  }
}

/** Finds chosen keys in {@link KeyedValues} by place, looked up once for each layout. */
export class KeyPlaces {
  readonly #wanted: readonly string[];
  #keys: readonly string[] | undefined;
  #places: readonly number[] = [];

  constructor(wanted: readonly string[]) {
    this.#wanted = wanted;
  }

  /** The value of the wanted key number `index`; NaN where the file lacks it. */
  value({ keys, values }: KeyedValues, index: number): number {
    if (this.#keys !== keys) {
      this.#keys = keys;
      this.#places = this.#wanted.map((key) => keys.indexOf(key));
    }
    return values[this.#places[index] ?? -1] ?? Number.NaN;
  }
}
