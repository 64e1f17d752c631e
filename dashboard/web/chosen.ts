import { computed, signal } from '@preact/signals';
import { MAX_COMPARED } from '../view-wire.ts';

/** A line of history that is to be compared. */
export interface ChosenRow {
  /** As in the address of Compare: of a container its line, of a host its node. */
  readonly key: string;
  readonly name: string;
}

export interface Choice {
  readonly rows: readonly ChosenRow[];
  /** Name of the row for which there was no room, until the next change. */
  readonly refused: string | undefined;
}

export const NOTHING_CHOSEN: Choice = { rows: [], refused: undefined };

/** With one more row, or without it when it was chosen; one too many is refused. */
export function toggled({ rows }: Choice, row: ChosenRow): Choice {
  if (rows.some(({ key }) => key === row.key)) return without(rows, row.key);
  return rows.length < MAX_COMPARED ? { rows: [...rows, row], refused: undefined } : { rows, refused: row.name };
}

export function without(rows: readonly ChosenRow[], key: string): Choice {
  return { rows: rows.filter((row) => row.key !== key), refused: undefined };
}

/** What the page says of a choice. */
export function choiceWords({ rows, refused }: Choice): string {
  if (refused === undefined) return `${rows.length} of at most ${MAX_COMPARED} chosen`;
  return `${refused} is not chosen: Compare shows ${MAX_COMPARED} side by side at most. Take one out first.`;
}

/** What is chosen, on whichever page. */
export const choice = signal(NOTHING_CHOSEN);

export const chosenKeys = computed((): ReadonlySet<string> => new Set(choice.value.rows.map(({ key }) => key)));
