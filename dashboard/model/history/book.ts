import type { ContainerInventory } from '../../../statsd/wire.ts';
import { COLUMNS_OF, type SeriesKind } from './columns.ts';
import { identityOf, seriesKey } from './identity.ts';
import { alikeBlocks, type RestoredBlock, type RestoredSeries } from './restored.ts';
import { Ring } from './ring.ts';
import {
  isTold,
  Series,
  seriesBytes,
  startKind,
  TEN_SECOND_SLOTS,
  TEN_SECONDS_MS,
  tenSecondShape,
  markId,
  type Mark,
  type MarkedExit,
  type SeriesFacts,
} from './series.ts';

/** Lines that are held at most; 27 kB each for the seconds. */
export const MAX_SERIES = 10_000;

/** What all rings of ten seconds may hold, bytes: 1,200 containers. Later ones have theirs in the store only. */
export const MAX_TEN_SECOND_BYTES = 120 * 1024 * 1024;

/** Lines of the past that are taken over between two pauses. */
const LINES_AT_ONCE = 32;

/** A line nobody writes to is forgotten when the last of its rings has run empty, milliseconds. */
const FORGET_AFTER_MS = TEN_SECOND_SLOTS * TEN_SECONDS_MS;

/** How long after its end ten seconds are summed up: what was under way is in. */
const SETTLED_AFTER_MS = 2000;

/** Ten seconds of many lines of one kind, as they go to the store: `codes` holds min, avg and max of each column, line after line. */
export interface FoldedBlock {
  readonly kind: SeriesKind;
  readonly timeUnixMs: number;
  readonly keys: readonly string[];
  readonly codes: Uint16Array;
}

/** Something that happened on a line, on its way to the store. */
export interface NewMark extends Mark {
  readonly key: string;
}

interface BookLimits {
  readonly series: number;
  readonly tenSecondBytes: number;
}

/** Who opens a line. */
export interface Opening {
  readonly nodeId: string;
  readonly host: string;
  readonly nowUnixMs: number;
}

/**
 * Every line of history that is in memory, by its identity. Bounded: {@link BookLimits}; where there is no room, the line that has been silent longest and is
 * nobody's any more gives way.
 */
export class HistoryBook {
  readonly #series = new Map<string, Series>();
  readonly #limits: BookLimits;
  /** Lines of containers that are gone, the longest gone first. */
  readonly #nobodys = new Set<Series>();
  readonly #newMarks: NewMark[] = [];
  #tenSecondBytes = 0;
  #refused = 0;

  constructor(limits: BookLimits = { series: MAX_SERIES, tenSecondBytes: MAX_TEN_SECOND_BYTES }) {
    this.#limits = limits;
  }

  /** Lines that were asked for and not made, since the start. */
  get refused(): number {
    return this.#refused;
  }

  get size(): number {
    return this.#series.size;
  }

  get(key: string): Series | undefined {
    return this.#series.get(key);
  }

  all(): Iterable<Series> {
    return this.#series.values();
  }

  /** The host's own line. */
  openHost({ nodeId, host, nowUnixMs }: Opening): Series | undefined {
    const facts = { kind: 'host', nodeId, host, name: host, image: undefined, runtime: undefined } as const;
    return this.#open(nodeId, { ...facts, project: undefined, service: undefined }, nowUnixMs);
  }

