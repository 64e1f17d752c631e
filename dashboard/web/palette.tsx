import { effect, signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import { showHelp } from './help.tsx';
import { toggleKiosk } from './kiosk.ts';
import { paletteEntries, type PaletteEntry } from './palette-entries.ts';
import { loadViews, savedViews } from './saved-views.ts';
import { askSuggestions, suggestions } from './socket.ts';
import { hosts } from './store.ts';
import { cycleTheme } from './theme.ts';

const isOpen = signal(false);

export function showPalette(): void {
  isOpen.value = true;
}

const ACTIONS: readonly PaletteEntry[] = [
  { title: 'Change the theme', note: 'action', run: cycleTheme },
  { title: 'Kiosk mode on or off', note: 'action', run: toggleKiosk },
  { title: 'Keyboard help', note: 'action', run: showHelp },
];

const entryId = (index: number): string => `palette-${index}`;

interface EntriesProps {
  readonly entries: readonly PaletteEntry[];
  readonly active: number;
  readonly onTake: (entry: PaletteEntry) => void;
}

function Entries({ entries, active, onTake }: EntriesProps): JSX.Element {
  return (
    <ul id="palette-list" class="suggestions" role="listbox" aria-label="Where to go">
      {entries.map((entry, index) => (
        <li
          key={`${entry.note} ${entry.title}`}
          id={entryId(index)}
          role="option"
          aria-selected={index === active}
          onMouseDown={(event) => {
            event.preventDefault();
            onTake(entry);
          }}
        >
          <span>{entry.title}</span>
          <span class="muted">{entry.note}</span>
        </li>
      ))}
    </ul>
  );
}

function Finder({ onDone }: { readonly onDone: () => void }): JSX.Element {
  const [, navigate] = useLocation();
  const [typed, setTyped] = useState('');
  const [active, setActive] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    void loadViews();
  }, []);
  const entries = paletteEntries({
    typed,
    actions: ACTIONS,
    views: savedViews.value ?? [],
    hosts: hosts.value,
    suggestions: suggestions.value,
  });
  const take = (entry: PaletteEntry | undefined): void => {
    if (entry === undefined) return;
    onDone();
    if (entry.href !== undefined) navigate(entry.href);
    entry.run?.();
  };
  const move = (by: number): void => {
    const next = (active + by + entries.length) % entries.length;
    setActive(next);
    document.getElementById(entryId(next))?.scrollIntoView({ block: 'nearest' });
  };
  const KEYS: Readonly<Record<string, () => void>> = {
    ArrowDown: () => {
      move(1);
    },
    ArrowUp: () => {
      move(-1);
    },
    Enter: () => {
      take(entries[active]);
    },
  };
  return (
    <>
      <input
        ref={input}
        type="text"
        role="combobox"
        aria-label="Go to a page, a view, a host or containers"
        aria-expanded={true}
        aria-controls="palette-list"
        aria-activedescendant={entryId(active)}
        placeholder="Page, view, host, name, project:…"
        autocomplete="off"
        spellcheck={false}
        value={typed}
        onInput={(event) => {
          const { value } = event.currentTarget;
          setTyped(value);
          setActive(0);
          askSuggestions({ text: value, caret: value.length });
        }}
        onKeyDown={(event) => {
          const action = KEYS[event.key];
          if (action === undefined) return;
          event.preventDefault();
          action();
        }}
      />
      <Entries entries={entries} active={active} onTake={take} />
    </>
  );
}

/** Ctrl-K: everything that can be gone to, by typing part of its name. */
export function Palette(): JSX.Element {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(
    () =>
      effect(() => {
        if (isOpen.value && ref.current?.open === false) ref.current.showModal();
      }),
    [],
  );
  const close = (): void => ref.current?.close();
  return (
    <dialog ref={ref} class="palette" aria-label="Go to" onClose={() => (isOpen.value = false)}>
      {isOpen.value ? <Finder onDone={close} /> : null}
    </dialog>
  );
}
