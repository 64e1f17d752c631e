import type { Bins } from '../../model/history/bins.ts';
import type { MarkedLine } from '../../model/events/event.ts';
import type { RestoredBlock, RestoredSeries } from '../../model/history/restored.ts';
import type { Mark, SeriesFacts } from '../../model/history/series.ts';
import type { Store } from '../store.ts';
import { packCodes, unpackCodes } from './codes-blob.ts';
import { decodeMark, markFields } from './mark-row.ts';
import { blobIn, decodeFacts, idsIn, numberIn } from './row-values.ts';
import { prepareStatements } from './statements.ts';
import type { Tier } from './tables.ts';

/** Codes of one step, by the number of the line. */
export type BlockRows = ReadonlyMap<number, Uint16Array>;

/** Codes of each line, by the start of the step. */
type Lines = ReadonlyMap<number, ReadonlyMap<number, Uint16Array>>;

/** Which of the lines: those whose number leaves `part` when divided by `of`. */
interface Share {
  readonly part: number;
  readonly of: number;
}

const ALL: Share = { part: 0, of: 1 };

interface LineSpan {
  readonly fromUnixMs: number;
  readonly untilUnixMs: number;
  readonly share?: Share;
}

interface Place {
  readonly id: number;
  readonly startUnixMs: number;
  readonly columnSet: number;
}

/** Marks that are given for one line at most, the newest. */
const MAX_MARKS = 1000;

/** What the tables hold, row by row; sums nothing up and decides nothing. Errors are SQLite's own, or those of damaged rows. */
export class HistoryRows {
  readonly #sql: ReturnType<typeof prepareStatements>;
  readonly #ids = new Map<string, number>();
  readonly #columnSets = new Map<string, number>();
  readonly #columns = new Map<number, readonly string[]>();

  constructor(store: Store) {
    this.#sql = prepareStatements(store);
    this.reload();
  }

