import { parseTime } from '../history/query.ts';
import { MARK_KINDS } from '../history/series.ts';
import type { EventKind, EventSpan } from './event.ts';

export interface EventQuery extends EventSpan {
  /** Key of a line, of whose service alone events are asked for. */
  readonly service: string | undefined;
  /** Keys of lines, of which alone events are asked for; of a host all that is on it. */
  readonly series: readonly string[];
  readonly kinds: ReadonlySet<EventKind>;
  readonly limit: number;
}

const KINDS: readonly EventKind[] = [...MARK_KINDS, 'fired', 'resolved'];
const PARAMETERS = ['from', 'to', 'service', 'series', 'kinds', 'limit'];
const MAX_SERIES = 8;
const MAX_LIMIT = 1000;
const SHOWN = 64;

interface Fault {
  /** One sentence: the parameter, its value, what was expected. */
  readonly fault: string;
}

type Given = Readonly<Record<string, string>>;

function kindsOf({ kinds }: Given): ReadonlySet<EventKind> | string {
  if (kinds === undefined) return new Set(KINDS);
  const names = kinds.split(',');
  const known = KINDS.filter((kind) => names.includes(kind));
  const unknown = names.find((name) => !known.some((kind) => kind === name));
  return unknown ?? new Set(known);
}

function spanOf({ from = '-1h', to }: Given, nowUnixMs: number): EventSpan | Fault {
  const expected = 'expected a time such as 2026-11-26T10:00:00Z, Unix milliseconds, or -1h';
  const fromUnixMs = parseTime(from, nowUnixMs);
  if (fromUnixMs === undefined) return { fault: `from: ${from.slice(0, SHOWN)}: ${expected}` };
  const toUnixMs = to === undefined ? nowUnixMs : parseTime(to, nowUnixMs);
  if (toUnixMs === undefined) return { fault: `to: ${(to ?? '').slice(0, SHOWN)}: ${expected}` };
  if (fromUnixMs >= toUnixMs)
    return { fault: `from: ${from.slice(0, SHOWN)}: expected a time before to, ${to ?? 'now'}` };
  return { fromUnixMs, toUnixMs };
}

function aboutOf({ service }: Given, series: readonly string[]): Pick<EventQuery, 'service' | 'series'> | Fault {
  if (series.length > MAX_SERIES) return { fault: `series: ${series.length} lines: expected ${MAX_SERIES} at most` };
  if (service !== undefined && series.length > 0)
    return { fault: `series: ${(series[0] ?? '').slice(0, SHOWN)}: expected either series or service` };
  return { service, series };
}

/** Reads the parameters of `GET /api/v1/events`; `series` may be given more than once. */
export function parseEventQuery(given: Given, nowUnixMs: number, series: readonly string[] = []): EventQuery | Fault {
  const unknown = Object.keys(given).find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined)
    return { fault: `${unknown.slice(0, SHOWN)}: is no parameter: expected ${PARAMETERS.join(', ')}` };
  const span = spanOf(given, nowUnixMs);
  if ('fault' in span) return span;
  const kinds = kindsOf(given);
  if (typeof kinds === 'string')
    return { fault: `kinds: ${kinds.slice(0, SHOWN)}: expected some of ${KINDS.join(', ')}` };
  const about = aboutOf(given, series);
  if ('fault' in about) return about;
  const { limit: most = '100' } = given;
  const limit = Number(most);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    return { fault: `limit: ${most.slice(0, SHOWN)}: expected 1 to ${MAX_LIMIT}` };
  return { ...span, ...about, kinds, limit };
}
