import { signal, effect } from '@preact/signals';

const STORAGE_KEY = 'weft-shortcuts';

function stored(): boolean {
  try {
    return localStorage.getItem(STORAGE_KEY) !== 'off';
  } catch {
    return true;
  }
}

/** Keys of a single letter can be switched off, for people whose voice control or tremor types them. */
export const shortcutsOn = signal(stored());

effect(() => {
  try {
    localStorage.setItem(STORAGE_KEY, shortcutsOn.value ? 'on' : 'off');
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
});

/** What the keys do; shown in the help. */
export const SHORTCUTS: readonly { readonly keys: string; readonly does: string }[] = [
  { keys: '/', does: 'filter the containers' },
  { keys: 'g o', does: 'go to the overview' },
  { keys: 'g c', does: 'go to the containers' },
  { keys: 'g a', does: 'go to the alerts' },
  { keys: 't', does: 'change the theme' },
  { keys: '?', does: 'show this help' },
  { keys: 'Esc', does: 'leave the filter, or close this help' },
];

const CHORD_MS = 1_000;

/** Id of the containers' filter box. */
export const FILTER_INPUT_ID = 'filter';

export interface ShortcutActions {
  navigate(path: string): void;
  cycleTheme(): void;
  showHelp(): void;
}

const PAGE_OF: Readonly<Record<string, string>> = { o: '/', c: '/containers', a: '/alerts' };

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, dialog') !== null;
}

function focusFilter(actions: ShortcutActions): void {
  const input = document.getElementById(FILTER_INPUT_ID);
  if (input !== null) input.focus();
  else actions.navigate('/containers#filter');
}

/** Listens until the returned function is called. */
export function listenForShortcuts(actions: ShortcutActions): () => void {
  let goPressedAt = -Infinity;
  const singles: Readonly<Record<string, () => void>> = {
    '/': () => {
      focusFilter(actions);
    },
    t: () => {
      actions.cycleTheme();
    },
    '?': () => {
      actions.showHelp();
    },
  };
  const onKey = (event: KeyboardEvent): void => {
    if (!shortcutsOn.value || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const page = event.timeStamp - goPressedAt < CHORD_MS ? PAGE_OF[event.key] : undefined;
    goPressedAt = event.key === 'g' ? event.timeStamp : -Infinity;
    const action =
      page === undefined
        ? singles[event.key]
        : () => {
            actions.navigate(page);
          };
    if (action === undefined) return;
    event.preventDefault();
    action();
  };
  document.addEventListener('keydown', onKey);
  return () => {
    document.removeEventListener('keydown', onKey);
  };
}
