// Digits as numbers, so that web-2 comes before web-10.
const { compare } = new Intl.Collator('en', { numeric: true });

/** As people order names. */
export const compareText = compare;

/** Unknown ones last, whichever way the rest goes. */
export function compareValues(
  a: string | number | undefined,
  b: string | number | undefined,
  descending: boolean,
): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : compareText(String(a), String(b));
  return descending ? -order : order;
}
