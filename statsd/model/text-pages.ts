/** A page is handed out when it holds so many bytes: rendered in a quarter of a millisecond, and few enough to wait a turn for each. */
const PAGE_BYTES = 64 * 1024;
/** So that the line which fills a page fits in as well, mostly. */
const MARGIN_BYTES = 8 * 1024;
/** The longest number: `-1.2345678901234567e-300`. */
const NUMBER_BYTES = 24;
const ZERO = 48;
const POINT = 46;
const BILLION = 1e9;
/** Two decimals of up to 15 digits are never the same float, so one that gives a float back is the shortest that does. */
const FIFTEEN_DIGITS = 1e15;
/** JavaScript writes smaller ones with an exponent. */
const SMALLEST_PLAIN = 1e-6;

/** A number as the text format writes it. */
export function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let power = 10; power <= value; power *= 10) digits += 1;
  return digits;
}

/** Writes a whole number below 2^31 in so many digits, and gives where they end. */
function writeDigits(into: Uint8Array, start: number, { value, digits }: { value: number; digits: number }): number {
  let rest = value;
  for (let at = start + digits - 1; at >= start; at -= 1) {
    const tenth = (rest / 10) | 0;
    into[at] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return start + digits;
}

/** Writes a whole number below {@link FIFTEEN_DIGITS}, and gives where it ends. */
function writeWhole(into: Uint8Array, start: number, value: number): number {
  if (value < BILLION) return writeDigits(into, start, { value, digits: digitsOf(value) });
  const billions = Math.floor(value / BILLION);
  const at = writeDigits(into, start, { value: billions, digits: digitsOf(billions) });
  return writeDigits(into, at, { value: value - billions * BILLION, digits: 9 });
}

/** Writes so many billionths that are no whole number, and gives where they end. */
function writeBillionths(into: Uint8Array, start: number, billionths: number): number {
  const whole = Math.floor(billionths / BILLION);
  const point = writeWhole(into, start, whole);
  into[point] = POINT;
  let value = billionths - whole * BILLION;
  let digits = 9;
  for (; value % 10 === 0; value /= 10) digits -= 1;
  return writeDigits(into, point + 1, { value, digits });
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

  /** As {@link numberText} writes it, but without a string where it need not be: for what counts nanoseconds or bytes. */
  number(value: number): void {
    this.#reserve(NUMBER_BYTES);
    if (value >= 0 && value < FIFTEEN_DIGITS && Number.isInteger(value)) {
      this.#length = writeWhole(this.#page, this.#length, value);
      return;
    }
    const billionths = Math.round(value * BILLION);
    if (value >= SMALLEST_PLAIN && billionths < FIFTEEN_DIGITS && billionths / BILLION === value)
      this.#length = writeBillionths(this.#page, this.#length, billionths);
    else this.text(numberText(value));
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
