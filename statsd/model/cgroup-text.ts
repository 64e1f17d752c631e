/** A cgroup or proc file did not look as the kernel's documentation says. */
export class CgroupTextError extends Error {
  override readonly name = 'CgroupTextError';
  readonly operation = 'parse';
  readonly code = 'EBADMSG';
  readonly target: string;

  constructor(target: string, found: string) {
    super(`cannot parse ${target}: found ${JSON.stringify(found.slice(0, 80))}`);
    this.target = target;
  }
}

const SPACE = 0x20;
const NEWLINE = 0x0a;
const ZERO = 0x30;
/** Any number of so many digits is exact. */
const SAFE_DIGITS = 15;
/** The kernel writes no longer one. */
const MAX_DIGITS = 20;

/**
 * The whole number that starts at `start`, NaN when no digit stands there. Above 2^53 the last digits are lost, which a rate
 * does not notice (that is 104 core-days in nanoseconds).
 */
export function uintAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  let at = start;
  for (; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  if (at === start) return Number.NaN;
  // Beyond 2^53 each digit would be rounded by itself: the whole is rounded once.
  return at - start > SAFE_DIGITS && at - start <= MAX_DIGITS
    ? Number(String.fromCharCode(...bytes.subarray(start, at)))
    : value;
}

/** The content of a kernel file, in a buffer that it shares with others: only `[start, end)` is its own. */
export interface Content {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** For error messages. */
  readonly path: string;
}

/** The text of a small file, for errors and for the rare files that hold words; cut at 4 KiB. */
export function textOf({ bytes, start, end }: Content): string {
  let text = '';
  for (let at = start; at < Math.min(end, start + 4096); at += 1) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
}

/** A file that holds one number. @throws {CgroupTextError} */
export function singleUint(content: Content): number {
  const value = uintAt(content.bytes, content.start, content.end);
  if (Number.isNaN(value)) throw new CgroupTextError(content.path, textOf(content));
  return value;
}

/** As {@link singleUint}, NaN for a file that is not there. @throws {CgroupTextError} */
export function uintOrUnknown(content: Content | undefined): number {
  return content === undefined ? Number.NaN : singleUint(content);
}

/** `max` is `Infinity`, else the number. @throws {CgroupTextError} */
export function uintOrMax(content: Content): number {
  const { bytes, start } = content;
  return bytes[start] === 0x6d && bytes[start + 1] === 0x61 && bytes[start + 2] === 0x78
    ? Infinity
    : singleUint(content);
}

/** First index of `byte` in `[start, end)`, or `end`. */
export function indexOfByte(bytes: Uint8Array, byte: number, range: { start: number; end: number }): number {
  let at = range.start;
  while (at < range.end && bytes[at] !== byte) at += 1;
  return at;
}

/** The same polynomial over a key's text as {@link FlatKeys.scan} computes over the file's bytes. */
function hashOf(key: string): number {
  let hash = 0;
  for (let at = 0; at < key.length; at += 1) hash = (hash * 31 + key.charCodeAt(at)) | 0;
  return hash;
}

/**
 * Reads chosen keys out of a flat keyed file (`key value` lines such as memory.stat) without making a string. Key order in
 * the file does not matter and unknown keys are passed over, since each kernel adds some.
 */
export class FlatKeys {
  readonly #keys: readonly string[];
  readonly #hashes: Int32Array;
  /** Values of the last scan, in the order of the keys; NaN where the file lacks the key. */
  readonly values: Float64Array;

  constructor(keys: readonly string[]) {
    this.#keys = keys;
    this.#hashes = Int32Array.from(keys, hashOf);
    this.values = new Float64Array(keys.length);
  }

  /** Reads a file; one that is not there leaves every value unknown. */
  scan(content: Content | undefined): void {
    this.values.fill(Number.NaN);
    if (content === undefined) return;
    const { bytes, end: length } = content;
    let lineStart = content.start;
    while (lineStart < length) {
      let hash = 0;
      let at = lineStart;
      for (; at < length; at += 1) {
        const byte = bytes[at] ?? 0;
        if (byte === SPACE || byte === NEWLINE) break;
        hash = (hash * 31 + byte) | 0;
      }
      const key = this.#hashes.indexOf(hash);
      if (key >= 0 && this.#sameText(bytes, { start: lineStart, end: at, key })) {
        // One space in cgroup files, a column of them in /proc/meminfo.
        while (at < length && bytes[at] === SPACE) at += 1;
        this.values[key] = uintAt(bytes, at, length);
      }
      lineStart = indexOfByte(bytes, NEWLINE, { start: at, end: length }) + 1;
    }
  }

  #sameText(bytes: Uint8Array, range: { start: number; end: number; key: number }): boolean {
    const key = this.#keys[range.key] ?? '';
    if (key.length !== range.end - range.start) return false;
    for (let at = 0; at < key.length; at += 1) if (bytes[range.start + at] !== key.charCodeAt(at)) return false;
    return true;
  }
}
