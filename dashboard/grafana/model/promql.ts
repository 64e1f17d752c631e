import type { Matcher } from '../../model/alert/matcher.ts';
import { promqlString } from '../../model/history/remote-names.ts';

/** How often the generated rules are evaluated; subqueries take steps of the same length. */
export const RULE_INTERVAL = '15s';

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
] as const;

/** `5m`, `90s`, `1500ms`: the largest unit that needs no fraction. */
export function durationText(durationMs: number): string {
  const [unitMs, unit] = UNITS.find(([each]) => durationMs > 0 && durationMs % each === 0) ?? [1, 'ms'];
  return `${durationMs / unitMs}${unit}`;
}

/** `container_info{name="web", runtime!~"runc|crun"}`; no braces without matchers. */
export function selector(metric: string, matchers: readonly Matcher[] = []): string {
  const parts = matchers.map(({ name, value, isRegex, isEqual }) => {
    const operator = isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!=';
    return `${name}${operator}${promqlString(value)}`;
  });
  return parts.length === 0 ? metric : `${metric}{${parts.join(', ')}}`;
}

/** A glob as the matcher that takes the same: `*` any run, `?` one character. */
export function globMatcher(name: string, glob: string): Matcher {
  if (!/[*?]/.test(glob)) return { name, value: glob, isRegex: false, isEqual: true };
  const value = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return { name, value, isRegex: true, isEqual: true };
}

/** Moves every line to the right. */
export function indented(text: string, spaces = 2): string {
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(spaces));
}
