import type { MarkKind } from '../../model/history/series.ts';

/** One column of a line: a value for each point, `null` where nothing is known. */
export interface PastColumn {
  readonly min: readonly (number | null)[];
  readonly avg: readonly (number | null)[];
  readonly max: readonly (number | null)[];
}

export interface PastMark {
  /** ISO 8601. */
  readonly at: string;
  readonly kind: MarkKind;
  readonly containerId: string;
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  readonly ranForMs?: number;
}

/** One line of history as `GET /api/v1/history` answers it. */
export interface PastLine {
  readonly key: string;
  readonly kind: 'container' | 'host';
  readonly nodeId: string;
  readonly host: string;
  readonly name: string;
  readonly image?: string;
  readonly runtime?: string;
  readonly project?: string;
  readonly service?: string;
  readonly columns: Readonly<Record<string, PastColumn>>;
  readonly marks: readonly PastMark[];
}

export interface PastAnswer {
  /** Start of the first point, ISO 8601. */
  readonly from: string;
  readonly stepMs: number;
  readonly points: number;
  /** Why something may be missing; `null` when nothing is known to be. */
  readonly partial: string | null;
  /** Lines that were asked for and that the server does not know. */
  readonly unknown: readonly string[];
  readonly series: readonly PastLine[];
}

/** The past of some lines on one time axis. */
export interface Past {
  readonly fromUnixMs: number;
  readonly stepMs: number;
  readonly points: number;
  readonly partial: string | undefined;
  readonly unknown: readonly string[];
  readonly lines: readonly PastLine[];
}

export function pastOf(answer: PastAnswer): Past {
  const { from, stepMs, points, partial, unknown, series } = answer;
  return { fromUnixMs: Date.parse(from), stepMs, points, partial: partial ?? undefined, unknown, lines: series };
}

/** When each point starts, seconds since 1970: what the axis of a chart wants. */
export function timesOf({ fromUnixMs, stepMs, points }: Past): number[] {
  return Array.from({ length: points }, (_, point) => (fromUnixMs + point * stepMs) / 1000);
}

/** One value of a line in the second that just came; NaN or `undefined` where it is unknown. */
export type ValueNow = (line: PastLine, column: string) => number | undefined;

/** How many seconds may be missing between a past and what comes after it; more is asked of the server, which may know them. */
const MAX_MISSED = 3;

interface Growth {
  /** Points that fall off at the start. */
  readonly drop: number;
  /** Points that come at the end; all but the last are gaps. */
  readonly add: number;
  /** Where the new value belongs. */
  readonly at: number;
}

function grown(column: PastColumn, value: number | undefined, { drop, add, at }: Growth): PastColumn {
  const known = value === undefined || Number.isNaN(value) ? null : value;
  const next = [...column.avg.slice(drop), ...Array.from({ length: add }, () => null)];
  // A second that the server knew already is not made unknown again.
  next[at] = known ?? next[at] ?? null;
  // A second has one value: its least and its largest are that.
  return { min: next, avg: next, max: next };
}

/** A past by the second with one more second, as long as before; `undefined` when too much is missing in between. */
export function extended(past: Past, timeUnixMs: number, valueNow: ValueNow): Past | undefined {
  const place = Math.floor((timeUnixMs - past.fromUnixMs) / past.stepMs);
  const add = Math.max(0, place - past.points + 1);
  if (place < 0 || add > MAX_MISSED) return undefined;
  const growth = { drop: add, add, at: place - add };
  const lines = past.lines.map((line) => ({
    ...line,
    columns: Object.fromEntries(
      Object.entries(line.columns).map(([name, column]) => [name, grown(column, valueNow(line, name), growth)]),
    ),
  }));
  return { ...past, fromUnixMs: past.fromUnixMs + add * past.stepMs, lines };
}

/** `factor` times a column; with an unknown factor everything is unknown. */
export function scaled({ min, avg, max }: PastColumn, factor: number): PastColumn {
  const times = (values: readonly (number | null)[]): (number | null)[] =>
    values.map((value) => (value === null || Number.isNaN(factor) ? null : value * factor));
  return avg === min && avg === max ? sameThrice(times(avg)) : { min: times(min), avg: times(avg), max: times(max) };
}

function sameThrice(values: readonly (number | null)[]): PastColumn {
  return { min: values, avg: values, max: values };
}

export interface Extent {
  readonly min: number | undefined;
  readonly mean: number | undefined;
  readonly max: number | undefined;
  /** Point of the largest value. */
  readonly maxAt: number | undefined;
  /** The last value that is known, if that is within the last points. */
  readonly last: number | undefined;
}

/** What came last may be a few points old before it is not `now` any more. */
const NOW_POINTS = 3;

/** The least, the mean, the largest and the last of a column; `undefined` when nothing is known. */
export function extentOf({ min, avg, max }: PastColumn): Extent {
  let [least, most, sum, count] = [Infinity, -Infinity, 0, 0];
  let maxAt: number | undefined;
  for (const [point, value] of avg.entries()) {
    if (value === null) continue;
    sum += value;
    count += 1;
    least = Math.min(least, min[point] ?? value);
    if ((max[point] ?? value) > most) [most, maxAt] = [max[point] ?? value, point];
  }
  const last = avg.slice(-NOW_POINTS).findLast((value) => value !== null);
  if (count === 0) return { min: undefined, mean: undefined, max: undefined, maxAt, last: undefined };
  return { min: least, mean: sum / count, max: most, maxAt, last: last ?? undefined };
}
