import { expect, test } from 'vitest';
import { intervalText, writtenTime } from '../../../../../dashboard/model/notify/time-text.ts';
import { timeIntervalSchema } from '../../../../../dashboard/io/notify/notify-file.ts';

test.each([
  { written: [{ location: 'UTC' }], text: 'always, UTC' },
  {
    written: [{ times: [{ start: '22:00', end: '24:00' }], weekdays: ['monday:friday'], location: 'Europe/Berlin' }],
    text: 'Mon–Fri 22:00–24:00, Europe/Berlin',
  },
  {
    written: [
      { times: [{ start: '09:05', end: '12:00' }], location: 'UTC' },
      { weekdays: ['saturday', 'sunday'], location: 'Asia/Tokyo' },
    ],
    text: '09:05–12:00, UTC; Sat, Sun all day, Asia/Tokyo',
  },
  {
    written: [{ daysOfMonth: ['-3:-1', '1'], months: ['june:august'], years: ['2026:2027'], location: 'UTC' }],
    text: 'day -3–-1, 1 of the month Jun–Aug 2026–2027 all day, UTC',
  },
])('$text is what was written, and written as it was', ({ written, text }) => {
  const interval = timeIntervalSchema.parse({ name: 'x', timeIntervals: written });
  expect(intervalText(interval)).toBe(text);
  expect(interval.parts.map(writtenTime)).toEqual(written);
});
