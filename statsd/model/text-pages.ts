/** A page is handed out when it holds so many bytes: rendered in half a millisecond, and few enough to wait a turn for each. */
const PAGE_BYTES = 128 * 1024;
/** So that the line which fills a page fits in as well, mostly. */
const MARGIN_BYTES = 8 * 1024;
/** The longest number: `-1.2345678901234567e-300`. */
const NUMBER_BYTES = 24;
const ZERO = 48;
const LAST_INT32 = 2 ** 31 - 1;

/** A number as the text format writes it. */
export function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}

/** Writes the digits of a whole number from 0 to 2^31 - 1, and gives where they end. */
function writeDigits(into: Uint8Array, start: number, value: number): number {
  let end = start + 1;
  for (let power = 10; power <= value; power *= 10) end += 1;
  let rest = value;
  for (let at = end - 1; at >= start; at -= 1) {
    const tenth = (rest / 10) | 0;
    into[at] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return end;
}

/**
 * A long text as UTF-8 bytes, made piece by piece and handed out page by page. Two pages take turns for as long as the text lasts:
 * a text of megabytes leaves no garbage, neither strings nor buffers, for which everything else would wait when it is collected.
 */
export class TextPages {
  #page: Buffer = Buffer.allocUnsafeSlow(PAGE_BYTES + MARGIN_BYTES);
  #other: Buffer | undefined;
  #length = 0;

  /** Time to {@link take} the page; more may be written to it all the same. */
  get isFull(): boolean {
    return this.#length >= PAGE_BYTES;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#page.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  text(text: string): void {
    // A UTF-16 unit is three bytes at most.
    this.#reserve(text.length * 3);
    this.#length += this.#page.write(text, this.#length);
  }

  /** One character of ASCII. */
  ascii(code: number): void {
    this.#reserve(1);
    this.#page[this.#length] = code;
    this.#length += 1;
  }

  /** As {@link numberText} writes it. */
  number(value: number): void {
    if (value >= 0 && value <= LAST_INT32 && Number.isInteger(value)) {
      this.#reserve(NUMBER_BYTES);
      this.#length = writeDigits(this.#page, this.#length, value);
      return;
    }
    this.text(numberText(value));
  }

  /** What was written since the last page; its bytes stand until the second page after it is begun. */
  take(): Uint8Array {
    const taken = this.#page.subarray(0, this.#length);
    const next = this.#other ?? Buffer.allocUnsafeSlow(PAGE_BYTES + MARGIN_BYTES);
    this.#other = this.#page;
    this.#page = next;
    this.#length = 0;
    return taken;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#page.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#page.length * 2));
    this.#page.copy(larger, 0, 0, this.#length);
    this.#page = larger;
  }
}
