import type { BinAxis, BinnedColumn, Bins } from './bins.ts';
import { COLUMNS_OF, SECOND_COLUMNS_OF } from './columns.ts';
import { markId, type Mark, type Series, type SeriesFacts } from './series.ts';

/** One line as it is answered. */
export interface AnsweredLine {
  readonly key: string;
  readonly facts: SeriesFacts;
  readonly columns: ReadonlyMap<string, BinnedColumn>;
  readonly marks: readonly Mark[];
}

/** The lane of each column in the rings of a series, or -1: the first `kept` ones are in both, the others by the second only. */
function lanesOf(columns: readonly string[], { facts }: Series): { readonly kept: number[]; readonly rest: number[] } {
  const lanes = columns.map((name) => SECOND_COLUMNS_OF[facts.kind].indexOf(name));
  const keptLanes = COLUMNS_OF[facts.kind].length;
  return {
    kept: lanes.map((lane) => (lane < keptLanes ? lane : -1)),
    rest: lanes.map((lane) => (lane < keptLanes ? -1 : lane)),
  };
}

/** Adds what memory holds of a line. @returns from when on that is; the store has what is older. Infinity when there is nothing. */
export function addFromMemory(bins: Bins, series: Series): number {
  const { axis } = bins;
  const { seconds, tens } = series;
  const lanes = lanesOf(bins.columns, series);
  const endUnixMs = axis.fromUnixMs + axis.count * axis.stepMs;
  const useTens = tens !== undefined && axis.stepMs >= tens.shape.stepMs && !Number.isNaN(tens.newest);
  // The last seconds are not summed up yet.
  const secondsFrom = useTens ? (tens.newest + 1) * tens.shape.stepMs : axis.fromUnixMs;
  if (useTens) addRing(bins, tens, { laneOf: lanes.kept, perColumn: 3, fromUnixMs: axis.fromUnixMs, endUnixMs });
  const bySecond = { perColumn: 1, endUnixMs } as const;
  addRing(bins, seconds, { ...bySecond, laneOf: lanes.kept, fromUnixMs: Math.max(secondsFrom, axis.fromUnixMs) });
  if (lanes.rest.some((lane) => lane >= 0))
    addRing(bins, seconds, { ...bySecond, laneOf: lanes.rest, fromUnixMs: axis.fromUnixMs });
  const oldest = useTens ? tens.oldest * tens.shape.stepMs : seconds.oldest * seconds.shape.stepMs;
  return Number.isNaN(oldest) ? Infinity : oldest;
}

interface RingSpan {
  readonly laneOf: readonly number[];
  readonly perColumn: 1 | 3;
  readonly fromUnixMs: number;
  readonly endUnixMs: number;
}

function addRing(bins: Bins, ring: Series['seconds'], span: RingSpan): void {
  const { stepMs } = ring.shape;
  const first = Math.max(ring.stepOf(span.fromUnixMs + stepMs - 1), ring.oldest);
  const last = Math.min(ring.stepOf(span.endUnixMs - 1), ring.newest);
  for (let step = first; step <= last; step += 1)
    bins.addCodes({ timeUnixMs: step * stepMs, stepMs }, (lane) => ring.codeAt(step, lane), span);
}

/** The marks of memory and store within the axis, each once, oldest first. */
export function mergeMarks(marks: readonly Mark[], { fromUnixMs, stepMs, count }: BinAxis): Mark[] {
  const byId = new Map(
    marks
      .filter(({ timeUnixMs }) => timeUnixMs >= fromUnixMs && timeUnixMs < fromUnixMs + count * stepMs)
      .map((mark) => [markId(mark), mark]),
  );
  return [...byId.values()].sort((a, b) => a.timeUnixMs - b.timeUnixMs);
}

/** Five digits: more than what is kept can say. JSON has no NaN: `null`. */
function rounded(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(5)) : null;
}

const numbers = (values: Float64Array): (number | null)[] => Array.from(values, rounded);

const iso = (unixMs: number): string => new Date(unixMs).toISOString();

interface Answered {
  readonly lines: readonly AnsweredLine[];
  /** Lines that were asked for and that nobody knows. */
  readonly unknown: readonly string[];
  readonly partial: string | undefined;
}

/** The answer as JSON. */
export function historyJson(axis: BinAxis, { lines, unknown, partial }: Answered): object {
  return {
    from: iso(axis.fromUnixMs),
    stepMs: axis.stepMs,
    points: axis.count,
    /** Why something may be missing; `null` when nothing is known to be. */
    partial: partial ?? null,
    unknown,
    series: lines.map(({ key, facts, columns, marks }) => ({
      key,
      ...facts,
      columns: Object.fromEntries(
        [...columns].map(([name, { min, avg, max }]) => [
          name,
          { min: numbers(min), avg: numbers(avg), max: numbers(max) },
        ]),
      ),
      marks: marks.map(({ timeUnixMs, kind, containerId, exit }) => ({
        at: iso(timeUnixMs),
        kind,
        containerId,
        ...exit,
      })),
    })),
  };
}

/** A cell that a spreadsheet takes as text, whatever a container's owner named it: nothing that starts a formula is at its start. */
export function csvCell(text: string): string {
  const guarded = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

/** `time` of each bin in which something is known, with min, avg and max. */
function* csvValues(axis: BinAxis, { min, avg, max }: BinnedColumn): Generator<[time: string, values: string]> {
  for (const [bin, average] of avg.entries()) {
    if (Number.isNaN(average)) continue;
    const values = [min[bin], average, max[bin]].map((value) => String(rounded(value ?? Number.NaN) ?? ''));
    yield [iso(axis.fromUnixMs + bin * axis.stepMs), values.join(',')];
  }
}

/** The answer as RFC 4180 lines, one for each bin and column in which something is known. */
export function historyCsv(axis: BinAxis, lines: readonly AnsweredLine[]): string {
  const rows = ['time,series,host,name,column,min,avg,max'];
  for (const { key, facts, columns } of lines) {
    const who = [key, facts.host, facts.name].map(csvCell).join(',');
    for (const [name, column] of columns)
      for (const [time, values] of csvValues(axis, column)) rows.push(`${time},${who},${csvCell(name)},${values}`);
  }
  return `${rows.join('\r\n')}\r\n`;
}