  /** The line that this container continues, or a new one. A line has one owner: the container that started last. */
  openContainer(container: ContainerInventory, opening: Opening): Series | undefined {
    const { nodeId, host, nowUnixMs } = opening;
    const { project, service } = identityOf(container);
    const { name, image, runtime } = container;
    const facts: SeriesFacts = { kind: 'container', nodeId, host, name, image, runtime, project, service };
    const series = this.#open(seriesKey(nodeId, container), facts, nowUnixMs);
    if (series === undefined) return undefined;
    const startedAtUnixMs = container.startedAtUnixMs ?? nowUnixMs;
    const { owner } = series;
    if (owner?.containerId === container.key) return series;
    if (owner !== undefined && owner.startedAtUnixMs >= startedAtUnixMs) return series;
    const last = series.lastContainerId;
    series.owner = { containerId: container.key, startedAtUnixMs };
    this.#nobodys.delete(series);
    const isKnown = last === container.key && series.marks.at(-1)?.kind !== 'ended';
    if (!isKnown)
      this.#mark(series, {
        timeUnixMs: startedAtUnixMs,
        kind: startKind(last, container.key),
        containerId: container.key,
      });
    return series;
  }

  /** The container is gone; the line stays. */
  closeContainer(
    series: Series,
    containerId: string,
    end: { readonly timeUnixMs: number; readonly exit?: MarkedExit | undefined },
  ): void {
    if (series.owner?.containerId !== containerId) return;
    this.releaseContainer(series, containerId);
    const { timeUnixMs, exit } = end;
    if (exit?.oomKilled === true) this.killedForMemory(series, containerId, timeUnixMs);
    this.#mark(series, { timeUnixMs, kind: 'ended', containerId, ...(isTold(exit) ? { exit } : {}) });
  }

  /** How a container ended, told after it was gone. */
  exitTold(key: string, containerId: string, told: MarkedExit & { readonly atUnixMs: number }): void {
    const { atUnixMs, ...exit } = told;
    const series = this.#series.get(key);
    if (series === undefined || !isTold(exit)) return;
    const mark = series.tellExit(containerId, atUnixMs, exit);
    if (mark === undefined) return;
    this.#newMarks.push({ ...mark, key });
    if (exit.oomKilled === true) this.killedForMemory(series, containerId, mark.timeUnixMs);
  }

  /** The kernel killed a process of a container for its memory; told twice of one kill, it is one mark. */
  killedForMemory(series: Series, containerId: string, timeUnixMs: number): void {
    if (!series.hasKill(containerId, timeUnixMs)) this.#mark(series, { timeUnixMs, kind: 'oom', containerId });
  }

  /** Nobody knows what became of the container: its host was forgotten. */
  releaseContainer(series: Series, containerId: string): void {
    if (series.owner?.containerId !== containerId) return;
    series.owner = undefined;
    this.#nobodys.add(series);
  }

  /** Sums up the ten seconds that are over, and forgets lines that nobody wrote to for six hours. */
  fold(nowUnixMs: number): readonly FoldedBlock[] {
    const untilStep = Math.floor((nowUnixMs - SETTLED_AFTER_MS) / TEN_SECONDS_MS);
    const blocks = new Map<string, { kind: SeriesKind; step: number; keys: string[]; codes: Uint16Array[] }>();
    for (const series of this.#series.values()) {
      if (series.owner === undefined && nowUnixMs - series.lastWriteUnixMs > FORGET_AFTER_MS) {
        this.#forget(series);
        continue;
      }
      this.#giveTens(series);
      const { kind } = series.facts;
      series.fold(untilStep, (step, codes) => {
        const place = `${kind} ${step}`;
        const block = blocks.get(place) ?? { kind, step, keys: [], codes: [] };
        blocks.set(place, block);
        block.keys.push(series.key);
        block.codes.push(codes);
      });
    }
    return [...blocks.values()].map(({ kind, step, keys, codes }) => ({
      kind,
      timeUnixMs: step * TEN_SECONDS_MS,
      keys,
      codes: joined(codes, 3 * COLUMNS_OF[kind].length),
    }));
  }

  /** What happened since the last call. */
  takeMarks(): readonly NewMark[] {
    return this.#newMarks.splice(0);
  }

  /** A line as the store remembers it; one that is there already only gets the marks it did not have. */
  restoreSeries({ key, facts, marks, lastUnixMs }: RestoredSeries): void {
    const series = this.#series.get(key) ?? this.#open(key, facts, lastUnixMs);
    if (series === undefined) return;
    if (series.owner === undefined && facts.kind === 'container') this.#nobodys.add(series);
    // So that its rings know at once how far its past goes, and do not grow into it step by step.
    series.tens?.open(series.tens.stepOf(lastUnixMs));
    const own = new Set(series.marks.map(markId));
    series.marks.unshift(...marks.filter((mark) => !own.has(markId(mark))));
  }

  /**
   * Ten seconds each from the store, oldest first. What was measured since the start is newer and stays. Pauses each few lines: the first blocks make the rings of
   * every line, which for a thousand is a third of a second.
   */
  *restoreBlocks(blocks: readonly RestoredBlock[], keyOf: ReadonlyMap<number, string>): Generator<undefined> {
    // Line by line in the place of block by block: a line's numbers lie together in memory, and those of a thousand lines far apart.
    for (const alike of alikeBlocks(blocks)) {
      const [{ columns, ids }] = alike;
      const width = 3 * columns.length;
      const placesOf = { container: placesIn(columns, 'container'), host: placesIn(columns, 'host') };
      for (let row = 0; row < ids.length; row += 1) {
        if (row % LINES_AT_ONCE === LINES_AT_ONCE - 1) yield;
        const series = this.#series.get(keyOf.get(ids[row] ?? 0) ?? '');
        if (series?.tens === undefined) continue;
        const from = { start: row * width, places: placesOf[series.facts.kind] };
        for (const { timeUnixMs, codes } of alike)
          series.tens.restore(Math.floor(timeUnixMs / TEN_SECONDS_MS), codes, from);
      }
    }
  }

  #open(key: string, facts: SeriesFacts, nowUnixMs: number): Series | undefined {
    const known = this.#series.get(key);
    if (known !== undefined) {
      // The same object while nothing changed, so that the store is told only of changes.
      if (!sameFacts(known.facts, facts)) known.facts = facts;
      return known;
    }
    if (this.#series.size >= this.#limits.series && !this.#forgetSilent()) {
      this.#refused += 1;
      return undefined;
    }
    const series = new Series(key, facts, nowUnixMs);
    this.#series.set(key, series);
    this.#giveTens(series);
    return series;
  }

  #giveTens(series: Series): void {
    if (series.tens !== undefined) return;
    const { kind } = series.facts;
    const bytes = seriesBytes(kind).tens;
    if (this.#tenSecondBytes + bytes > this.#limits.tenSecondBytes) return;
    this.#tenSecondBytes += bytes;
    series.tens = new Ring(tenSecondShape(COLUMNS_OF[kind].length));
  }

  /** Makes room; `false` when every line is somebody's. */
  #forgetSilent(): boolean {
    const [silent] = this.#nobodys;
    if (silent !== undefined) this.#forget(silent);
    return silent !== undefined;
  }

  #forget(series: Series): void {
    if (series.tens !== undefined) this.#tenSecondBytes -= seriesBytes(series.facts.kind).tens;
    this.#series.delete(series.key);
    this.#nobodys.delete(series);
  }

  #mark(series: Series, mark: Mark): void {
    series.mark(mark);
    this.#newMarks.push({ ...mark, key: series.key });
  }
}

/** For each lane of our ten seconds its place in a row of other columns, or -1. */
function placesIn(columns: readonly string[], kind: SeriesKind): number[] {
  return COLUMNS_OF[kind].flatMap((name) => {
    const at = columns.indexOf(name);
    return at < 0 ? [-1, -1, -1] : [3 * at, 3 * at + 1, 3 * at + 2];
  });
}

function sameFacts(a: SeriesFacts, b: SeriesFacts): boolean {
  return (
    a.host === b.host && a.name === b.name && a.image === b.image && a.project === b.project && a.service === b.service
  );
}

function joined(rows: readonly Uint16Array[], width: number): Uint16Array {
  const codes = new Uint16Array(rows.length * width);
  for (const [row, own] of rows.entries()) codes.set(own, row * width);
  return codes;
}
