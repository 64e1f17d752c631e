/** The halves of the offset basis 0xcbf29ce484222325. */
const BASIS_HIGH = 0xcbf29ce4;
const BASIS_LOW = 0x84222325;
/** The prime is 2^40 and this. */
const PRIME_LOW = 0x1b3;
const UINT32 = 2 ** 32;
const SEPARATOR = 0xff;

const utf8 = new TextEncoder();

/** Names in the order of their bytes, which is the order of their code points. */
export function sortedNames(labels: Readonly<Record<string, string>>): string[] {
  const names = Object.keys(labels);
  // UTF-16 units are in another order than code points only where there are surrogates.
  return names.some((name) => /[\ud800-\udfff]/.test(name)) ? names.sort(byBytes) : names.sort();
}

function byBytes(a: string, b: string): number {
  const [left, right] = [utf8.encode(a), utf8.encode(b)];
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** FNV-1a of 64 bits in two halves: an alert's identity is asked for too often for a BigInt at each byte. */
class Fnv {
  #high = BASIS_HIGH;
  #low = BASIS_LOW;

  add(text: string): void {
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit > 0x7f) {
        for (const byte of utf8.encode(text.slice(at))) this.#byte(byte);
        return;
      }
      this.#byte(unit);
    }
  }

  separate(): void {
    this.#byte(SEPARATOR);
  }

  toString(): string {
    return [this.#high, this.#low].map((half) => half.toString(16).padStart(8, '0')).join('');
  }

  #byte(byte: number): void {
    const low = (this.#low ^ byte) >>> 0;
    const product = low * PRIME_LOW;
    const carry = Math.floor(product / UINT32);
    this.#high = (Math.imul(this.#high, PRIME_LOW) + carry + (low << 8)) >>> 0;
    this.#low = product >>> 0;
  }
}

/**
 * Identity of a label set: FNV-1a, 64 bits, over `name 0xFF value 0xFF …` in the order of names; 16 lower-case hex digits, as
 * Prometheus and Alertmanager print it.
 */
export function fingerprint(labels: Readonly<Record<string, string>>): string {
  const hash = new Fnv();
  for (const name of sortedNames(labels)) {
    hash.add(name);
    hash.separate();
    hash.add(labels[name] ?? '');
    hash.separate();
  }
  return hash.toString();
}
