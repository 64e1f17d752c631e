import { compileFullMatch, type FullMatcher } from './regex.ts';

/** One test of a label, as Alertmanager writes it: `=`, `!=`, `=~` (whole value), `!~`. A label that is absent is empty. */
export interface Matcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
}

export type Labels = Readonly<Record<string, string>>;

export const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

const MAX_PATTERN = 1024;

/** A list of matchers made ready: all of them must hold. */
export type LabelTest = (labels: Labels) => boolean;

/** The value of a label; inherited properties are none. */
export function labelOf(labels: Labels, name: string): string {
  return Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';
}

function valueTest({ value, isRegex, isEqual }: Matcher): (text: string) => boolean {
  if (!isRegex) return (text) => (text === value) === isEqual;
  if (value.length > MAX_PATTERN) throw new RangeError(`a regular expression has more than ${MAX_PATTERN} characters`);
  const pattern: FullMatcher = compileFullMatch(value);
  return (text) => pattern.matches(text) === isEqual;
}

/** @throws {RangeError} when a regular expression cannot be used. */
export function compileMatchers(matchers: readonly Matcher[]): LabelTest {
  const tests = matchers.map((matcher) => ({ name: matcher.name, holds: valueTest(matcher) }));
  return (labels) => tests.every(({ name, holds }) => holds(labelOf(labels, name)));
}

/** Whether a matcher also takes what has no such label. @throws {RangeError} */
export function matchesEmpty(matcher: Matcher): boolean {
  return valueTest(matcher)('');
}

const OPERATORS = [
  { text: '!~', isRegex: true, isEqual: false },
  { text: '=~', isRegex: true, isEqual: true },
  { text: '!=', isRegex: false, isEqual: false },
  { text: '=', isRegex: false, isEqual: true },
] as const;

function unquoted(text: string): string {
  if (!text.startsWith('"')) return text;
  if (text.length < 2 || !text.endsWith('"'))
    throw new RangeError(`the quote in ${JSON.stringify(text)} is not closed`);
  return text.slice(1, -1).replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}

/** Reads `name=value`, `name!="value"`, `name=~"web-.*"` or `name!~value`. @throws {RangeError} naming the text. */
export function parseMatcher(text: string): Matcher {
  const [, name = '', operator = '', value = ''] = /^\s*([^=!~\s]+)\s*(=~|!~|!=|=)\s*([^]*?)\s*$/.exec(text) ?? [];
  const known = OPERATORS.find((each) => each.text === operator);
  if (known === undefined || !LABEL_NAME.test(name))
    throw new RangeError(
      `${JSON.stringify(text)} is no matcher: expected label=value, label!=value, label=~regex or label!~regex`,
    );
  const matcher = { name, value: unquoted(value), isRegex: known.isRegex, isEqual: known.isEqual };
  valueTest(matcher);
  return matcher;
}

/** Takes `{a="b", c=~"d"}` or `a=b` apart at commas outside of quotes. @throws {RangeError} */
export function parseMatchers(text: string): Matcher[] {
  const inner = /^\s*\{([^]*)\}\s*$/.exec(text)?.[1] ?? text;
  const parts = inner.match(/(?:"(?:\\.|[^"\\])*"?|[^,"])+/g) ?? [];
  return parts.filter((part) => part.trim() !== '').map(parseMatcher);
}

/** `host="h1"`, as {@link parseMatcher} reads it. */
export function matcherText({ name, value, isRegex, isEqual }: Matcher): string {
  const operator = OPERATORS.find((each) => each.isRegex === isRegex && each.isEqual === isEqual)?.text ?? '=';
  return `${name}${operator}${goQuoted(value)}`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
  '\u0007': '\\a',
};

/** Quotes as Go's `%q` does, which is how Alertmanager prints a label's value. */
export function goQuoted(text: string): string {
  const escaped = text.replace(/["\\\u0000-\u001f\u007f]/g, (character) => {
    const code = character.charCodeAt(0);
    return ESCAPES[character] ?? `\\x${code.toString(16).padStart(2, '0')}`;
  });
  return `"${escaped}"`;
}
