import { packPaths, STAT, STAT_COLUMNS, type FileStats, type PackedPaths } from '../../native/host/file-stats.ts';

/** A directory that nothing is watched of, as it should stand. */
export interface Looked {
  readonly inode: number;
  /** What is known to be in it. */
  readonly children: ReadonlyMap<string, unknown>;
  /** It was looked at since the last scan, which need not do so again. */
  seen: boolean;
}

export interface InsideLooksParts {
  readonly stats: FileStats;
  /** One stands otherwise than it should, or is no leaf. */
  readonly differs: (path: string) => void;
}

interface Turn {
  readonly looked: Map<string, { readonly directory: string; readonly node: Looked }>;
  /** Made anew when one comes or goes. */
  paths: PackedPaths | undefined;
  rows: Float64Array;
}

/** Ticks at which those are looked at who came one after the other: a thousand at once would hold up everybody else. */
const TURNS = 5;
/** cgroup file systems count sub-directories in the links. */
const LEAF_LINKS = 2;

/**
 * Looks whether directories are still the same and whether others were made in them, many in one call: what stands as it should
 * costs a comparison.
 */
export class InsideLooks {
  readonly #parts: InsideLooksParts;
  readonly #turns: readonly Turn[] = Array.from({ length: TURNS }, () => ({
    looked: new Map(),
    paths: undefined,
    rows: new Float64Array(0),
  }));
  #turnOfNext = 0;
  #turnToLookAt = 0;

  constructor(parts: InsideLooksParts) {
    this.#parts = parts;
  }

  add(path: string, directory: string, node: Looked): void {
    this.remove(path);
    const turn = this.#turns[this.#turnOfNext];
    this.#turnOfNext = (this.#turnOfNext + 1) % TURNS;
    if (turn === undefined) return;
    turn.looked.set(path, { directory, node });
    turn.paths = undefined;
  }

  remove(path: string): void {
    for (const turn of this.#turns) if (turn.looked.delete(path)) turn.paths = undefined;
  }

  /** Looks at the next turn's. @throws nothing. */
  look(): void {
    const turn = this.#turns[this.#turnToLookAt];
    this.#turnToLookAt = (this.#turnToLookAt + 1) % TURNS;
    if (turn === undefined || turn.looked.size === 0) return;
    if (turn.paths === undefined) {
      turn.paths = packPaths([...turn.looked.values()].map(({ directory }) => directory));
      turn.rows = new Float64Array(turn.looked.size * STAT_COLUMNS);
    }
    const { rows } = turn;
    this.#parts.stats(turn.paths, rows);
    const different: string[] = [];
    let at = 0;
    for (const [path, { node }] of turn.looked) {
      const isThere = rows[at + STAT.inode] === node.inode;
      if (isThere && rows[at + STAT.links] === LEAF_LINKS && node.children.size === 0) node.seen = true;
      else different.push(path);
      at += STAT_COLUMNS;
    }
    // What is found may add or remove others here.
    for (const path of different) this.#parts.differs(path);
  }
}
