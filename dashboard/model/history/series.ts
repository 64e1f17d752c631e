import { COLUMNS_OF, SECOND_COLUMNS_OF, type SeriesKind } from './columns.ts';
import { encodeNumber, UNKNOWN_CODE } from './code.ts';
import { Ring, ringBytes, type RingShape } from './ring.ts';

export const SECOND_MS = 1000;
export const TEN_SECONDS_MS = 10_000;

/** 15 minutes. */
export const SECOND_SLOTS = 900;
/** 6 hours. */
export const TEN_SECOND_SLOTS = 2160;

export const secondShape = (columns: number): RingShape => ({ stepMs: SECOND_MS, slots: SECOND_SLOTS, lanes: columns });

/** Per column min, avg and max. */
export const tenSecondShape = (columns: number): RingShape => ({
  stepMs: TEN_SECONDS_MS,
  slots: TEN_SECOND_SLOTS,
  lanes: 3 * columns,
});

/** Bytes of both rings of a series. */
export function seriesBytes(kind: SeriesKind): { readonly seconds: number; readonly tens: number } {
  return {
    seconds: ringBytes(secondShape(SECOND_COLUMNS_OF[kind].length)),
    tens: ringBytes(tenSecondShape(COLUMNS_OF[kind].length)),
  };
}

/** What people and other systems know a series by. */
export interface SeriesFacts {
  readonly kind: SeriesKind;
  readonly nodeId: string;
  readonly host: string;
  /** The container's name, or the host's. */
  readonly name: string;
  readonly image: string | undefined;
  readonly runtime: string | undefined;
  readonly project: string | undefined;
  readonly service: string | undefined;
}

/**
 * `restarted`: the same container runs again; `created`: a new one continues the line; `ended`: it is gone; `oom`: the kernel killed it, or a process in it, for its
 * memory.
 */
export const MARK_KINDS = ['started', 'restarted', 'created', 'ended', 'oom'] as const;

export type MarkKind = (typeof MARK_KINDS)[number];

/** How a container ended; what nobody told is `undefined`. */
export interface MarkedExit {
  readonly exitCode: number | undefined;
  readonly oomKilled: boolean | undefined;
  readonly ranForMs: number | undefined;
}

/** Something that happened at one moment of a line. */
export interface Mark {
  readonly timeUnixMs: number;
  readonly kind: MarkKind;
  readonly containerId: string;
  /** Of an end, once somebody told how it was. */
  readonly exit?: MarkedExit | undefined;
}

/** What the start of a container is to a line that was `last` another's, its own, or nobody's. */
export function startKind(last: string | undefined, containerId: string): MarkKind {
  if (last === undefined) return 'started';
  return last === containerId ? 'restarted' : 'created';
}

/** Whether anything is told of an end. */
export const isTold = (exit: MarkedExit | undefined): exit is MarkedExit =>
  exit !== undefined && Object.values(exit).some((fact) => fact !== undefined);

/** What tells a mark from the others of its line; the store keeps whole milliseconds. */
export function markId({ timeUnixMs, kind, containerId }: Mark): string {
  return `${Math.round(timeUnixMs)} ${kind} ${containerId}`;
}

/** Marks that are remembered of one series; the store has the older ones. */
const MAX_MARKS = 64;

/** An end that tells of a kill so soon after one was seen tells of the same, milliseconds. */
const SAME_KILL_MS = 5000;

const NOT_TOLD: MarkedExit = { exitCode: undefined, oomKilled: undefined, ranForMs: undefined };

/** Agent and dashboard notice an end this far apart at most, milliseconds. */
const SAME_END_MS = 60_000;

const FOLDED_SECONDS = TEN_SECONDS_MS / SECOND_MS;

/**
 * One line of history: the last 15 minutes by the second, the last six hours by ten seconds, and what happened on it. Invariant: a slot of ten seconds is made of
 * the seconds that are known of it, however late they came.
 */
export class Series {
  readonly key: string;
  readonly seconds: Ring;
  facts: SeriesFacts;
  /** The container that owns the line now; `undefined` when it is gone, and for hosts. */
  owner: { readonly containerId: string; readonly startedAtUnixMs: number } | undefined;
  lastWriteUnixMs: number;
  /** `undefined` while there is no memory for it; what is folded goes to the store all the same. */
  tens: Ring | undefined;
  readonly marks: Mark[] = [];
  /** Steps of ten seconds that were written to since they were folded. */
  readonly #unfolded = new Set<number>();

