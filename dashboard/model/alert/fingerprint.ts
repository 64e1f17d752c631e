const OFFSET_BASIS = 14_695_981_039_346_656_037n;
const PRIME = 1_099_511_628_211n;
const MASK = (1n << 64n) - 1n;
const SEPARATOR = 255n;

const utf8 = new TextEncoder();

/** Names in the order of their bytes, which is the order of their code points. */
export function sortedNames(labels: Readonly<Record<string, string>>): string[] {
  return Object.keys(labels).sort((a, b) => {
    const [left, right] = [utf8.encode(a), utf8.encode(b)];
    for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
      const difference = (left[index] ?? 0) - (right[index] ?? 0);
      if (difference !== 0) return difference;
    }
    return left.length - right.length;
  });
}

/**
 * Identity of a label set: FNV-1a, 64 bits, over `name 0xFF value 0xFF …` in the order of names; 16 lower-case hex digits, as
 * Prometheus and Alertmanager print it.
 */
export function fingerprint(labels: Readonly<Record<string, string>>): string {
  let hash = OFFSET_BASIS;
  const add = (text: string): void => {
    for (const byte of utf8.encode(text)) hash = ((hash ^ BigInt(byte)) * PRIME) & MASK;
    hash = ((hash ^ SEPARATOR) * PRIME) & MASK;
  };
  for (const name of sortedNames(labels)) {
    add(name);
    add(labels[name] ?? '');
  }
  return hash.toString(16).padStart(16, '0');
}
