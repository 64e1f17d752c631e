import { extentOf, type PastColumn } from './past.ts';

/** Rows that a person can read. */
const MAX_ROWS = 60;

/** Points that share a row of the table: [first, end). */
export interface Group {
  readonly first: number;
  readonly end: number;
}

/** The points in equal groups, few enough to read, the newest first. */
export function groupsOf(points: number): Group[] {
  const size = Math.max(1, Math.ceil(points / MAX_ROWS));
  return Array.from({ length: Math.ceil(points / size) }, (_, group) => ({
    first: group * size,
    end: Math.min(points, (group + 1) * size),
  })).reverse();
}

/** Mean and largest of a group; `undefined` when nothing is known of it. */
export function inGroup(
  { min, avg, max }: PastColumn,
  { first, end }: Group,
): { readonly mean: number | undefined; readonly max: number | undefined } {
  const of = (values: readonly (number | null)[]): (number | null)[] => values.slice(first, end);
  return extentOf({ min: of(min), avg: of(avg), max: of(max) });
}
