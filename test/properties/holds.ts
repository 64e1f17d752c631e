import fc from 'fast-check';

/** Inputs of each property, in CI as at a developer's. */
const RUNS = 100_000;

/** Whether `predicate` is true of 100,000 inputs; throws with the smallest counterexample and its seed where it is not. */
export function holds<T>(inputs: fc.Arbitrary<T>, predicate: (input: T) => boolean): void {
  fc.assert(fc.property(inputs, predicate), { numRuns: RUNS });
}

/** Whether what a reader throws, if it throws, is of this class: everything else is a fault of the reader. */
export function throwsOnly(kind: abstract new (...args: never[]) => Error, read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    return error instanceof kind;
  }
}

type Fields = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** Whether `found` has everything that `wanted` has, and, where it has to be exact, nothing else. Absent and `undefined` are one, as to toEqual. */
export function agrees(found: unknown, wanted: unknown, extent: 'exact' | 'part'): boolean {
  if (!isRecord(found) || !isRecord(wanted)) return Object.is(found, wanted);
  const names = Object.keys(extent === 'exact' ? { ...found, ...wanted } : wanted);
  return names.every((name) => agrees(found[name], wanted[name], extent));
}
