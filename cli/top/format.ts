const BINARY = ['B', 'K', 'M', 'G', 'T', 'P'];
const DECIMAL = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
/** For what is not known; never 0. */
export const UNKNOWN = '-';

function scaled(value: number | undefined, units: readonly string[], step: number): string {
  if (value === undefined) return UNKNOWN;
  let rest = value;
  let unit = 0;
  while (rest >= step && unit < units.length - 1) {
    rest /= step;
    unit += 1;
  }
  const digits = unit === 0 || rest >= 100 ? 0 : rest >= 10 ? 1 : 2;
  return `${rest.toFixed(digits)}${units[unit] ?? ''}`;
}

/** Memory, such as `1.25G`. */
export const binaryBytes = (bytes: number | undefined): string => scaled(bytes, BINARY, 1024);

/** Bytes a second, such as `3.40MB`. */
export const decimalRate = (bytes: number | undefined): string => scaled(bytes, DECIMAL, 1000);

/** Of a part of one, such as `12.5`. */
export const percent = (part: number | undefined): string =>
  part === undefined ? UNKNOWN : (part * 100).toFixed(part >= 10 ? 0 : 1);

/** How long something lasted, such as `3d4h` or `12s`. */
export function duration(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return UNKNOWN;
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600), Math.floor(seconds / 60)];
  if (days > 0) return `${days}d${hours % 24}h`;
  if (hours > 0) return `${hours}h${minutes % 60}m`;
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}

// Controls, and what reorders or hides text: the agent cleans names, but a terminal obeys what it is sent.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029]/gu;
const WIDE =
  /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const ZERO = /^\p{M}/u;

const columnsOf = (character: string): number => (ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1);

/** A text in exactly `width` columns of a terminal; what is longer ends in `…`. Nothing in it can steer the terminal. */
export function cell(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const characters = Array.from(text.slice(0, 1024).replace(UNPRINTABLE, ''));
  let [used, kept] = [0, ''];
  const total = characters.reduce((sum, character) => sum + columnsOf(character), 0);
  const room = total > width ? width - 1 : width;
  for (const character of characters) {
    if (used + columnsOf(character) > room) break;
    used += columnsOf(character);
    kept += character;
  }
  if (total > width && width > 0) {
    kept += '…';
    used += 1;
  }
  const padding = ' '.repeat(Math.max(0, width - used));
  return align === 'left' ? kept + padding : padding + kept;
}