  /** Learns anew which lines and sets of columns the file knows. */
  reload(): void {
    this.#ids.clear();
    this.#columnSets.clear();
    this.#columns.clear();
    for (const row of this.#sql.allSeries.all()) this.#ids.set(String(row['key']), Number(row['id']));
    for (const row of this.#sql.allColumnSets.all()) this.#learnColumns(Number(row['id']), String(row['names']));
  }

  idOf(key: string): number | undefined {
    return this.#ids.get(key);
  }

  count(): number {
    return this.#ids.size;
  }

  /** Takes over what is said of a line; a new one gets a number and counts as alive from `nowUnixMs` on. */
  describe(key: string, facts: SeriesFacts, nowUnixMs: number): void {
    this.#sql.describe.run(key, JSON.stringify(facts), Math.round(nowUnixMs));
    if (!this.#ids.has(key)) this.#ids.set(key, Number(this.#sql.seriesId.get(key)?.['id']));
  }

  /** Notes that a line was measured at that time. */
  touch(id: number, timeUnixMs: number): void {
    this.#sql.touch.run(timeUnixMs, id);
  }

  columnSet(names: readonly string[]): number {
    const text = names.join(' ');
    const known = this.#columnSets.get(text);
    if (known !== undefined) return known;
    this.#sql.putColumnSet.run(text);
    const id = Number(this.#sql.columnSetId.get(text)?.['id']);
    this.#learnColumns(id, text);
    return id;
  }

  mark(key: string, mark: Mark): void {
    const id = this.#ids.get(key);
    if (id !== undefined) this.#sql.putMark.run(id, ...markFields(mark));
  }

  marks(key: string, fromUnixMs: number, untilUnixMs: number): Mark[] {
    const id = this.#ids.get(key);
    if (id === undefined) return [];
    return this.#sql.marks.all(id, fromUnixMs, untilUnixMs, MAX_MARKS).map(decodeMark).reverse();
  }

  /** Of all lines whose keys start with `node/`: the newest marks of a stretch of time, by line. */
  marksBelow(node: string, fromUnixMs: number, untilUnixMs: number): MarkedLine[] {
    const lines = new Map<string, { facts: SeriesFacts; marks: Mark[] }>();
    // The character after the slash ends the keys that start so.
    for (const row of this.#sql.marksBelow.all(`${node}/`, `${node}0`, fromUnixMs, untilUnixMs, MAX_MARKS)) {
      const key = String(row['key']);
      const line = lines.get(key) ?? { facts: decodeFacts(row['facts']), marks: [] };
      line.marks.push(decodeMark(row));
      lines.set(key, line);
    }
    return [...lines].map(([key, { facts, marks }]) => ({ key, facts, marks: marks.toReversed() }));
  }

  facts(key: string): SeriesFacts | undefined {
    const row = this.#sql.facts.get(key);
    return row === undefined ? undefined : decodeFacts(row['facts']);
  }

  lively(sinceUnixMs: number): RestoredSeries[] {
    return this.#sql.lively.all(sinceUnixMs).map((row) => ({
      id: Number(row['id']),
      key: String(row['key']),
      facts: decodeFacts(row['facts']),
      marks: this.#sql.marks.all(Number(row['id']), 0, Number.MAX_SAFE_INTEGER, 64).map(decodeMark).reverse(),
      lastUnixMs: Number(row['last_unix_ms']),
    }));
  }

  /** Writes one step of many lines, beside those that are in it already. */
  putRecent(tier: Tier, timeUnixMs: number, { columnSet, rows }: { columnSet: number; rows: BlockRows }): void {
    const known = this.#sql.recent.get(tier.id, timeUnixMs, columnSet);
    const merged = new Map([...(known === undefined ? [] : this.#blockRows(known)), ...rows]);
    const width = [...rows.values()][0]?.length ?? 0;
    const codes = new Uint16Array(merged.size * width);
    for (const [row, own] of [...merged.values()].entries()) codes.set(own, row * width);
    const ids = new Uint8Array(Uint32Array.from(merged.keys()).buffer);
    this.#sql.putRecent.run(tier.id, timeUnixMs, columnSet, ids, packCodes(codes));
  }

  /** Steps of a span, by set of columns; of some of the lines where `share` says so, for those who cannot hold all. */
  recentLines(tier: Tier, { fromUnixMs, untilUnixMs, share = ALL }: LineSpan): Map<number, Lines> {
    const sets = new Map<number, Map<number, Map<number, Uint16Array>>>();
    for (const row of this.#sql.recentBetween.all(tier.id, fromUnixMs, untilUnixMs)) {
      const columnSet = Number(row['column_set']);
      const lines = sets.get(columnSet) ?? new Map<number, Map<number, Uint16Array>>();
      sets.set(columnSet, lines);
      for (const [id, codes] of this.#blockRows(row)) {
        if (id % share.of !== share.part) continue;
        const steps = lines.get(id) ?? new Map<number, Uint16Array>();
        lines.set(id, steps);
        steps.set(Number(row['time_unix_ms']), codes);
      }
    }
    return sets;
  }

  recentTimes(tier: Tier, afterUnixMs: number): number[] {
    return this.#sql.recentTimes.all(tier.id, afterUnixMs).map((row) => Number(row['time_unix_ms']));
  }

  blocks(tier: Tier, fromUnixMs: number, limit: number): RestoredBlock[] {
    return this.#sql.recentFrom.all(tier.id, fromUnixMs, limit).map((row) => ({
      timeUnixMs: Number(row['time_unix_ms']),
      columns: this.#columns.get(Number(row['column_set'])) ?? [],
      ids: idsIn(row['ids']),
      codes: unpackCodes(blobIn(row['codes'])),
    }));
  }

  /** Adds the steps of one line to what an older chunk already has of its time. */
  putChunk(tier: Tier, { id, startUnixMs, columnSet }: Place, steps: ReadonlyMap<number, Uint16Array>): void {
    const width = 3 * (this.#columns.get(columnSet)?.length ?? 0);
    const known = this.#sql.chunk.get(tier.id, id, startUnixMs, columnSet);
    const codes = known === undefined ? new Uint16Array(tier.chunkSteps * width) : unpackCodes(blobIn(known['codes']));
    for (const [time, own] of steps) codes.set(own, ((time - startUnixMs) / tier.stepMs) * width);
    this.#sql.putChunk.run(tier.id, id, startUnixMs, columnSet, packCodes(codes));
  }

  /** Adds what is kept of one line in [from, until). @returns where the tier's data ends, for the finer one to go on. */
  readInto(bins: Bins, span: { tier: Tier; id: number; fromUnixMs: number; untilUnixMs: number }): number {
    const { tier, id, fromUnixMs, untilUnixMs } = span;
    let endUnixMs = fromUnixMs;
    const add = (timeUnixMs: number, codes: Uint16Array, columnSet: number): void => {
      if (timeUnixMs < fromUnixMs || timeUnixMs >= untilUnixMs || !codes.some((code) => code !== 0)) return;
      bins.addCodes({ timeUnixMs, stepMs: tier.stepMs }, (lane) => codes[lane] ?? 0, {
        laneOf: this.#lanes(columnSet, bins.columns),
        perColumn: 3,
      });
      endUnixMs = Math.max(endUnixMs, timeUnixMs + tier.stepMs);
    };
    const chunkMs = tier.chunkSteps * tier.stepMs;
    for (const row of this.#sql.chunksBetween.all(tier.id, id, fromUnixMs - chunkMs, untilUnixMs)) {
      const columnSet = Number(row['column_set']);
      const codes = unpackCodes(blobIn(row['codes']));
      const width = codes.length / tier.chunkSteps;
      for (let step = 0; step < tier.chunkSteps; step += 1)
        add(
          Number(row['start_unix_ms']) + step * tier.stepMs,
          codes.subarray(step * width, (step + 1) * width),
          columnSet,
        );
    }
    for (const row of this.#sql.recentBetween.all(tier.id, fromUnixMs, untilUnixMs)) {
      const ids = idsIn(row['ids']);
      const index = ids.indexOf(id);
      if (index < 0) continue;
      const codes = unpackCodes(blobIn(row['codes']));
      const width = codes.length / ids.length;
      add(Number(row['time_unix_ms']), codes.subarray(index * width, (index + 1) * width), Number(row['column_set']));
    }
    return endUnixMs;
  }

  newest(tier: Tier): number | undefined {
    return numberIn(this.#sql.newestRecent.get(tier.id)?.['time']);
  }

  oldestRecent(tier: Tier): number | undefined {
    return numberIn(this.#sql.oldestRecent.get(tier.id)?.['time']);
  }

  oldestChunk(tier: Tier): number | undefined {
    return numberIn(this.#sql.oldestChunk.get(tier.id)?.['time']);
  }

  oldest(tier: Tier): number | undefined {
    return this.oldestChunk(tier) ?? this.oldestRecent(tier);
  }

  dropRecent(tier: Tier, beforeUnixMs: number): void {
    this.#sql.dropRecent.run(tier.id, beforeUnixMs);
  }

  dropChunks(tier: Tier, beforeUnixMs: number): void {
    this.#sql.dropChunks.run(tier.id, beforeUnixMs);
  }

  /** Forgets lines, with their marks, of which nothing is kept any more. @returns whether there were any. */
  dropSilent(beforeUnixMs: number): boolean {
    const { changes } = this.#sql.dropSilent.run(beforeUnixMs);
    if (Number(changes) === 0) return false;
    this.#sql.dropOrphanMarks.run();
    this.reload();
    return true;
  }

  /** Bytes that hold something; what is free in the file is used again first. */
  usedBytes(): number {
    const number = (row: Record<string, unknown> | undefined): number => Number(Object.values(row ?? {})[0]);
    const { pageCount, freePages, pageSize } = this.#sql;
    return (number(pageCount.get()) - number(freePages.get())) * number(pageSize.get());
  }

  giveBackPages(): void {
    this.#sql.vacuum.all();
  }

  *#blockRows(row: Record<string, unknown>): Generator<[number, Uint16Array]> {
    const ids = idsIn(row['ids']);
    const codes = unpackCodes(blobIn(row['codes']));
    const width = codes.length / ids.length;
    for (const [index, id] of ids.entries()) yield [id, codes.subarray(index * width, (index + 1) * width)];
  }

  #lanes(columnSet: number, wanted: readonly string[]): number[] {
    const columns = this.#columns.get(columnSet) ?? [];
    return wanted.map((name) => columns.indexOf(name));
  }

  #learnColumns(id: number, text: string): void {
    this.#columnSets.set(text, id);
    this.#columns.set(id, text.split(' '));
  }
}
