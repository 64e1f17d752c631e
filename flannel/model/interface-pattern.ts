/** Go's flags in front of a pattern, such as `(?i)`; JavaScript takes them beside it. */
const LEADING_FLAGS = /^\(\?([ims]+)\)/;

/**
 * `--iface-regex`: Go's syntax as far as JavaScript has it, with `(?i)` in front, `(?P<name>…)`, `\A` and `\z` put into its
 * words. Not anchored. @throws {RangeError} naming the pattern.
 */
export function interfacePattern(text: string): RegExp {
  const [prefix = '', flags = ''] = LEADING_FLAGS.exec(text) ?? [];
  const pattern = text
    .slice(prefix.length)
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\\([Az])/g, (_, end: string) => (end === 'A' ? '^' : '$'));
  try {
    return new RegExp(pattern, flags);
  } catch (cause) {
    throw new RangeError(`"${text}" is not a regular expression: expected one such as ^eth[0-9]+$`, { cause });
  }
}
