import type { TimeZone } from './time-zone.ts';

/** One moment in one zone, as the parts of a date. */
function partsOf(unixMs: number, zone: TimeZone): { date: string; clock: string; second: string } | undefined {
  const moment = new Date(unixMs);
  if (Number.isNaN(moment.getTime())) return undefined;
  // The same digits in another zone: a date whose UTC is what the wall shows.
  const shown = zone === 'utc' ? moment : new Date(unixMs - moment.getTimezoneOffset() * 60_000);
  const iso = shown.toISOString();
  return { date: iso.slice(0, 10), clock: iso.slice(11, 16), second: iso.slice(16, 19) };
}

/** `10:02:31`. */
export function formatClock(unixMs: number, zone: TimeZone): string {
  const parts = partsOf(unixMs, zone);
  return parts === undefined ? '' : `${parts.clock}${parts.second}`;
}

/** `2026-11-27 10:02:31 UTC`, or without the zone's name where it is the reader's own. */
export function formatStamp(unixMs: number, zone: TimeZone): string {
  const parts = partsOf(unixMs, zone);
  return parts === undefined
    ? ''
    : `${parts.date}\u00a0${parts.clock}${parts.second}${zone === 'utc' ? '\u00a0UTC' : ''}`;
}

const DAY_MS = 86_400_000;

/** What stands under an axis with this much between two ticks: the time of day, and the date where a day begins. */
export function formatTick(unixMs: number, stepMs: number, zone: TimeZone): string {
  const parts = partsOf(unixMs, zone);
  if (parts === undefined) return '';
  if (stepMs >= DAY_MS || parts.clock === '00:00') return parts.date.slice(5);
  return stepMs < 60_000 ? `${parts.clock}${parts.second}` : parts.clock;
}
