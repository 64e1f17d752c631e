import type { WrittenTime } from '../../model/notify/time-text.ts';

/** A mute window as `GET /api/v1/mute-windows` has it. */
export interface MuteWindowAnswer {
  readonly name: string;
  readonly origin: 'file' | 'api';
  readonly timeIntervals: readonly WrittenTime[];
  /** The same for people. */
  readonly text: string;
  readonly active: boolean;
  /** When it begins or ends next; `null` when that is more than eight days away. */
  readonly changesAt: string | null;
}

/** A mute window while it is made. */
export interface MuteDraft {
  readonly name: string;
  /** One of {@link DAY_CHOICES}. */
  readonly days: string;
  /** `22:00`. */
  readonly start: string;
  /** The same as or before `start` is on the next day. */
  readonly end: string;
  readonly location: string;
}

export const DAY_CHOICES: readonly (readonly [value: string, shown: string])[] = [
  ['', 'every day'],
  ['monday:friday', 'Monday to Friday'],
  ['saturday sunday', 'Saturday and Sunday'],
  ...['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'].map(
    (day) => [day.toLowerCase(), `each ${day}`] as const,
  ),
];

/** The days after these. */
const NEXT_DAYS: Readonly<Record<string, string>> = {
  'monday:friday': 'tuesday:saturday',
  'saturday sunday': 'sunday monday',
  monday: 'tuesday',
  tuesday: 'wednesday',
  wednesday: 'thursday',
  thursday: 'friday',
  friday: 'saturday',
  saturday: 'sunday',
  sunday: 'monday',
};

/** A night in the zone of who makes it. */
export const newMuteWindow = (location: string): MuteDraft => ({
  name: '',
  days: '',
  start: '22:00',
  end: '06:00',
  location,
});

/** What the API is sent. A window over midnight belongs to the day on which it begins: its morning is on the days after. */
export function postedMuteWindow({ name, days, start, end, location }: MuteDraft): object {
  const part = (on: string, from: string, to: string): WrittenTime => ({
    times: [{ start: from, end: to }],
    ...(on === '' ? {} : { weekdays: on.split(' ') }),
    location: location.trim(),
  });
  const isOverMidnight = end <= start;
  const timeIntervals = isOverMidnight
    ? [part(days, start, '24:00'), ...(end === '00:00' ? [] : [part(NEXT_DAYS[days] ?? days, '00:00', end)])]
    : [part(days, start, end)];
  return { name: name.trim(), timeIntervals };
}
