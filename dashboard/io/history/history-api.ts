import type { Context, Hono } from 'hono';
import type { Clock } from '../../../native/host/clock.ts';
import { historyCsv, historyJson } from '../../model/history/answer.ts';
import { SECOND_COLUMNS_OF } from '../../model/history/columns.ts';
import { parseHistoryQuery } from '../../model/history/query.ts';
import { seesSeries } from '../../model/scope.ts';
import type { RowOrder } from '../../model/cluster-view.ts';
import { principalOf } from '../access/gate.ts';
import type { Env } from '../http.ts';
import { problem } from '../problem.ts';
import type { HistoryReader } from './history-reader.ts';

export interface HistoryApiParts {
  readonly reader: HistoryReader;
  /** The rows of now, for who may see only some of them. */
  readonly order: () => RowOrder;
  readonly clock: Clock;
}

const COLUMNS = new Set(Object.values(SECOND_COLUMNS_OF).flat());

/** `GET /history`: one or more lines, as JSON or as a CSV file. */
async function answer(context: Context<Env>, { reader, order, clock }: HistoryApiParts): Promise<Response> {
  const values = context.req.queries();
  const query = parseHistoryQuery({ names: Object.keys(values), values: (name) => values[name] ?? [] }, clock.nowMs());
  if ('fault' in query) return problem(context, 400, query.fault);
  const column = query.columns?.find((name) => !COLUMNS.has(name));
  if (column !== undefined)
    return problem(context, 400, `columns: ${column.slice(0, 64)}: expected some of ${[...COLUMNS].join(', ')}`);
  const found = await reader.read(query);
  const { partial } = found;
  const { scope } = principalOf(context);
  // What may not be seen is as unknown as what is not there.
  const lines = found.lines.filter((line) => scope === undefined || seesSeries(order(), scope, line));
  const known = new Set(lines.map(({ key }) => key));
  const unknown = query.keys.filter((key) => !known.has(key));
  // One that is gone keeps nobody from the others.
  if (known.size === 0 && partial !== undefined) return problem(context, 503, partial);
  if (known.size === 0)
    return problem(
      context,
      404,
      `series: ${unknown[0]?.slice(0, 256)}: nothing is known of it; /api/v1/containers names them`,
    );
  if (query.format === 'json') return context.json(historyJson(query.axis, { lines, unknown, partial }));
  return context.body(historyCsv(query.axis, lines), 200, {
    'content-type': 'text/csv; charset=utf-8; header=present',
    'content-disposition': 'attachment; filename="weft-history.csv"',
  });
}

/** Adds the past to the API. */
export function addHistory(api: Hono<Env>, parts: HistoryApiParts): void {
  api.get('/history', (context) => answer(context, parts));
}
