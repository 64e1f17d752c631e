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

/** `+01:00`: what a reader's clock is ahead of UTC at that moment. One night a year has the same hour twice. */
function offsetOf(unixMs: number): string {
  const ahead = -new Date(unixMs).getTimezoneOffset();
  const two = (amount: number): string => String(amount).padStart(2, '0');
  return `${ahead < 0 ? '-' : '+'}${two(Math.floor(Math.abs(ahead) / 60))}:${two(Math.abs(ahead) % 60)}`;
}

/** `2026-11-27 10:02:31 UTC`, or with the offset of the reader's own zone. */
export function formatStamp(unixMs: number, zone: TimeZone): string {
  const parts = partsOf(unixMs, zone);
  if (parts === undefined) return '';
  return `${parts.date}\u00a0${parts.clock}${parts.second}\u00a0${zone === 'utc' ? 'UTC' : offsetOf(unixMs)}`;
}

const DAY_MS = 86_400_000;

/** A moment of a chart that shows this much time: its day too, where the time of day alone is there more than once. */
export function formatMoment(unixMs: number, zone: TimeZone, spanMs: number): string {
  const parts = partsOf(unixMs, zone);
  if (parts === undefined) return '';
  return spanMs < DAY_MS ? `${parts.clock}${parts.second}` : `${parts.date.slice(5)}\u00a0${parts.clock}`;
}

/** What stands under an axis with this much between two ticks: the time of day, and the date where a day begins. */
export function formatTick(unixMs: number, stepMs: number, zone: TimeZone): string {
  const parts = partsOf(unixMs, zone);
  if (parts === undefined) return '';
  if (stepMs >= DAY_MS || parts.clock === '00:00') return parts.date.slice(5);
  return stepMs < 60_000 ? `${parts.clock}${parts.second}` : parts.clock;
}