  constructor(key: string, facts: SeriesFacts, nowUnixMs: number) {
    this.key = key;
    this.facts = facts;
    this.lastWriteUnixMs = nowUnixMs;
    this.seconds = new Ring(secondShape(SECOND_COLUMNS_OF[facts.kind].length));
  }

  /** The container that the line was last known to be of, also after its end. */
  get lastContainerId(): string | undefined {
    return this.owner?.containerId ?? this.marks.at(-1)?.containerId;
  }

  /** Writes one second, in the order of {@link SECOND_COLUMNS_OF}. */
  write(timeUnixMs: number, values: ArrayLike<number>): void {
    const second = this.seconds.stepOf(timeUnixMs);
    if (!this.seconds.write(second, values)) return;
    this.#unfolded.add(Math.floor(second / FOLDED_SECONDS));
    this.lastWriteUnixMs = Math.max(this.lastWriteUnixMs, timeUnixMs);
  }

  /** Sums up each ten seconds that ended before `untilStep` and changed since; `take` is handed the codes. */
  fold(untilStep: number, take: (step: number, codes: Uint16Array) => void): void {
    for (const step of this.#unfolded) {
      if (step >= untilStep) continue;
      this.#unfolded.delete(step);
      const codes = new Uint16Array(3 * COLUMNS_OF[this.facts.kind].length);
      this.#sumUp(step, codes);
      if (this.tens?.open(step) === true)
        for (const [lane, code] of codes.entries()) this.tens.setCode(step, lane, code);
      take(step, codes);
    }
  }

  mark(mark: Mark): void {
    this.marks.push(mark);
    if (this.marks.length > MAX_MARKS) this.marks.shift();
  }

  /** Adds to an end how it was. @returns the mark as it is now; `undefined` where that is nothing new. */
  tellExit(containerId: string, atUnixMs: number, exit: MarkedExit): Mark | undefined {
    const at = this.marks.findLastIndex(
      (mark) =>
        mark.kind === 'ended' &&
        mark.containerId === containerId &&
        Math.abs(mark.timeUnixMs - atUnixMs) <= SAME_END_MS,
    );
    const mark = this.marks[at];
    if (mark === undefined) return undefined;
    const { exitCode, oomKilled, ranForMs } = mark.exit ?? NOT_TOLD;
    const told: MarkedExit = {
      exitCode: exitCode ?? exit.exitCode,
      oomKilled: oomKilled ?? exit.oomKilled,
      ranForMs: ranForMs ?? exit.ranForMs,
    };
    const isNews = told.exitCode !== exitCode || told.oomKilled !== oomKilled || told.ranForMs !== ranForMs;
    if (!isNews) return undefined;
    this.marks[at] = { ...mark, exit: told };
    return this.marks[at];
  }

  /** Whether a kill for memory about then is marked already. */
  hasKill(containerId: string, timeUnixMs: number): boolean {
    return this.marks.some(
      (mark) =>
        mark.kind === 'oom' &&
        mark.containerId === containerId &&
        Math.abs(mark.timeUnixMs - timeUnixMs) <= SAME_KILL_MS,
    );
  }

  #sumUp(step: number, codes: Uint16Array): void {
    const first = step * FOLDED_SECONDS;
    for (let lane = 0; lane < codes.length / 3; lane += 1) {
      let min = Infinity;
      let max = -Infinity;
      let sum = 0;
      let known = 0;
      for (let second = first; second < first + FOLDED_SECONDS; second += 1) {
        const value = this.seconds.valueAt(second, lane);
        if (Number.isNaN(value)) continue;
        min = Math.min(min, value);
        max = Math.max(max, value);
        sum += value;
        known += 1;
      }
      const none = known === 0;
      codes[3 * lane] = none ? UNKNOWN_CODE : encodeNumber(min);
      codes[3 * lane + 1] = none ? UNKNOWN_CODE : encodeNumber(sum / known);
      codes[3 * lane + 2] = none ? UNKNOWN_CODE : encodeNumber(max);
    }
  }
}
