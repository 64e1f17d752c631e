import { parseTime } from '../history/query.ts';
import { parseLabelFilter, type LabelFilter } from './label-filter.ts';

/** Which episodes are asked for. */
export interface EpisodeQuery {
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
  readonly takes: LabelFilter;
  readonly limit: number;
  readonly format: 'json' | 'csv';
}

const PARAMETERS = ['from', 'to', 'q', 'limit', 'format'];

const MAX_LIMIT = 10_000;
const MAX_FILTER = 1024;

interface Fault {
  readonly fault: string;
}

type Given = Readonly<Record<string, string>>;

function rangeOf(
  { from = '-7d', to }: Given,
  nowUnixMs: number,
): Pick<EpisodeQuery, 'fromUnixMs' | 'toUnixMs'> | Fault {
  const expected = 'expected a time such as 2026-11-26T10:00:00Z, Unix milliseconds, or -7d';
  const fromUnixMs = parseTime(from, nowUnixMs);
  if (fromUnixMs === undefined) return { fault: `from: ${from.slice(0, 64)}: ${expected}` };
  const toUnixMs = to === undefined ? nowUnixMs : parseTime(to, nowUnixMs);
  if (toUnixMs === undefined) return { fault: `to: ${(to ?? '').slice(0, 64)}: ${expected}` };
  return fromUnixMs < toUnixMs
    ? { fromUnixMs, toUnixMs }
    : { fault: `from: ${from}: expected a time before to, ${to ?? 'now'}` };
}

function filterOf({ q = '' }: Given): LabelFilter | Fault {
  if (q.length > MAX_FILTER) return { fault: `q: is longer than ${MAX_FILTER} characters` };
  try {
    return parseLabelFilter(q);
  } catch (error) {
    return { fault: `q: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Reads the parameters of `GET /api/v1/alerts/history`; `fault` is one sentence. */
export function parseEpisodeQuery(given: Given, nowUnixMs: number): EpisodeQuery | Fault {
  const unknown = Object.keys(given).find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined)
    return { fault: `${unknown.slice(0, 64)}: is no parameter: expected ${PARAMETERS.join(', ')}` };
  const range = rangeOf(given, nowUnixMs);
  if ('fault' in range) return range;
  const { limit: most = '500', format = 'json' } = given;
  const limit = Number(most);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    return { fault: `limit: ${most.slice(0, 64)}: expected 1 to ${MAX_LIMIT}` };
  if (format !== 'json' && format !== 'csv') return { fault: `format: ${format.slice(0, 64)}: expected json or csv` };
  const takes = filterOf(given);
  return 'fault' in takes ? takes : { ...range, takes, limit, format };
}
