import type { JSX } from 'preact';
import { ask } from '../api.ts';
import { EditForm, useDraft, type Editing } from '../edit-form.tsx';
import { ChoiceField, Switch, TextField } from '../fields.tsx';
import { CHANNEL_FIELDS, postedChannel, TLS_MODES, type ChannelDraft, type ChannelType } from './channel-draft.ts';

const TYPES: readonly (readonly [ChannelType, string])[] = [
  ['webhook', 'webhook'],
  ['slack', 'Slack'],
  ['email', 'email'],
  ['pagerduty', 'PagerDuty'],
  ['statsd', 'StatsD service checks'],
  ['alertmanager', 'Alertmanager'],
];

function Texts({ channel: { draft, change, text } }: { readonly channel: Editing<ChannelDraft> }): JSX.Element {
  const keeps = draft.keepsSecrets;
  return (
    <div class="fields">
      {CHANNEL_FIELDS[draft.type].map(({ name, label, hint, secret, optional }) => (
        <TextField
          key={name}
          label={label}
          at={name}
          value={draft.texts[name] ?? ''}
          type={secret === true && name !== 'url' ? 'password' : 'text'}
          required={optional !== true && !(keeps && secret === true)}
          hint={secret === true && keeps ? 'not shown; empty keeps it' : hint}
          onValue={(typed) => {
            change({ texts: { ...draft.texts, [name]: typed } });
          }}
        />
      ))}
      {draft.type === 'email' ? (
        <ChoiceField label="TLS" options={TLS_MODES.map((mode) => [mode, mode])} {...text('tls')} />
      ) : null}
    </div>
  );
}

/** Makes or changes a channel. Secrets go in and never come back. */
export function ChannelForm({
  draft: first,
  onDone,
}: {
  readonly draft: ChannelDraft;
  readonly onDone: () => void;
}): JSX.Element {
  const channel = useDraft(first);
  const { draft, change, text } = channel;
  const body = postedChannel(draft);
  return (
    <EditForm
      label="Channel"
      send={() =>
        draft.id === undefined
          ? ask('POST', '/channels', { body })
          : ask('PUT', `/channels/${encodeURIComponent(draft.id)}`, { body })
      }
      onDone={onDone}
    >
      <div class="fields">
        {draft.id === undefined ? (
          <ChoiceField
            label="Kind"
            value={draft.type}
            options={TYPES}
            onValue={(type) => {
              change({ type: type as ChannelType });
            }}
          />
        ) : null}
        <TextField label="Name" at="name" required {...text('name')} />
      </div>
      <Texts channel={channel} />
      <div class="fields">
        <Switch
          checked={draft.enabled}
          onChecked={(enabled) => {
            change({ enabled });
          }}
        >
          on
        </Switch>
        <Switch
          checked={draft.sendResolved}
          onChecked={(sendResolved) => {
            change({ sendResolved });
          }}
        >
          is told when alerts end
        </Switch>
      </div>
    </EditForm>
  );
}
