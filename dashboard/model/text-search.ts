import { compileFullMatch } from './alert/regex.ts';

/** A compiled pattern that is looked for anywhere in a text, whatever its case. */
export interface TextSearch {
  finds(text: string): boolean;
}

/** Names and images hardly change: what was found in them is remembered. */
const REMEMBERED = 4096;

const ANYTHING = '(?:.|\\n)*';

/** `^` and `$` bind to the ends; with a choice only a group says what they bind to, and the compiler says so. */
function fullPattern(pattern: string): string {
  const bare = pattern.replace(/^\(\?i\)/, '');
  const fromStart = bare.startsWith('^');
  const toEnd = bare.endsWith('$') && !bare.endsWith('\\$');
  const body = bare.slice(Number(fromStart), toEnd ? -1 : undefined);
  return `(?i)${fromStart ? '' : ANYTHING}(?:${body})${toEnd ? '' : ANYTHING}`;
}

/** Compiles a regular expression in RE2's syntax, or says why it is not usable. Time is text × pattern. */
export function foundAnywhere(pattern: string): TextSearch | string {
  let matcher;
  try {
    matcher = compileFullMatch(fullPattern(pattern));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `the regular expression is not usable: ${error.message.replace(/^.* is not usable: /, '')}`;
  }
  const known = new Map<string, boolean>();
  return {
    finds: (text) => {
      const before = known.get(text);
      if (before !== undefined) return before;
      const found = matcher.matches(text);
      if (known.size >= REMEMBERED) known.clear();
      known.set(text, found);
      return found;
    },
  };
}
