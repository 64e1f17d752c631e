import type { FoldedBlock, NewMark } from '../../model/history/book.ts';
import type { MarkedLine } from '../../model/events/event.ts';
import type { RestoredBlock, RestoredSeries } from '../../model/history/restored.ts';
import { Bins, type BinAxis } from '../../model/history/bins.ts';
import { COLUMNS_OF } from '../../model/history/columns.ts';
import { rollUp } from '../../model/history/roll-up.ts';
import type { Mark, SeriesFacts } from '../../model/history/series.ts';
import { Store } from '../store.ts';
import { HistoryRows, type BlockRows } from './history-rows.ts';
import { HISTORY_TABLES, MINUTES, QUARTERS, TEN_SECONDS, TIERS, type Tier } from './tables.ts';

export interface HistoryUse {
  readonly bytes: number;
  readonly series: number;
  /** Oldest moment that is kept by minutes and by quarters of an hour; `undefined` while there is none. */
  readonly oldestUnixMs: { readonly minutes: number | undefined; readonly quarters: number | undefined };
}

/** Stretches of time that are dropped in one go when the file is too large. */
const CHUNKS_AT_ONCE = 24;

/** Lines that are put together in one go. */
const LINES_AT_ONCE = 1000;

/** Minutes that are kept rather than the long past. */
const LEAST_MINUTES_MS = 24 * 3_600_000;

/** Starts of what was summed up in one transaction. */
interface Made {
  readonly minutes: number[];
  readonly quarters: number[];
}

/** A late back-fill still changes what is this old, so it is not put into chunks before, milliseconds. */
const CHUNK_AFTER_MS = 16 * 60_000;

/**
 * The file of history. Written each ten seconds; minutes are made of those and quarters of an hour of minutes, each once its time is over and again when
 * something in it changed. Everything here blocks: it lives in a thread of its own.
 */
export class HistoryFile implements Disposable {
  readonly #store: Store;
  readonly #rows: HistoryRows;
  readonly #maxBytes: number;
  /** Minutes and quarters that have to be made anew, by their start. */
  readonly #unmade = { minutes: new Set<number>(), quarters: new Set<number>() };
  /** What is written of each line. */
  readonly #told = new Map<string, SeriesFacts>();
  #newestUnixMs = 0;

