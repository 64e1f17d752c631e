import type { BinAxis } from './bins.ts';

/** What is asked of the past. */
export interface HistoryQuery {
  readonly keys: readonly string[];
  /** `undefined`: all that the line has. */
  readonly columns: readonly string[] | undefined;
  readonly axis: BinAxis;
  readonly format: 'json' | 'csv';
}

export interface QueryFault {
  /** One sentence: the parameter, its value, what was expected. */
  readonly fault: string;
}

const MAX_KEYS = 50;

/** Points of one line at most; Prometheus' own bound. */
const MAX_POINTS = 11_000;

/** Points of all lines together; min, avg and max of each column are made of every one. */
const MAX_ALL_POINTS = 50_000;

/** Points when the step is left to us: what a chart can show. */
const POINTS = 400;

/** How far back it is known how finely, the finest first, milliseconds. */
const RESOLUTIONS = [
  { stepMs: 1000, reachMs: 15 * 60_000 },
  { stepMs: 10_000, reachMs: 6 * 3_600_000 },
  { stepMs: 60_000, reachMs: 14 * 86_400_000 },
] as const;

const COARSEST_MS = 15 * 60_000;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** `90s`, `15m`, `1.5h`; `undefined` for anything else. */
function durationMs(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text) ?? [];
  const factor = UNIT_MS[unit];
  return amount === undefined || factor === undefined ? undefined : Number(amount) * factor;
}

/** A time as ISO 8601, as Unix milliseconds, or before now: `-6h`. */
export function parseTime(text: string, nowUnixMs: number): number | undefined {
  if (text.startsWith('-')) {
    const before = durationMs(text.slice(1));
    return before === undefined ? undefined : nowUnixMs - before;
  }
  const time = /^\d+$/.test(text) ? Number(text) : /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isFinite(time) && time <= 8.64e15 ? time : undefined;
}

/** The finest step that is known back to a time. */
function finestMs(fromUnixMs: number, nowUnixMs: number): number {
  return RESOLUTIONS.find(({ reachMs }) => fromUnixMs >= nowUnixMs - reachMs)?.stepMs ?? COARSEST_MS;
}

interface Range {
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
}

type Parameters = (name: string) => readonly string[];

function rangeOf(parameters: Parameters, nowUnixMs: number): Range | QueryFault {
  const [from = '-1h'] = parameters('from');
  const [to = String(nowUnixMs)] = parameters('to');
  const expected = 'expected a time such as 2026-11-26T10:00:00Z, Unix milliseconds, or -6h';
  const fromUnixMs = parseTime(from, nowUnixMs);
  if (fromUnixMs === undefined) return { fault: `from: ${from}: ${expected}` };
  const toUnixMs = parseTime(to, nowUnixMs);
  if (toUnixMs === undefined) return { fault: `to: ${to}: ${expected}` };
  return fromUnixMs < toUnixMs
    ? { fromUnixMs, toUnixMs: Math.min(toUnixMs, nowUnixMs) }
    : { fault: `from: ${from}: expected a time before to, ${to}` };
}

/** The bins of a range: as fine as asked for where it is known that finely. They start at multiples of the step. */
function axisOf(parameters: Parameters, range: Range, nowUnixMs: number): BinAxis | QueryFault {
  const { fromUnixMs, toUnixMs } = range;
  const [text] = parameters('step');
  const wanted = text === undefined ? (toUnixMs - fromUnixMs) / POINTS : durationMs(text);
  if (wanted === undefined || wanted < 1)
    return { fault: `step: ${text ?? ''}: expected a duration such as 10s, 1m or 15m` };
  const finest = finestMs(fromUnixMs, nowUnixMs);
  const stepMs = Math.max(1, Math.ceil(wanted / finest)) * finest;
  const first = Math.floor(fromUnixMs / stepMs) * stepMs;
  const count = Math.max(1, Math.ceil((toUnixMs - first) / stepMs));
  return count <= MAX_POINTS
    ? { fromUnixMs: first, stepMs, count }
    : { fault: `step: ${text ?? ''}: makes ${count} points, at most ${MAX_POINTS} are given: ask for a longer step` };
}

const PARAMETERS = new Set(['series', 'columns', 'from', 'to', 'step', 'format']);

/** Reads the parameters of `GET /api/v1/history`. `names` are those that were given. */
export function parseHistoryQuery(
  request: { readonly names: Iterable<string>; readonly values: Parameters },
  nowUnixMs: number,
): HistoryQuery | QueryFault {
  const unknown = [...request.names].find((name) => !PARAMETERS.has(name));
  if (unknown !== undefined)
    return { fault: `${unknown.slice(0, 64)}: is no parameter: expected ${[...PARAMETERS].join(', ')}` };
  const keys = [...new Set(request.values('series').filter((key) => key !== ''))];
  if (keys.length === 0 || keys.length > MAX_KEYS)
    return { fault: `series: ${keys.length} are named: expected 1 to ${MAX_KEYS}, each as its own parameter` };
  const range = rangeOf(request.values, nowUnixMs);
  if ('fault' in range) return range;
  const axis = axisOf(request.values, range, nowUnixMs);
  if ('fault' in axis) return axis;
  if (axis.count * keys.length > MAX_ALL_POINTS)
    return { fault: `step: ${axis.count} points of ${keys.length} series: at most ${MAX_ALL_POINTS} points are given` };
  const [format = 'json'] = request.values('format');
  if (format !== 'json' && format !== 'csv') return { fault: `format: ${format.slice(0, 64)}: expected json or csv` };
  const columns = request
    .values('columns')
    .flatMap((list) => list.split(','))
    .filter((name) => name !== '');
  return { keys, columns: columns.length === 0 ? undefined : columns, axis, format };
}
