import { expect, test } from 'vitest';
import { timeIntervalSchema } from '../../../../dashboard/io/notify/notify-file.ts';
import { isWithin } from '../../../../dashboard/model/notify/time-interval.ts';
import { intervalText } from '../../../../dashboard/model/notify/time-text.ts';
import {
  DAY_CHOICES,
  newMuteWindow,
  postedMuteWindow,
  type MuteDraft,
} from '../../../../dashboard/web/alerts/mute-draft.ts';

const read = (change: Partial<MuteDraft>) =>
  timeIntervalSchema.parse(postedMuteWindow({ ...newMuteWindow('Europe/Berlin'), name: ' nights ', ...change }));

test.each([
  { change: { start: '09:00', end: '17:00' }, text: '09:00–17:00, Europe/Berlin' },
  {
    change: { days: 'monday:friday' },
    text: 'Mon–Fri 22:00–24:00, Europe/Berlin; Tue–Sat 00:00–06:00, Europe/Berlin',
  },
  { change: { days: 'sunday', end: '00:00' }, text: 'Sun 22:00–24:00, Europe/Berlin' },
  {
    change: { days: 'saturday sunday', start: '12:00', end: '12:00' },
    text: 'Sat, Sun 12:00–24:00, Europe/Berlin; Sun, Mon 00:00–12:00, Europe/Berlin',
  },
])('$text', ({ change, text }) => {
  const interval = read(change);
  expect(interval.name).toBe('nights');
  expect(intervalText(interval)).toBe(text);
});

test.each(DAY_CHOICES)('a night of %j, %s, ends on the morning after', (days) => {
  const interval = read({ days });
  const hourMs = 3_600_000;
  let nights = 0;
  // A week in Berlin's summer: 20:30 UTC is half an hour after its start.
  for (let day = 1; day <= 7; day += 1) {
    const evening = Date.UTC(2026, 6, day, 20, 30);
    if (!isWithin(interval, evening)) continue;
    nights += 1;
    expect(isWithin(interval, evening + 7 * hourMs)).toBe(true);
    expect(isWithin(interval, evening + 8 * hourMs)).toBe(false);
  }
  expect(nights).toBe(days === '' ? 7 : days === 'monday:friday' ? 5 : days.split(' ').length);
});
