import { setImmediate } from 'node:timers/promises';
import type { Logger } from '../../../native/host/log.ts';
import type { HistoryBook } from '../../model/history/book.ts';
import { TEN_SECOND_SLOTS, TEN_SECONDS_MS } from '../../model/history/series.ts';
import { HistoryUnavailableError, type HistoryStore } from './history-store.ts';

/** Blocks asked for and taken over together. */
const BLOCKS_AT_ONCE = 20;

/** Gives the rings back what the file holds of the last six hours, oldest first, beside what comes in meanwhile. Never throws: history then starts with now. */
export async function restoreHistory(
  parts: { readonly book: HistoryBook; readonly store: HistoryStore; readonly log: Logger },
  nowUnixMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { book, store, log } = parts;
  let fromUnixMs = nowUnixMs - TEN_SECOND_SLOTS * TEN_SECONDS_MS;
  try {
    const lines = await store.ask('lively', { sinceUnixMs: fromUnixMs });
    for (const line of lines) book.restoreSeries(line);
    const keyOf = new Map(lines.map(({ id, key }) => [id, key]));
    let blocks = 0;
    let asked = store.ask('blocks', { fromUnixMs, limit: BLOCKS_AT_ONCE });
    while (!signal.aborted && fromUnixMs < nowUnixMs) {
      const batch = await asked;
      const last = batch.at(-1);
      if (last === undefined) break;
      // A time may have a block of containers and one of hosts, and the batch may end between them.
      const isSplit = batch.length === BLOCKS_AT_ONCE && batch[0]?.timeUnixMs !== last.timeUnixMs;
      fromUnixMs = isSplit ? last.timeUnixMs : last.timeUnixMs + 1;
      // The thread unpacks the next ones while these are taken over.
      asked = store.ask('blocks', { fromUnixMs, limit: BLOCKS_AT_ONCE });
      // Nobody waits for it once the dashboard stops.
      asked.catch(() => undefined);
      // Frames and browsers come in between.
      for (const pause of book.restoreBlocks(batch, keyOf)) await setImmediate(pause);
      blocks += batch.length;
    }
    log.info({ lines: lines.length, blocks }, 'history restored');
  } catch (error) {
    if (!(error instanceof HistoryUnavailableError)) throw error;
    log.error({ reason: error.message }, 'history of before the start is not restored');
  }
}
