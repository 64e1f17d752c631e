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
  { keys: 'Ctrl K', does: 'go to a page, a host or containers by name' },
  { keys: 'g h', does: 'go to the hosts' },
  { keys: 'g c', does: 'go to the containers' },
  { keys: 'g a', does: 'go to the alerts' },
  { keys: 'g s', does: 'go to the settings' },
  { keys: 'j k', does: 'go down or up the rows of a table; Enter opens' },
  { keys: 'x', does: 'choose the container or host of the row in focus, to compare it' },
  { keys: 't', does: 'change the theme' },
  { keys: '[ ]', does: 'show less or more time on a page with charts' },
  { keys: 'l', does: 'show the last minutes live on a page with charts, and the last hour of events' },
  { keys: 'Space', does: 'hold the charts still, and let them go on live' },
  { keys: 'm', does: 'silence the alert of the row in focus, or any other' },
  { keys: '← →', does: 'move the cursor of a chart, or of the events' },
  { keys: 'Shift ← →', does: 'draw a stretch of time over the events; Enter shows it' },
  { keys: '?', does: 'show this help' },
  { keys: 'Esc', does: 'leave the filter, or close this help' },
];

/** Keys of the page in sight. */
const pageKeys = new Map<string, () => void>();

/** Single keys that do something on one page only, until the returned function is called. */
export function onPageKeys(actions: Readonly<Record<string, () => void>>): () => void {
  for (const [key, action] of Object.entries(actions)) pageKeys.set(key, action);
  return () => {
    for (const key of Object.keys(actions)) pageKeys.delete(key);
  };
}

const CHORD_MS = 1_000;

/** Id of the containers' filter box. */
export const FILTER_INPUT_ID = 'filter';

export interface ShortcutActions {
  navigate(path: string): void;
  cycleTheme(): void;
  showHelp(): void;
  showPalette(): void;
  focusRow(step: 1 | -1): void;
  silenceRow(): void;
  chooseRow(): void;
}

const PAGE_OF: Readonly<Record<string, string>> = {
  o: '/',
  h: '/hosts',
  c: '/containers',
  a: '/alerts',
  s: '/settings',
};

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, dialog') !== null;
}

/** The space bar presses what has the focus. */
function presses({ key, target }: KeyboardEvent): boolean {
  return key === ' ' && target instanceof HTMLElement && target.closest('a, button, summary') !== null;
}

function isOurs(event: KeyboardEvent): boolean {
  return !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target) && !presses(event);
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
    j: () => {
      actions.focusRow(1);
    },
    k: () => {
      actions.focusRow(-1);
    },
    x: () => {
      actions.chooseRow();
    },
    m: () => {
      actions.silenceRow();
    },
    '?': () => {
      actions.showHelp();
    },
  };
  const onKey = (event: KeyboardEvent): void => {
    if (!shortcutsOn.value || !isOurs(event)) return;
    const page = event.timeStamp - goPressedAt < CHORD_MS ? PAGE_OF[event.key] : undefined;
    goPressedAt = event.key === 'g' ? event.timeStamp : -Infinity;
    const action =
      page === undefined
        ? (pageKeys.get(event.key) ?? singles[event.key])
        : () => {
            actions.navigate(page);
          };
    if (action === undefined) return;
    event.preventDefault();
    action();
  };
  // With a modifier it is nobody's letter: it works while typing too, and cannot be switched off.
  const onPaletteKey = (event: KeyboardEvent): void => {
    if (event.key !== 'k' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    actions.showPalette();
  };
  document.addEventListener('keydown', onKey);
  document.addEventListener('keydown', onPaletteKey);
  return () => {
    document.removeEventListener('keydown', onKey);
    document.removeEventListener('keydown', onPaletteKey);
  };
}
