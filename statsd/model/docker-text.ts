const UNITS: readonly (readonly [seconds: number, until: number, word: string])[] = [
  [1, 60, 'second'],
  [60, 3600, 'minute'],
  [3600, 48 * 3600, 'hour'],
  [24 * 3600, 14 * 24 * 3600, 'day'],
  [7 * 24 * 3600, 60 * 24 * 3600, 'week'],
  [30 * 24 * 3600, 2 * 365 * 24 * 3600, 'month'],
  [365 * 24 * 3600, Infinity, 'year'],
];
const ONE: Readonly<Record<string, string>> = { second: '1 second', minute: 'About a minute', hour: 'About an hour' };

/** A duration in docker's words, such as `13 seconds` or `About an hour`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.floor(Math.max(0, milliseconds) / 1000);
  if (seconds < 1) return 'Less than a second';
  const [unit = 1, , word = 'second'] = UNITS.find(([, until]) => seconds < until) ?? [];
  const count = Math.floor(seconds / unit);
  return count === 1 ? (ONE[word] ?? `1 ${word}`) : `${count} ${word}s`;
}

/** Go's zero time, which docker writes for "never". */
export const ZERO_TIME = '0001-01-01T00:00:00Z';

/** RFC 3339 in UTC; {@link ZERO_TIME} for what is not known. */
export function timeText(unixMs: number | undefined): string {
  if (unixMs === undefined || !Number.isFinite(unixMs)) return ZERO_TIME;
  return new Date(unixMs).toISOString();
}

/** A count as the digits of a uint64: never negative, never in exponent form; `undefined` when it is not known. */
export function digits(value: number | undefined): string | undefined {
  if (value === undefined || Number.isNaN(value)) return undefined;
  if (value === Infinity) return MAX_UINT64;
  const rounded = Math.round(value);
  if (rounded <= 0) return '0';
  return Number.isSafeInteger(rounded) ? String(rounded) : BigInt(rounded).toString();
}

export const MAX_UINT64 = '18446744073709551615';
