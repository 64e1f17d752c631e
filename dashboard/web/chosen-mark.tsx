import type { JSX } from 'preact';
import { chosenKeys } from './chosen.ts';

/** Before the name of a row that is chosen to be compared; nothing before others. */
export function ChosenMark({ line }: { readonly line: string }): JSX.Element | null {
  if (!chosenKeys.value.has(line)) return null;
  return (
    <span class="chosen-mark">
      <svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">
        <rect width="14" height="14" rx="3" fill="currentColor" />
        <path d="m3.4 7.4 2.4 2.4 4.8-5.2" />
      </svg>
      <span class="visually-hidden">chosen</span>
    </span>
  );
}

/** Of the row itself. */
export function chosenClass(line: string): string {
  return chosenKeys.value.has(line) ? 'chosen-row' : '';
}
