import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask, usePolled } from '../api.ts';
import { ConfirmButton } from '../confirm-button.tsx';
import { EditForm, useDraft } from '../edit-form.tsx';
import { Empty } from '../empty.tsx';
import { Fault } from '../facts.tsx';
import { FactTable, type FactColumn } from '../fact-table.tsx';
import { ChoiceField, TextField } from '../fields.tsx';
import { Mark } from '../mark.tsx';
import { mayChange } from '../session.ts';
import { When } from '../when.tsx';
import { DAY_CHOICES, newMuteWindow, postedMuteWindow, type MuteWindowAnswer } from './mute-draft.ts';
import { AsConfig } from '../settings/as-config.tsx';

const COLUMNS: readonly [FactColumn<MuteWindowAnswer>, ...FactColumn<MuteWindowAnswer>[]] = [
  { header: 'Window', cell: ({ name }) => name },
  { header: 'When', cell: ({ text }) => text },
  {
    header: 'Now',
    cell: ({ active }) => <Mark kind={active ? 'ok' : 'off'}>{active ? 'muting' : 'not now'}</Mark>,
  },
  {
    header: 'Next',
    cell: ({ active, changesAt }) =>
      changesAt === null ? (
        'not within eight days'
      ) : (
        <>
          {active ? 'ends' : 'begins'} <When at={changesAt} />
        </>
      ),
  },
  {
    header: 'Mutes',
    cell: ({ origin }) => (origin === 'api' ? 'everything' : 'the routes of the file that name it'),
  },
];

/** Makes a window; one of the same name is replaced. */
function MuteForm({ onDone }: { readonly onDone: () => void }): JSX.Element {
  const { draft, change, text } = useDraft(newMuteWindow(Intl.DateTimeFormat().resolvedOptions().timeZone));
  return (
    <EditForm
      label="Mute window"
      submit="Mute"
      disabled={draft.name.trim() === ''}
      send={() => ask('POST', '/mute-windows', { body: postedMuteWindow(draft) })}
      onDone={onDone}
    >
      <div class="fields">
        <TextField label="Name" at="name" required placeholder="nights" {...text('name')} />
        <ChoiceField
          label="On"
          value={draft.days}
          options={DAY_CHOICES}
          onValue={(days) => {
            change({ days });
          }}
        />
        <TextField label="From" type="time" required {...text('start')} />
        <TextField
          label="To"
          type="time"
          required
          hint={draft.end <= draft.start ? 'on the next day' : undefined}
          {...text('end')}
        />
        <TextField
          label="Time zone"
          at="timeIntervals.0.location"
          required
          hint="such as Europe/Berlin or UTC"
          {...text('location')}
        />
      </div>
    </EditForm>
  );
}

/** Times in which nobody is told, be it because a file says so or because somebody here did. */
export function MuteWindows(): JSX.Element {
  const { value, reason, reload } = usePolled<{ readonly muteWindows: readonly MuteWindowAnswer[] }>('/mute-windows');
  const [isMaking, setMaking] = useState(false);
  const [fault, setFault] = useState<string | undefined>(undefined);
  const isEditor = mayChange();
  const remove = async (name: string): Promise<void> => {
    const answer = await ask<object>('DELETE', `/mute-windows/${encodeURIComponent(name)}`);
    setFault(answer.ok ? undefined : answer.reason);
    reload();
  };
  const action: FactColumn<MuteWindowAnswer> = {
    header: 'Actions',
    cell: ({ name, origin }) =>
      origin === 'api' ? (
        <ConfirmButton text="Delete" label={`Delete the mute window ${name}`} onConfirm={() => void remove(name)} />
      ) : null,
  };
  const windows = value?.muteWindows ?? [];
  return (
    <section aria-labelledby="mute-windows-title">
      <div class="section-head">
        <h2 id="mute-windows-title">Mute windows</h2>
        {isEditor && !isMaking ? (
          <button
            type="button"
            class="button head-end"
            onClick={() => {
              setMaking(true);
            }}
          >
            New mute window
          </button>
        ) : null}
      </div>
      <Fault reason={fault ?? reason} />
      {isMaking ? (
        <MuteForm
          onDone={() => {
            setMaking(false);
            reload();
          }}
        />
      ) : null}
      {windows.length > 0 ? (
        <FactTable
          label="List of mute windows"
          columns={isEditor ? [...COLUMNS, action] : COLUMNS}
          rows={windows}
          keyOf={({ origin, name }) => `${origin} ${name}`}
        />
      ) : isMaking ? null : (
        <Empty title="No time is muted">
          <p>In a mute window nobody is told of anything. What fires still then is told when it ends.</p>
        </Empty>
      )}
      <AsConfig id="notify" />
    </section>
  );
}