  /** @throws {StoreError} */
  constructor(path: string, maxBytes: number) {
    this.#store = new Store({ path, durability: 'checkpoint', tables: [HISTORY_TABLES] });
    this.#rows = new HistoryRows(this.#store);
    this.#maxBytes = maxBytes;
    this.#store.attempt('read', () => {
      this.#resume();
    });
  }

  /** Writes what was measured, all of it or nothing, and what became due with it. `facts` of every line that is named. @throws {StoreError} */
  append(blocks: readonly FoldedBlock[], marks: readonly NewMark[], facts: ReadonlyMap<string, SeriesFacts>): void {
    const made: Made = { minutes: [], quarters: [] };
    try {
      this.#store.transaction(() => {
        for (const block of blocks) this.#appendBlock(block, facts);
        for (const { key, ...mark } of marks) {
          this.#described(key, mark.timeUnixMs, facts);
          this.#rows.mark(key, mark);
        }
        this.#makeDue(made);
        if (made.minutes.length > 0) this.#forget();
      });
    } catch (error) {
      // Nothing of it is in the file, so nothing of it may be remembered as if it were.
      this.#told.clear();
      this.#rows.reload();
      throw error;
    }
    for (const minute of made.minutes) this.#unmade.minutes.delete(minute);
    for (const quarter of made.quarters) this.#unmade.quarters.delete(quarter);
  }

  /** What is stored of a line between the axis' ends, except what `untilUnixMs` and later holds. `undefined` for a line that is unknown. @throws {StoreError} */
  read(
    key: string,
    columns: readonly string[],
    span: { readonly axis: BinAxis; readonly untilUnixMs: number },
  ): Bins | undefined {
    return this.#store.attempt('read', () => {
      const id = this.#rows.idOf(key);
      if (id === undefined) return undefined;
      const { axis, untilUnixMs } = span;
      const bins = new Bins(axis, columns);
      let fromUnixMs = axis.fromUnixMs;
      // From the coarsest that the axis allows to the finest, each where the one before it ends.
      for (const tier of TIERS.filter(({ stepMs }) => stepMs <= axis.stepMs).toReversed()) {
        const end = Math.min(untilUnixMs, axis.fromUnixMs + axis.count * axis.stepMs);
        fromUnixMs = this.#rows.readInto(bins, { tier, id, fromUnixMs, untilUnixMs: end });
      }
      return bins;
    });
  }

  /** What happened on a line in a stretch of time. @throws {StoreError} */
  marks(key: string, fromUnixMs: number, untilUnixMs: number): Mark[] {
    return this.#store.attempt('read', () => this.#rows.marks(key, fromUnixMs, untilUnixMs));
  }

  /** What happened on the containers of a host in a stretch of time. @throws {StoreError} */
  marksBelow(node: string, fromUnixMs: number, untilUnixMs: number): MarkedLine[] {
    return this.#store.attempt('read', () => this.#rows.marksBelow(node, fromUnixMs, untilUnixMs));
  }

  facts(key: string): SeriesFacts | undefined {
    return this.#store.attempt('read', () => this.#rows.facts(key));
  }

  /** Lines that measured something since, the longest silent first. @throws {StoreError} */
  lively(sinceUnixMs: number): RestoredSeries[] {
    return this.#store.attempt('read', () => this.#rows.lively(sinceUnixMs));
  }

  /** At most `limit` blocks of ten seconds from a time on, oldest first. @throws {StoreError} */
  blocks(fromUnixMs: number, limit: number): RestoredBlock[] {
    return this.#store.attempt('read', () => this.#rows.blocks(TEN_SECONDS, fromUnixMs, limit));
  }

  use(): HistoryUse {
    return this.#store.attempt('read', () => ({
      bytes: this.#rows.usedBytes(),
      series: this.#rows.count(),
      oldestUnixMs: { minutes: this.#rows.oldest(MINUTES), quarters: this.#rows.oldest(QUARTERS) },
    }));
  }

  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]();
  }

  /** The line's number; what is said of it is written first where that is new. */
  #described(key: string, nowUnixMs: number, facts: ReadonlyMap<string, SeriesFacts>): number | undefined {
    const own = facts.get(key);
    if (own !== undefined && this.#told.get(key) !== own) {
      this.#rows.describe(key, own, nowUnixMs);
      this.#told.set(key, own);
    }
    return this.#rows.idOf(key);
  }

  #appendBlock({ kind, timeUnixMs, keys, codes }: FoldedBlock, facts: ReadonlyMap<string, SeriesFacts>): void {
    const ids = keys.map((key) => this.#described(key, timeUnixMs, facts));
    const columns = COLUMNS_OF[kind];
    const width = 3 * columns.length;
    const rows: BlockRows = new Map(
      ids.flatMap((id, row) =>
        id === undefined ? [] : [[id, codes.subarray(row * width, (row + 1) * width)] as const],
      ),
    );
    this.#rows.putRecent(TEN_SECONDS, timeUnixMs, { columnSet: this.#rows.columnSet(columns), rows });
    this.#unmade.minutes.add(startOf(MINUTES, timeUnixMs));
    this.#newestUnixMs = Math.max(this.#newestUnixMs, timeUnixMs + TEN_SECONDS.stepMs);
  }

  /** What was not made yet when the process ended. */
  #resume(): void {
    const times = (tier: Tier, after: number): number[] => this.#rows.recentTimes(tier, after);
    for (const time of times(TEN_SECONDS, this.#rows.newest(MINUTES) ?? 0)) {
      this.#unmade.minutes.add(startOf(MINUTES, time));
      this.#newestUnixMs = Math.max(this.#newestUnixMs, time + TEN_SECONDS.stepMs);
    }
    for (const time of times(MINUTES, this.#rows.newest(QUARTERS) ?? 0))
      this.#unmade.quarters.add(startOf(QUARTERS, time));
  }

  #makeDue(made: Made): void {
    for (const minute of due(this.#unmade.minutes, MINUTES, this.#newestUnixMs)) {
      this.#make(TEN_SECONDS, MINUTES, minute);
      made.minutes.push(minute);
      this.#unmade.quarters.add(startOf(QUARTERS, minute));
    }
    for (const quarter of due(this.#unmade.quarters, QUARTERS, this.#newestUnixMs)) {
      this.#make(MINUTES, QUARTERS, quarter);
      made.quarters.push(quarter);
    }
    for (const tier of [MINUTES, QUARTERS]) this.#chunk(tier);
  }

  #make(from: Tier, to: Tier, startUnixMs: number): void {
    for (const [columnSet, lines] of this.#rows.recentLines(from, {
      fromUnixMs: startUnixMs,
      untilUnixMs: startUnixMs + to.stepMs,
    })) {
      const rows: BlockRows = new Map([...lines].map(([id, steps]) => [id, rollUp([...steps.values()])]));
      this.#rows.putRecent(to, startUnixMs, { columnSet, rows });
      for (const id of rows.keys()) this.#rows.touch(id, startUnixMs + to.stepMs);
    }
  }

  /** Puts steps that are over together, line by line. */
  #chunk(tier: Tier): void {
    const chunkMs = tier.chunkSteps * tier.stepMs;
    const oldest = this.#rows.oldestRecent(tier);
    if (oldest === undefined) return;
    for (
      let start = Math.floor(oldest / chunkMs) * chunkMs;
      start + chunkMs + CHUNK_AFTER_MS <= this.#newestUnixMs;
      start += chunkMs
    ) {
      this.#chunkSpan(tier, start, start + chunkMs);
      this.#rows.dropRecent(tier, start + chunkMs);
    }
  }

  /** Some lines after the others: a day of ten thousand does not fit into the thread's memory. */
  #chunkSpan(tier: Tier, fromUnixMs: number, untilUnixMs: number): void {
    const of = Math.max(1, Math.ceil(this.#rows.count() / LINES_AT_ONCE));
    for (let part = 0; part < of; part += 1)
      for (const [columnSet, lines] of this.#rows.recentLines(tier, { fromUnixMs, untilUnixMs, share: { part, of } }))
        for (const [id, steps] of lines) this.#rows.putChunk(tier, { id, startUnixMs: fromUnixMs, columnSet }, steps);
  }

  #forget(): void {
    const now = this.#newestUnixMs;
    this.#rows.dropRecent(TEN_SECONDS, now - TEN_SECONDS.keepMs);
    for (const tier of [MINUTES, QUARTERS])
      this.#rows.dropChunks(tier, now - tier.keepMs - tier.chunkSteps * tier.stepMs);
    if (this.#rows.dropSilent(now - QUARTERS.keepMs)) this.#told.clear();
    for (let passes = 0; passes < CHUNKS_AT_ONCE && this.#rows.usedBytes() > this.#maxBytes; passes += 1)
      if (!this.#dropOldest()) break;
    this.#rows.giveBackPages();
  }

  /** The oldest minutes go first, and the long past when they are down to a day; `false` when there is nothing to drop. */
  #dropOldest(): boolean {
    const minutes = this.#rows.oldestChunk(MINUTES);
    const quarters = this.#rows.oldestChunk(QUARTERS);
    const isShort = minutes === undefined || this.#newestUnixMs - minutes < LEAST_MINUTES_MS;
    const [tier, start] = isShort && quarters !== undefined ? [QUARTERS, quarters] : [MINUTES, minutes];
    if (start === undefined) return false;
    this.#rows.dropChunks(tier, start + 1);
    return true;
  }
}

function startOf({ stepMs }: Tier, timeUnixMs: number): number {
  return Math.floor(timeUnixMs / stepMs) * stepMs;
}

/** Those that are over. */
function due(starts: ReadonlySet<number>, { stepMs }: Tier, nowUnixMs: number): number[] {
  return [...starts].filter((start) => start + stepMs <= nowUnixMs);
}
