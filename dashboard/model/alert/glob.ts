/**
 * Whether a whole text fits a pattern of literal characters, `*` (any run, also empty) and `?` (one character). Linear in
 * pattern × text at worst: a container's owner chooses the text.
 */
export function globMatches(pattern: string, text: string): boolean {
  let at = 0;
  let inText = 0;
  let star = -1;
  let retryFrom = 0;
  while (inText < text.length) {
    const wanted = pattern[at];
    if (wanted === '*') {
      star = at;
      retryFrom = inText;
      at += 1;
    } else if (wanted !== undefined && (wanted === '?' || wanted === text[inText])) {
      at += 1;
      inText += 1;
    } else if (star >= 0) {
      at = star + 1;
      retryFrom += 1;
      inText = retryFrom;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
