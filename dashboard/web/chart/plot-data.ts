import type { ChartSpec } from './chart-spec.ts';
import type { PastColumn } from './past.ts';

/** `null` is a gap; `undefined` is between two readings, where the line goes on. */
type Values = (number | null | undefined)[];

/** One drawn row of values: a line, or an edge of the area between least and largest. */
export interface PlotRow {
  /** Number of the spec's line that it belongs to. */
  readonly line: number;
  readonly role: 'value' | 'low' | 'high';
  readonly values: Values;
}

/** An area between two rows, by their numbers, or from a row down to nothing. */
export interface PlotArea {
  readonly line: number;
  readonly upper: number;
  readonly lower: number | undefined;
}

export interface PlotData {
  readonly rows: readonly PlotRow[];
  readonly areas: readonly PlotArea[];
}

/** Whether least and largest are other values than the mean: points that sum up more than one second. */
function hasBand({ min, avg, max }: PastColumn): boolean {
  return min !== avg || max !== avg;
}

/** Each row is the sum of its line and of all below it; unknown only where every one of them is. */
function stacked({ lines }: ChartSpec): PlotData {
  const rows: PlotRow[] = [];
  for (const [line, { column }] of lines.entries()) {
    const below = rows.at(-1)?.values;
    const values = column.avg.map((value, point) => {
      const under = below?.[point] ?? null;
      return value === null && under === null ? null : (value ?? 0) + (under ?? 0);
    });
    rows.push({ line, role: 'value', values });
  }
  const areas = rows.map(({ line }) => ({ line, upper: line, lower: line === 0 ? undefined : line - 1 }));
  return { rows, areas };
}

function sideBySide({ lines }: ChartSpec): PlotData {
  const rows: PlotRow[] = [];
  const areas: PlotArea[] = [];
  for (const [line, { column }] of lines.entries()) {
    if (hasBand(column)) {
      areas.push({ line, upper: rows.length, lower: rows.length + 1 });
      rows.push({ line, role: 'high', values: [...column.max] }, { line, role: 'low', values: [...column.min] });
    }
    rows.push({ line, role: 'value', values: [...column.avg] });
  }
  return { rows, areas };
}

/** Points from each known one to the next. */
function distances(values: Values): number[] {
  const known = values.flatMap((value, point) => (typeof value === 'number' ? [point] : []));
  return known.slice(1).map((point, index) => point - (known[index] ?? point));
}

/**
 * The same values with no gap where two readings are at most two of their usual distances apart: an agent that reads each five seconds has a value for each fifth
 * second only. What is missing for longer is a gap.
 */
export function joined(values: Values): Values {
  const apart = distances(values).sort((a, b) => a - b);
  const longest = 2 * (apart[Math.floor(apart.length / 2)] ?? 0);
  const next = [...values];
  let last: number | undefined;
  for (const [point, value] of values.entries()) {
    if (typeof value !== 'number') continue;
    if (last !== undefined && point - last <= longest) next.fill(undefined, last + 1, point);
    last = point;
  }
  return next;
}

/** The rows of a chart in the order in which they are drawn. */
export function plotDataOf(spec: ChartSpec): PlotData {
  const { rows, areas } = spec.isStacked === true ? stacked(spec) : sideBySide(spec);
  return { rows: rows.map((row) => ({ ...row, values: joined(row.values) })), areas };
}

/** The largest value drawn; 0 when there is none. */
export function largestOf({ rows }: PlotData): number {
  let largest = 0;
  for (const { values } of rows) for (const value of values) largest = Math.max(largest, value ?? 0);
  return largest;
}

/** Points that have a gap on both sides: a line through them has no length. */
export function lonelyPoints(values: ArrayLike<number | null | undefined>): number[] {
  const lonely: number[] = [];
  let run: number[] = [];
  const end = (): void => {
    if (run.length === 1) lonely.push(...run);
    run = [];
  };
  for (let point = 0; point < values.length; point += 1) {
    const value = values[point];
    if (value === null) end();
    else if (value !== undefined) run.push(point);
  }
  end();
  return lonely;
}
