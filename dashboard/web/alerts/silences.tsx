import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useLocation, useSearch } from 'wouter-preact';
import { compileMatchers, matcherText, type Matcher } from '../../model/alert/matcher.ts';
import { ask, usePolled } from '../api.ts';
import { ConfirmButton } from '../confirm-button.tsx';
import { Empty } from '../empty.tsx';
import { Fault } from '../facts.tsx';
import { FactTable, type FactColumn } from '../fact-table.tsx';
import { plural } from '../format.ts';
import { Mark } from '../mark.tsx';
import { me } from '../session.ts';
import { alerts } from '../store.ts';
import { When } from '../when.tsx';
import { MuteWindows } from './mute-windows.tsx';
import { person } from './person.ts';
import { draftOfSilence, newSilence, type SilenceAnswer, type SilenceDraft } from './silence-draft.ts';
import { SilenceForm } from './silence-form.tsx';

const MARKS = { active: 'ok', pending: 'pending', expired: 'off' } as const;
const RANKS = { active: 0, pending: 1, expired: 2 } as const;

function activeMatches(matchers: readonly Matcher[]): number {
  const takes = compileMatchers(matchers);
  return alerts.value.filter(({ state, labels }) => state !== 'resolved' && takes(labels)).length;
}

const COLUMNS: readonly [FactColumn<SilenceAnswer>, ...FactColumn<SilenceAnswer>[]] = [
  {
    header: 'Silences',
    cell: ({ matchers }) => (
      <span class="chips">
        {matchers.map(matcherText).map((text) => (
          <code key={text} class="chip">
            {text}
          </code>
        ))}
      </span>
    ),
  },
  { header: 'State', cell: ({ status }) => <Mark kind={MARKS[status.state]}>{status.state}</Mark> },
  { header: 'Alerts now', numeric: true, cell: ({ matchers }) => activeMatches(matchers) },
  { header: 'Began', cell: ({ startsAt }) => <When at={startsAt} /> },
  { header: 'Ends', cell: ({ endsAt }) => <When at={endsAt} /> },
  { header: 'By', cell: ({ createdBy }) => createdBy },
  { header: 'Why', cell: ({ comment }) => comment },
];

interface ListProps {
  readonly silences: readonly SilenceAnswer[];
  readonly edit: (draft: SilenceDraft) => void;
  readonly expire: (id: string) => void;
}

function List({ silences, edit, expire }: ListProps): JSX.Element {
  const actions = (silence: SilenceAnswer): JSX.Element => {
    const { id, status, matchers } = silence;
    const what = matchers.map(matcherText).join(', ');
    const isOver = status.state === 'expired';
    return (
      <span class="actions">
        <button
          type="button"
          class="button"
          aria-label={`${isOver ? 'Again' : 'Edit'}: ${what}`}
          onClick={() => {
            edit(draftOfSilence(silence));
          }}
        >
          {isOver ? 'Again' : 'Edit'}
        </button>
        {isOver ? null : (
          <ConfirmButton
            text="End"
            label={`End the silence of ${what}`}
            onConfirm={() => {
              expire(id);
            }}
          />
        )}
      </span>
    );
  };
  const sorted = [...silences].sort(
    (a, b) => RANKS[a.status.state] - RANKS[b.status.state] || Date.parse(b.endsAt) - Date.parse(a.endsAt),
  );
  return (
    <FactTable
      label="List of silences"
      columns={[...COLUMNS, { header: 'Actions', cell: actions }]}
      rows={sorted}
      keyOf={({ id }) => id}
    />
  );
}

/** The tab of what is kept quiet. Mute windows are for the whole cluster, so who sees a part of it is not shown them. */
export function Silences(): JSX.Element {
  return (
    <>
      <SilenceList />
      {me.value?.scope === null ? <MuteWindows /> : null}
    </>
  );
}

/** The silences. A link with `?new=<matchers>` opens the form with them. */
function SilenceList(): JSX.Element {
  const { value, reason, reload } = usePolled<{ readonly silences: readonly SilenceAnswer[] }>('/silences');
  const [, navigate] = useLocation();
  const asked = new URLSearchParams(useSearch()).get('new');
  const [draft, setDraft] = useState(asked === null ? undefined : newSilence(asked, person()));
  useEffect(() => {
    if (asked !== null) setDraft(newSilence(asked, person()));
  }, [asked]);
  const [fault, setFault] = useState<string | undefined>(undefined);
  const expire = async (id: string): Promise<void> => {
    const answer = await ask<object>('DELETE', `/silences/${encodeURIComponent(id)}`);
    setFault(answer.ok ? undefined : answer.reason);
    reload();
  };
  const close = (): void => {
    setDraft(undefined);
    navigate('/alerts/silences', { replace: true });
    reload();
  };
  const silences = value?.silences ?? [];
  const going = silences.filter(({ status }) => status.state === 'active').length;
  return (
    <section aria-labelledby="silences-title">
      <div class="section-head">
        <h2 id="silences-title">Silences</h2>
        <span class="muted">{plural(going, 'active silence')}</span>
        {draft === undefined ? (
          <button
            type="button"
            class="button head-end"
            onClick={() => {
              setDraft(newSilence('', person()));
            }}
          >
            New silence
          </button>
        ) : null}
      </div>
      <Fault reason={fault ?? reason} />
      {draft === undefined ? null : <SilenceForm key={draft.id ?? draft.matchers} draft={draft} onDone={close} />}
      {silences.length > 0 ? (
        <List silences={silences} edit={setDraft} expire={(id) => void expire(id)} />
      ) : draft === undefined ? (
        <Empty title="Nothing is silenced">
          <p>
            A silence keeps matching alerts from being told until it ends. They are evaluated and shown all the same.
          </p>
        </Empty>
      ) : null}
    </section>
  );
}
