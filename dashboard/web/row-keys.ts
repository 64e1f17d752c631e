import { SILENCE_FORM } from './alerts/links.ts';
import { mayChange } from './session.ts';

const ROWS = 'main tbody tr:not(.spacer), main .attention li';

/** Moves the focus to the first link of the next row, or of the one before; of the first row when none has it. */
export function focusRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll(ROWS)].filter((row) => row.querySelector('a, button') !== null);
  const handles = rows.flatMap((row) => row.querySelector<HTMLElement>('a, button') ?? []);
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = handles[at < 0 ? 0 : at + step];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

/** The row that has the focus. */
export function focusedRow(): Element | null {
  return document.activeElement?.closest(ROWS) ?? null;
}

/** Opens the form for a silence: of the alert whose row has the focus, else an empty one. */
export function silenceRow(navigate: (path: string) => void): void {
  if (!mayChange()) return;
  const link = focusedRow()?.querySelector(`a[href^="${SILENCE_FORM}"]`);
  navigate(link?.getAttribute('href') ?? SILENCE_FORM);
}
