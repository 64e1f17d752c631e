/** An inclusive range of whole numbers. */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

/** When within days, months and years; every part that is there must hold. */
export interface TimeSpec {
  /** Minutes of the day; the end is not in it. */
  readonly times?: readonly { readonly startMinute: number; readonly endMinute: number }[] | undefined;
  /** 0 is Sunday. */
  readonly weekdays?: readonly NumberRange[] | undefined;
  /** 1 to 31; negative counts from the month's end. */
  readonly daysOfMonth?: readonly NumberRange[] | undefined;
  readonly months?: readonly NumberRange[] | undefined;
  readonly years?: readonly NumberRange[] | undefined;
  /** IANA name, such as `Europe/Berlin`; a wall clock without its zone would be wrong twice a year. */
  readonly location: string;
}

/** A named time; it holds while one of its parts does. */
export interface TimeInterval {
  readonly name: string;
  readonly parts: readonly TimeSpec[];
}

interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly minute: number;
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const formatters = new Map<string, Intl.DateTimeFormat>();

/** @throws {RangeError} for a zone that is not known. */
function formatterOf(location: string): Intl.DateTimeFormat {
  const known = formatters.get(location);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: location,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    weekday: 'short',
    hour: 'numeric',
    minute: 'numeric',
  });
  formatters.set(location, made);
  return made;
}

/** Whether a zone is known here. */
export function isTimeZone(location: string): boolean {
  try {
    formatterOf(location);
    return true;
  } catch {
    return false;
  }
}

function localTime(unixMs: number, location: string): LocalTime {
  const parts = new Map(
    formatterOf(location)
      .formatToParts(unixMs)
      .map(({ type, value }) => [type, value]),
  );
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  return {
    year: number('year'),
    month: number('month'),
    day: number('day'),
    weekday: WEEKDAYS.indexOf(parts.get('weekday') ?? ''),
    minute: number('hour') * 60 + number('minute'),
  };
}

const within = (ranges: readonly NumberRange[] | undefined, value: number): boolean =>
  ranges?.some(({ from, to }) => value >= from && value <= to) ?? true;

function dayWithin(ranges: TimeSpec['daysOfMonth'], { day, month, year }: LocalTime): boolean {
  if (ranges === undefined) return true;
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const from = (value: number): number => (value < 0 ? days + value + 1 : value);
  return ranges.some((range) => day >= from(range.from) && day <= from(range.to));
}

function holdsAt(spec: TimeSpec, unixMs: number): boolean {
  const local = localTime(unixMs, spec.location);
  return (
    (spec.times?.some(({ startMinute, endMinute }) => local.minute >= startMinute && local.minute < endMinute) ??
      true) &&
    within(spec.weekdays, local.weekday) &&
    dayWithin(spec.daysOfMonth, local) &&
    within(spec.months, local.month) &&
    within(spec.years, local.year)
  );
}

/** Whether a moment is in the interval. */
export function isWithin({ parts }: TimeInterval, unixMs: number): boolean {
  return parts.some((part) => holdsAt(part, unixMs));
}

const QUARTER_MS = 15 * 60_000;
const MINUTE_MS = 60_000;
const LOOK_AHEAD_MS = 8 * 24 * 3_600_000;

/** The first minute in which the interval holds (or not) again; `undefined` when that is more than eight days away. */
export function nextChange(interval: TimeInterval, nowUnixMs: number): number | undefined {
  const now = isWithin(interval, nowUnixMs);
  const start = Math.floor(nowUnixMs / MINUTE_MS) * MINUTE_MS;
  for (let at = start; at < start + LOOK_AHEAD_MS; at += QUARTER_MS) {
    if (isWithin(interval, at + QUARTER_MS) === now) continue;
    for (let minute = at + MINUTE_MS; minute <= at + QUARTER_MS; minute += MINUTE_MS)
      if (isWithin(interval, minute) !== now) return minute;
  }
  return undefined;
}
