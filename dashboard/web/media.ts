import { signal, type ReadonlySignal } from '@preact/signals';

function mediaSignal(query: string): ReadonlySignal<boolean> {
  const list = matchMedia(query);
  const matches = signal(list.matches);
  list.addEventListener('change', (event) => (matches.value = event.matches));
  return matches;
}

/** Too narrow for a table of many columns: a phone, or large text. In em, so that zoomed text counts. */
export const isNarrow = mediaSignal('(max-width: 46em)');

/** The colour scheme may change under canvases, which must then be drawn again. */
export const isDarkSystem = mediaSignal('(prefers-color-scheme: dark)');
