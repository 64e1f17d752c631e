import { rowsOf } from './columns.ts';

/** For each row of a block the number of the frame that changed it last: who shows a row need not look at it before that is another one. */
export type RowStamps = Uint32Array;

/** The stamps after a frame that changed the rows in `changed`, or all of them without it. */
export function stampRows(
  before: RowStamps | undefined,
  { rows, stamp, changed }: { rows: number; stamp: number; changed: Uint8Array | ArrayBuffer | undefined },
): RowStamps {
  if (before?.length !== rows || changed === undefined) return new Uint32Array(rows).fill(stamp);
  const after = before.slice();
  for (const row of rowsOf(changed, rows)) after[row] = stamp;
  return after;
}
