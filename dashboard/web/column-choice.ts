/** A column that can be chosen. */
export interface Choosable {
  readonly key: string;
  readonly header: string;
}

/** The columns of a table from left to right; the first names the row and is always shown. */
export interface ColumnSet<Column extends Choosable> {
  readonly all: readonly Column[];
  /** What is shown before anybody chose. */
  readonly usual: ReadonlySet<string>;
}

export function usualColumns<Column extends Choosable>({ all, usual }: ColumnSet<Column>): readonly Column[] {
  return all.filter(({ key }) => usual.has(key));
}

/** The columns of `name,cpu,rx`, with the first in any case; `undefined` for the usual ones. */
export function parseColumns<Column extends Choosable>(
  text: string | null,
  { all }: ColumnSet<Column>,
): readonly Column[] | undefined {
  const wanted = new Set(text?.split(','));
  const chosen = all.filter(({ key }, index) => index === 0 || wanted.has(key));
  return chosen.length < 2 ? undefined : chosen;
}

/** As it stands in the address; nothing for the usual ones. */
export function formatColumns<Column extends Choosable>(
  columns: readonly Column[],
  { usual }: ColumnSet<Column>,
): string {
  const isUsual = columns.length === usual.size && columns.every(({ key }) => usual.has(key));
  return isUsual ? '' : columns.map(({ key }) => key).join(',');
}
