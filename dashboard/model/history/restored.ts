import type { Mark, SeriesFacts } from './series.ts';

/** A line that measured something lately, as the store gives it back. */
export interface RestoredSeries {
  /** The store's own number of it. */
  readonly id: number;
  readonly key: string;
  readonly facts: SeriesFacts;
  readonly marks: readonly Mark[];
  readonly lastUnixMs: number;
}

/** A block as it was folded, with the columns of then. Lines are named by the store's numbers: a block each ten seconds has no room for a thousand keys. */
export interface RestoredBlock {
  readonly timeUnixMs: number;
  readonly columns: readonly string[];
  readonly ids: Uint32Array;
  readonly codes: Uint16Array;
}

/** Blocks of the same lines and columns, which most are, together; in their order. */
export function alikeBlocks(blocks: readonly RestoredBlock[]): [RestoredBlock, ...RestoredBlock[]][] {
  const groups: [RestoredBlock, ...RestoredBlock[]][] = [];
  for (const block of blocks) {
    const group = groups.find(([first]) => isAlike(first, block));
    if (group === undefined) groups.push([block]);
    else group.push(block);
  }
  return groups;
}

function isAlike(a: RestoredBlock, b: RestoredBlock): boolean {
  if (a.ids.length !== b.ids.length || a.columns.join(' ') !== b.columns.join(' ')) return false;
  return a.ids.every((id, row) => id === b.ids[row]);
}
