/** Longest string that a container's owner can make us keep. */
export const MAX_TEXT = 256;
/** The kernel's own bound on a path. */
export const MAX_PATH = 4096;

// C0 and C1 controls, line and paragraph separators, and the characters that reorder what a person reads.
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/**
 * A string from a container's owner as we keep it: control and direction characters removed, ill-formed surrogates replaced,
 * cut to `maxLength` UTF-16 units. Markup stays as it is: escaping is the business of who prints it.
 */
export function cleanText(text: string, maxLength: number = MAX_TEXT): string {
  // Bounded before the expression runs: the text may be megabytes.
  const clean = text
    .slice(0, maxLength * 4)
    .toWellFormed()
    .replace(INVISIBLE, '');
  if (clean.length <= maxLength) return clean;
  const last = clean.charCodeAt(maxLength - 1);
  return clean.slice(0, last >= 0xd800 && last <= 0xdbff ? maxLength - 1 : maxLength);
}
