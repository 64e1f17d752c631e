import { readSync } from 'node:fs';

const FIRST_BYTES = 32 * 1024;
/** No file that we read is larger; what is longer is cut and its parser complains. */
const MAX_BYTES = 1024 * 1024;

/** The one buffer that single files are read into, as large as the largest so far. @throws what read(2) does. */
export class ReadBuffer {
  #buffer = Buffer.allocUnsafe(FIRST_BYTES);

  get bytes(): Uint8Array {
    return this.#buffer;
  }

  /** Reads from the start; the kernel makes the text anew each time. */
  readFrom(descriptor: number): number {
    for (;;) {
      const length = readSync(descriptor, this.#buffer, 0, this.#buffer.length, 0);
      if (length < this.#buffer.length || length >= MAX_BYTES) return length;
      this.#buffer = Buffer.allocUnsafe(this.#buffer.length * 2);
    }
  }

  /** As {@link readFrom}, for a file that comes in pieces. */
  readRecords(descriptor: number): number {
    let length = 0;
    for (;;) {
      const more = readSync(descriptor, this.#buffer, length, this.#buffer.length - length, length);
      length += more;
      if (more === 0 || length >= MAX_BYTES) return length;
      if (length < this.#buffer.length) continue;
      const larger = Buffer.allocUnsafe(this.#buffer.length * 2);
      this.#buffer.copy(larger);
      this.#buffer = larger;
    }
  }
}
