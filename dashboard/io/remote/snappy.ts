const HASH_BITS = 14;
const LONGEST_OFFSET = 65_535;
const LONGEST_COPY = 64;

/**
 * Compresses into Snappy's block format (google/snappy, format_description.txt), as remote write demands: literals, and copies with an offset of two bytes. Label names
 * repeat, so that a tenth is left of a write request.
 */
export function snappyBlock(input: Uint8Array): Uint8Array {
  const writer = new SnappyWriter(input);
  const table = new Int32Array(1 << HASH_BITS).fill(-1);
  let literalStart = 0;
  let at = 0;
  while (at + 4 <= input.length) {
    const four = load32(input, at);
    const slot = Math.imul(four, 0x1e35a7bd) >>> (32 - HASH_BITS);
    const candidate = table[slot] ?? -1;
    table[slot] = at;
    if (candidate < 0 || at - candidate > LONGEST_OFFSET || load32(input, candidate) !== four) {
      at += 1;
      continue;
    }
    let length = 4;
    while (at + length < input.length && input[candidate + length] === input[at + length]) length += 1;
    writer.literal(literalStart, at);
    writer.copy(at - candidate, length);
    at += length;
    literalStart = at;
  }
  writer.literal(literalStart, input.length);
  return writer.done();
}

function load32(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

class SnappyWriter {
  readonly #input: Uint8Array;
  readonly #output: Uint8Array;
  #at = 0;

  constructor(input: Uint8Array) {
    this.#input = input;
    // The worst case of Snappy's own bound.
    this.#output = new Uint8Array(32 + input.length + Math.ceil(input.length / 6));
    let rest = input.length;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.#put((rest & 0x7f) | 0x80);
    this.#put(rest);
  }

  literal(from: number, to: number): void {
    const length = to - from;
    if (length === 0) return;
    const least = length - 1;
    if (least < 60) this.#put(least << 2);
    else {
      const bytes = least < 0x100 ? 1 : least < 0x1_0000 ? 2 : least < 0x100_0000 ? 3 : 4;
      this.#put((59 + bytes) << 2);
      for (let byte = 0; byte < bytes; byte += 1) this.#put((least >>> (8 * byte)) & 0xff);
    }
    this.#output.set(this.#input.subarray(from, to), this.#at);
    this.#at += length;
  }

  copy(offset: number, length: number): void {
    for (let rest = length; rest > 0; rest -= LONGEST_COPY) {
      this.#put(((Math.min(rest, LONGEST_COPY) - 1) << 2) | 2);
      this.#put(offset & 0xff);
      this.#put(offset >>> 8);
    }
  }

  done(): Uint8Array {
    return this.#output.slice(0, this.#at);
  }

  #put(byte: number): void {
    this.#output[this.#at] = byte;
    this.#at += 1;
  }
}
