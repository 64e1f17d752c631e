import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { viewQuery, type ViewPage } from '../model/saved-view.ts';
import type { Answer } from './api.ts';
import { ConfirmButton } from './confirm-button.tsx';
import { Fault } from './facts.tsx';
import { Switch, TextField } from './fields.tsx';
import {
  deleteView,
  loadViews,
  renameView,
  replacedBy,
  savedViews,
  saveView,
  viewPage,
  type ViewFacts,
} from './saved-views.ts';
import { mayChange } from './session.ts';

/** Sends something and keeps why it was not taken. */
interface Sending {
  readonly reason: string | undefined;
  readonly send: (doing: Promise<Answer<object>>, then?: () => void) => void;
}

function useSending(): Sending {
  const [reason, setReason] = useState<string | undefined>(undefined);
  return {
    reason,
    send: (doing, then) => {
      void doing.then((answer) => {
        setReason(answer.ok ? undefined : answer.reason);
        if (answer.ok) then?.();
      });
    },
  };
}

interface RenameProps {
  readonly view: ViewFacts;
  readonly sending: Sending;
  readonly onDone: () => void;
}

function Rename({ view, sending, onDone }: RenameProps): JSX.Element {
  const [name, setName] = useState(view.name);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  return (
    <form
      class="view-rename"
      onSubmit={(event) => {
        event.preventDefault();
        sending.send(renameView(view, name), onDone);
      }}
    >
      <input
        type="text"
        aria-label={`New name of ${view.name}`}
        required
        maxLength={64}
        value={name}
        ref={input}
        onInput={(event) => {
          setName(event.currentTarget.value);
        }}
      />
      <button type="submit" class="button">
        Save
      </button>
      <button type="button" class="button" onClick={onDone}>
        Cancel
      </button>
    </form>
  );
}

interface LineProps {
  readonly view: ViewFacts;
  readonly isShown: boolean;
  readonly sending: Sending;
  readonly onGo: () => void;
  /** What had the focus is gone. */
  readonly onGone: () => void;
}

function Line({ view, isShown, sending, onGo, onGone }: LineProps): JSX.Element {
  const [isRenaming, setRenaming] = useState(false);
  const { name, shared, by, own, mayChange } = view;
  const done = (): void => {
    setRenaming(false);
    onGone();
  };
  const sharing = own ? 'for everybody' : `for everybody, by ${by}`;
  const said = [...(isShown ? ['shown'] : []), ...(shared ? [sharing] : [])].join(' · ');
  if (isRenaming)
    return (
      <li>
        <Rename view={view} sending={sending} onDone={done} />
      </li>
    );
  return (
    <li>
      <span class="view-name">
        <Link href={viewPage(view)} aria-current={isShown ? 'true' : undefined} onClick={onGo}>
          <bdi>{name}</bdi>
        </Link>
        {said === '' ? null : <small class="muted">{said}</small>}
      </span>
      {mayChange ? (
        <>
          <button
            type="button"
            class="button"
            aria-label={`Rename ${name}`}
            onClick={() => {
              setRenaming(true);
            }}
          >
            Rename
          </button>
          <ConfirmButton
            text="Delete"
            label={`Delete ${name}`}
            onConfirm={() => {
              sending.send(deleteView(view), onGone);
            }}
          />
        </>
      ) : null}
    </li>
  );
}

interface SaveProps {
  readonly page: ViewPage;
  readonly query: string;
  readonly sending: Sending;
}

/** Saves what is shown under a name; editors may do so for everybody. */
function SaveForm({ page, query, sending }: SaveProps): JSX.Element {
  const [name, setName] = useState('');
  const [shared, setShared] = useState(false);
  const mayShare = mayChange();
  const draft = { name, page, query, shared };
  const isReplacing = replacedBy(draft, savedViews.value ?? []) !== undefined;
  return (
    <form
      class="view-save"
      onSubmit={(event) => {
        event.preventDefault();
        sending.send(saveView(draft), () => {
          setName('');
        });
      }}
    >
      <TextField label="Save what is shown as" value={name} onValue={setName} placeholder="a name" required />
      <button type="submit" class="button primary">
        {isReplacing ? 'Replace' : 'Save'}
      </button>
      {mayShare ? (
        <Switch checked={shared} onChecked={setShared}>
          for everybody
        </Switch>
      ) : null}
    </form>
  );
}

interface MenuProps {
  readonly page: ViewPage;
  readonly params: URLSearchParams;
}

/** The saved views of a page: go to one, save, rename and delete. */
export function ViewsMenu({ page, params }: MenuProps): JSX.Element {
  const menu = useRef<HTMLDetailsElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const sending = useSending();
  const query = viewQuery(params, page);
  const views = savedViews.value?.filter((view) => view.page === page);
  const close = (): void => {
    if (menu.current !== null) menu.current.open = false;
  };
  return (
    <details
      ref={menu}
      class="drop views"
      onToggle={(event) => {
        if (event.currentTarget.open) sending.send(loadViews());
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        close();
        menu.current?.querySelector('summary')?.focus();
      }}
    >
      <summary>Views</summary>
      <div ref={body} class="drop-body" tabIndex={-1}>
        {views === undefined || views.length === 0 ? (
          <p class="muted">{views === undefined ? 'Views are asked for…' : 'No view is saved yet.'}</p>
        ) : (
          <ul aria-label="Saved views">
            {views.map((view) => (
              <Line
                key={view.id}
                view={view}
                isShown={view.query === query}
                sending={sending}
                onGo={close}
                onGone={() => body.current?.focus()}
              />
            ))}
          </ul>
        )}
        <SaveForm page={page} query={query} sending={sending} />
        <Fault reason={sending.reason === undefined ? undefined : `That did not work: ${sending.reason}.`} />
      </div>
    </details>
  );
}
