import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Suggest, SuggestionsMessage } from '../wire.ts';
import { takeSuggestion } from './filter-edit.ts';
import { FILTER_INPUT_ID } from './shortcuts.ts';
import { askSuggestions, suggestions } from './socket.ts';

interface FilterInputProps {
  /** What is filtered. */
  readonly label: string;
  readonly text: string;
  readonly hasFaults: boolean;
  /** For what the server cannot know: what could come at the caret. */
  readonly suggest?: (request: Suggest) => SuggestionsMessage;
  readonly placeholder?: string;
  readonly onText: (text: string) => void;
}

const LIST_ID = 'filter-suggestions';
const optionId = (index: number): string => `${LIST_ID}-${index}`;

function Options({
  message,
  active,
  onTake,
}: {
  readonly message: SuggestionsMessage;
  readonly active: number;
  readonly onTake: (index: number) => void;
}): JSX.Element {
  return (
    <ul id={LIST_ID} class="suggestions" role="listbox" aria-label="Suggestions">
      {message.items.map(({ insert, note }, index) => (
        <li
          key={insert}
          id={optionId(index)}
          role="option"
          aria-selected={index === active}
          // The box keeps the focus.
          onMouseDown={(event) => {
            event.preventDefault();
            onTake(index);
          }}
        >
          <code>{insert.trimEnd()}</code>
          <span class="muted">{note}</span>
        </li>
      ))}
    </ul>
  );
}

interface Suggesting {
  readonly message: SuggestionsMessage | undefined;
  readonly ask: (request: Suggest) => void;
}

/** What was last suggested: by the page itself, or by the server. */
function useSuggestions(suggest: FilterInputProps['suggest']): Suggesting {
  const [own, setOwn] = useState<SuggestionsMessage | undefined>(undefined);
  if (suggest === undefined) return { message: suggestions.value, ask: askSuggestions };
  return {
    message: own,
    ask: (request) => {
      setOwn(suggest(request));
    },
  };
}

/** Where a filter is typed: what could come at the caret is listed, arrows and Enter take it. */
export function FilterInput({
  label,
  text,
  hasFaults,
  suggest,
  placeholder = 'Filter, such as  web host:h1 cpu>50% mem>64MiB',
  onText,
}: FilterInputProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const { message, ask } = useSuggestions(suggest);
  const caret = input.current?.selectionStart ?? text.length;
  const fits = isOpen && message?.text === text && message.caret === caret && message.items.length > 0;
  const shown = fits ? message : undefined;

  useEffect(() => {
    if (location.hash === `#${FILTER_INPUT_ID}`) input.current?.focus();
  }, []);
  useEffect(() => {
    document.getElementById(optionId(active))?.scrollIntoView({ block: 'nearest' });
  }, [active]);

  const open = (value: string): void => {
    setOpen(true);
    setActive(-1);
    ask({ text: value, caret: input.current?.selectionStart ?? value.length });
  };
  const close = (): void => {
    setOpen(false);
    setActive(-1);
  };
  const take = (index: number): void => {
    const item = shown?.items[index];
    const box = input.current;
    if (shown === undefined || item === undefined || box === null) return;
    const next = takeSuggestion(text, shown, item);
    onText(next.text);
    box.value = next.text;
    box.setSelectionRange(next.caret, next.caret);
    // After a key its values, after a value nothing until more is typed.
    if (item.insert.endsWith(' ')) close();
    else open(next.text);
  };
  const move = (by: number): void => {
    const count = shown?.items.length ?? 0;
    if (count > 0) setActive((active + by + count + (active < 0 && by < 0 ? 1 : 0)) % count);
  };
  const KEYS: Readonly<Record<string, () => boolean>> = {
    ArrowDown: () => {
      if (shown === undefined) open(text);
      else move(1);
      return true;
    },
    ArrowUp: () => {
      move(-1);
      return shown !== undefined;
    },
    Enter: () => {
      take(active);
      return shown !== undefined && active >= 0;
    },
    Tab: () => {
      take(active);
      return shown !== undefined && active >= 0;
    },
    Escape: () => {
      if (shown === undefined) input.current?.blur();
      close();
      return true;
    },
  };
  return (
    <div class="filter-input">
      <label class="visually-hidden" for={FILTER_INPUT_ID}>
        {label}
      </label>
      <input
        ref={input}
        id={FILTER_INPUT_ID}
        type="search"
        role="combobox"
        aria-expanded={shown !== undefined}
        aria-controls={LIST_ID}
        aria-autocomplete="list"
        aria-activedescendant={shown !== undefined && active >= 0 ? optionId(active) : undefined}
        value={text}
        placeholder={placeholder}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        title="Filter (/)"
        aria-invalid={hasFaults}
        aria-describedby="filter-chips"
        onInput={(event) => {
          const { value, selectionStart } = event.currentTarget;
          onText(value);
          // Between two terms everything is possible: only who asks with the arrow is told all of it.
          if (/\S$/.test(value.slice(0, selectionStart ?? value.length))) open(value);
          else close();
        }}
        onBlur={close}
        onKeyDown={(event) => {
          if (KEYS[event.key]?.() === true) event.preventDefault();
        }}
      />
      {shown === undefined ? null : <Options message={shown} active={active} onTake={take} />}
    </div>
  );
}
