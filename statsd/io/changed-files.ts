import { packPaths, STAT, STAT_COLUMNS, type FileStats, type PackedPaths } from '../../native/host/file-stats.ts';

export interface ChangedFilesParts {
  readonly stats: FileStats;
  /** Each file is looked at this often, or at each {@link ChangedFiles.look} when those are farther apart. */
  readonly everyMs: number;
}

/** How files stood: {@link TOLD} numbers each. They differ when files are written anew, replaced, made or removed. */
export type FilesStamp = Float64Array;

interface Waiting {
  readonly files: readonly string[];
  /** `undefined`: nobody knows how they stood. */
  readonly stamp: FilesStamp | undefined;
  readonly changed: () => void;
}

/** Those who wait and are looked at in one go, and the flat lists of that. */
interface Turn {
  readonly waiting: Set<Waiting>;
  /** Somebody came or went: the lists are to be made anew. */
  stale: boolean;
  /** Of each file. */
  owners: Waiting[];
  paths: PackedPaths;
  stamps: FilesStamp;
  rows: Float64Array;
}

/** Those who wait are looked at in so many turns: a thousand at once would hold up everybody else. */
const TURNS = 5;
const TOLD = [STAT.inode, STAT.modifiedMs, STAT.bytes] as const;
/** No file has it. */
const NEVER = -1;

const emptyTurn = (): Turn => ({
  waiting: new Set(),
  stale: false,
  owners: [],
  paths: packPaths([]),
  stamps: new Float64Array(0),
  rows: new Float64Array(0),
});

function renew(turn: Turn): void {
  const all = [...turn.waiting];
  turn.owners = all.flatMap((each) => each.files.map(() => each));
  turn.paths = packPaths(all.flatMap(({ files }) => files));
  turn.stamps = new Float64Array(turn.owners.length * TOLD.length).fill(NEVER);
  turn.rows = new Float64Array(turn.owners.length * STAT_COLUMNS);
  let at = 0;
  for (const { files, stamp } of all) {
    if (stamp !== undefined) turn.stamps.set(stamp, at);
    at += files.length * TOLD.length;
  }
  turn.stale = false;
}

/** Whether a file stands as its stamp says; NaN is one that is not there. */
function isSame({ rows, stamps }: Turn, file: number): boolean {
  for (let index = 0; index < TOLD.length; index += 1) {
    const now = rows[file * STAT_COLUMNS + (TOLD[index] ?? 0)];
    if (!Object.is(now, stamps[file * TOLD.length + index])) return false;
  }
  return true;
}

/**
 * Tells when files change, by looking: as many as are due in one call, since a call and an object for each cost ten times what
 * the kernel does for it. It has no timer of its own: whoever beats anyway calls {@link look}.
 */
export class ChangedFiles {
  readonly #parts: ChangedFilesParts;
  readonly #turns: readonly Turn[] = Array.from({ length: TURNS }, emptyTurn);
  #turnOfNext = 0;
  #turnToLookAt = 0;
  /** Up to when turns were looked at. */
  #lookedAtMs: number | undefined;

  constructor(parts: ChangedFilesParts) {
    this.#parts = parts;
  }

  /** How files stand now; one that cannot be looked at is as one that is not there. @throws nothing. */
  stampOf(files: readonly string[]): FilesStamp {
    const rows = new Float64Array(files.length * STAT_COLUMNS);
    this.#parts.stats(packPaths(files), rows);
    const stamp = new Float64Array(files.length * TOLD.length);
    for (let at = 0; at < stamp.length; at += 1) {
      const file = Math.floor(at / TOLD.length);
      stamp[at] = rows[file * STAT_COLUMNS + (TOLD[at % TOLD.length] ?? 0)] ?? Number.NaN;
    }
    return stamp;
  }

  /**
   * Resolves when the files no longer stand as the stamp says, at the next look or a later one; without a stamp at the next one.
   * @throws the signal's reason.
   */
  async next(files: readonly string[], stamp: FilesStamp | undefined, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    const waiting: Waiting = {
      files,
      stamp,
      changed: () => {
        resolve(undefined);
      },
    };
    const leave = this.#enter(waiting);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await promise;
    } finally {
      leave();
      signal.removeEventListener('abort', abort);
    }
  }

  /** Looks at those whose turn it is by now. @throws nothing. */
  look(nowMs: number): void {
    const sliceMs = this.#parts.everyMs / TURNS;
    this.#lookedAtMs ??= nowMs;
    // Rounded: ticks jitter, and one that comes a little early is no reason to leave a turn out.
    const due = Math.round((nowMs - this.#lookedAtMs) / sliceMs);
    if (due < 1) return;
    this.#lookedAtMs = due > TURNS ? nowMs : this.#lookedAtMs + due * sliceMs;
    for (let count = 0; count < Math.min(due, TURNS); count += 1) {
      const turn = this.#turns[this.#turnToLookAt];
      this.#turnToLookAt = (this.#turnToLookAt + 1) % TURNS;
      if (turn !== undefined) this.#lookAt(turn);
    }
  }

  #enter(waiting: Waiting): () => void {
    const turn = this.#turns[this.#turnOfNext];
    this.#turnOfNext = (this.#turnOfNext + 1) % TURNS;
    if (turn !== undefined) turn.stale = true;
    turn?.waiting.add(waiting);
    return () => {
      if (turn?.waiting.delete(waiting) === true) turn.stale = true;
    };
  }

  #lookAt(turn: Turn): void {
    if (turn.stale) renew(turn);
    if (turn.owners.length === 0) return;
    this.#parts.stats(turn.paths, turn.rows);
    for (let file = 0; file < turn.owners.length; file += 1) if (!isSame(turn, file)) turn.owners[file]?.changed();
  }
}
