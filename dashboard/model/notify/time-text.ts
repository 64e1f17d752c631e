import type { NumberRange, TimeInterval, TimeSpec } from './time-interval.ts';

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const MONTHS = 'january february march april may june july august september october november december'.split(' ');

/** A part of a time interval as a file writes it. */
export interface WrittenTime {
  readonly times?: readonly { readonly start: string; readonly end: string }[];
  readonly weekdays?: readonly string[];
  readonly daysOfMonth?: readonly string[];
  readonly months?: readonly string[];
  readonly years?: readonly string[];
  readonly location: string;
}

const clockOf = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

const ranges = (found: readonly NumberRange[] | undefined, wordOf: (value: number) => string): string[] | undefined =>
  found?.map(({ from, to }) => (from === to ? wordOf(from) : `${wordOf(from)}:${wordOf(to)}`));

/** The text that is read as this: the same for what came as words and for what came as numbers. */
export function writtenTime({ times, weekdays, daysOfMonth, months, years, location }: TimeSpec): WrittenTime {
  const written = {
    times: times?.map(({ startMinute, endMinute }) => ({ start: clockOf(startMinute), end: clockOf(endMinute) })),
    weekdays: ranges(weekdays, (day) => DAYS[day] ?? String(day)),
    daysOfMonth: ranges(daysOfMonth, String),
    months: ranges(months, (month) => MONTHS[month - 1] ?? String(month)),
    years: ranges(years, String),
  };
  const known = Object.fromEntries(Object.entries(written).filter(([, part]) => part !== undefined));
  return { ...known, location };
}

const capital = (word: string): string => `${word.slice(0, 1).toUpperCase()}${word.slice(1, 3)}`;
const shortly = (found: readonly string[] | undefined): string | undefined =>
  found?.map((each) => each.split(':').map(capital).join('–')).join(', ');
const plainly = (found: readonly string[] | undefined): string | undefined =>
  found?.map((each) => each.replace(':', '–')).join(', ');

function sentence(spec: TimeSpec): string {
  const { times, weekdays, daysOfMonth, months, years, location } = writtenTime(spec);
  const days = plainly(daysOfMonth);
  const parts = [
    shortly(weekdays),
    days === undefined ? undefined : `day ${days} of the month`,
    shortly(months),
    plainly(years),
    times?.map(({ start, end }) => `${start}–${end}`).join(', ') ?? (weekdays || days ? 'all day' : undefined),
  ].filter((part) => part !== undefined);
  return `${parts.length === 0 ? 'always' : parts.join(' ')}, ${location}`;
}

/** For people: `Mon–Fri 22:00–24:00, Europe/Berlin; Tue–Sat 00:00–06:00, Europe/Berlin`. */
export const intervalText = ({ parts }: TimeInterval): string => parts.map(sentence).join('; ');
