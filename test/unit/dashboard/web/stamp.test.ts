import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatMoment, formatStamp, formatTick } from '../../../../dashboard/web/stamp.ts';

const T0 = Date.UTC(2026, 10, 27, 10);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

test.each([
  [T0, 60_000, '10:00'],
  [T0 + 5000, 5000, '10:00:05'],
  [Date.UTC(2026, 10, 27), HOUR_MS, '11-27'],
  [T0, DAY_MS, '11-27'],
  [Number.NaN, 1000, ''],
])('%d under an axis by %d ms is %s', (unixMs, stepMs, want) => {
  expect(formatTick(unixMs, stepMs, 'utc')).toBe(want);
});

test.each([
  { spanMs: 15 * 60_000, want: '10:00:05' },
  { spanMs: 6 * HOUR_MS, want: '10:00:05' },
  // The same time of day is in it more than once.
  { spanMs: DAY_MS + 1, want: '11-27\u00a010:00' },
  { spanMs: 90 * DAY_MS, want: '11-27\u00a010:00' },
])('a moment of a chart over $spanMs ms is $want', ({ spanMs, want }) => {
  expect(formatMoment(T0 + 5000, 'utc', spanMs)).toBe(want);
  expect(formatMoment(Number.NaN, 'utc', spanMs)).toBe('');
});

describe('a stamp names its zone', () => {
  const before = process.env['TZ'];
  beforeAll(() => {
    process.env['TZ'] = 'Europe/Berlin';
  });
  afterAll(() => {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  });

  test.each([
    { at: T0, zone: 'utc', want: '2026-11-27\u00a010:00:00\u00a0UTC' },
    { at: T0, zone: 'local', want: '2026-11-27\u00a011:00:00\u00a0+01:00' },
    // The hour that there is twice when summer time ends.
    { at: Date.UTC(2026, 9, 25, 0, 30), zone: 'local', want: '2026-10-25\u00a002:30:00\u00a0+02:00' },
    { at: Date.UTC(2026, 9, 25, 1, 30), zone: 'local', want: '2026-10-25\u00a002:30:00\u00a0+01:00' },
    { at: Number.NaN, zone: 'local', want: '' },
  ] as const)('$want', ({ at, zone, want }) => {
    expect(formatStamp(at, zone)).toBe(want);
  });

  test('also west of Greenwich and by half hours', () => {
    process.env['TZ'] = 'America/St_Johns';
    expect(formatStamp(T0, 'local')).toBe('2026-11-27\u00a006:30:00\u00a0-03:30');
  });
});
