import type { FieldFault } from './field-faults.ts';

/** A name with its text while both are edited. */
export interface Pair {
  readonly name: string;
  readonly text: string;
}

export function pairsOf(texts: Readonly<Record<string, string>>): readonly Pair[] {
  return Object.entries(texts).map(([name, text]) => ({ name, text }));
}

/** Without pairs that have no name yet. */
export function objectOf(pairs: readonly Pair[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.flatMap(({ name, text }) => (name.trim() === '' ? [] : [[name.trim(), text] as const])),
  );
}

/** Where the name of a pair stands, for its fault. */
export function pairPath(at: string, index: number): string {
  return `${at}#${index}`;
}

/** Names that are there twice, or `taken` by others, and texts without a name: an object could not keep them. */
export function pairFaults(at: string, pairs: readonly Pair[], taken: readonly string[] = []): readonly FieldFault[] {
  const seen = new Set(taken);
  return pairs.flatMap(({ name, text }, index) => {
    const key = name.trim();
    const message = key !== '' && seen.has(key) ? `${key} is there already` : 'expected a name';
    const isFault = key === '' ? text !== '' : seen.has(key);
    seen.add(key);
    return isFault ? [{ path: pairPath(at, index), message }] : [];
  });
}
