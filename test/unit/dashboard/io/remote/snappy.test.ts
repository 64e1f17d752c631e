import fc from 'fast-check';
import { expect, test } from 'vitest';
import { snappyBlock } from '../../../../../dashboard/io/remote/snappy.ts';

/** Reads the block format as its description says, literals and all three kinds of copies. */
class Unpacker {
  readonly #block: Uint8Array;
  readonly #output: number[] = [];
  #at = 0;

  constructor(block: Uint8Array) {
    this.#block = block;
  }

  run(): Uint8Array {
    const length = this.#varint();
    while (this.#at < this.#block.length) this.#element(this.#number(1));
    if (this.#output.length !== length) throw new RangeError(`${this.#output.length} bytes instead of ${length}`);
    return Uint8Array.from(this.#output);
  }

  #element(tag: number): void {
    const size = tag >>> 2;
    const kind = tag & 3;
    if (kind === 0) {
      const count = (size < 60 ? size : this.#number(size - 59)) + 1;
      for (let byte = 0; byte < count; byte += 1) this.#output.push(this.#number(1));
      return;
    }
    const count = kind === 1 ? (size & 7) + 4 : size + 1;
    const offset = kind === 1 ? ((tag >>> 5) << 8) + this.#number(1) : this.#number(kind === 2 ? 2 : 4);
    if (offset === 0 || offset > this.#output.length) throw new RangeError(`a copy from before the start`);
    for (let byte = 0; byte < count; byte += 1) this.#output.push(this.#output[this.#output.length - offset]!);
  }

  #number(bytes: number): number {
    let value = 0;
    for (let byte = 0; byte < bytes; byte += 1) value += (this.#block[this.#at++] ?? 0) * 2 ** (8 * byte);
    return value;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#number(1);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }
}

const unpack = (block: Uint8Array): Uint8Array => new Unpacker(block).run();

test('what is packed comes out again, whatever repeats in it', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.record({ byte: fc.nat(255), count: fc.nat(300) }).map(({ byte, count }) => new Uint8Array(count).fill(byte)),
    fc.constantFrom('__name__', 'weft_container_cpu_cores', 'series').map((text) => new TextEncoder().encode(text)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const input = Uint8Array.from(pieces.flatMap((bytes) => [...bytes]));
      expect(unpack(snappyBlock(input))).toEqual(input);
    }),
  );
});

test.each([0, 1, 59, 60, 61, 255, 256, 257, 65_535, 65_536, 70_000])(
  '%d bytes without a repetition are literals',
  (size) => {
    // Four bytes never repeat within 64 KiB.
    const input = Uint8Array.from({ length: size }, (_, at) => ((at >>> 2) * 2_654_435_761 + at) >>> ((at & 3) * 8));
    expect(unpack(snappyBlock(input))).toEqual(input);
  },
);

test('what repeats further away than a copy reaches is written again', () => {
  const noise = Uint8Array.from({ length: 140_000 }, (_, at) => (at * 2_654_435_761) >>> 13);
  noise.copyWithin(120_000, 0, 1000);
  expect(unpack(snappyBlock(noise))).toEqual(noise);
  const labels = new TextEncoder().encode('__name__weft_container_cpu_cores'.repeat(1000));
  expect(snappyBlock(labels).length).toBeLessThan(labels.length / 10);
});
