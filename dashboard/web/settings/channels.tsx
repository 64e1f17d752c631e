import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ChannelList } from '../alerts/channel-list.tsx';
import type { ChannelAnswer, ChannelsAnswer } from '../alerts/channels.ts';
import { ask, usePolled } from '../api.ts';
import { ConfirmButton } from '../confirm-button.tsx';
import { Empty } from '../empty.tsx';
import { Fault } from '../facts.tsx';
import { draftOfChannel, NEW_CHANNEL, type ChannelDraft } from './channel-draft.ts';
import { ChannelForm } from './channel-form.tsx';
import { AsConfig } from './as-config.tsx';

/** Who is told of alerts: channels of files as they are, those of this dashboard to be made, changed and taken away. */
export function Channels(): JSX.Element {
  const { value, reason, reload } = usePolled<ChannelsAnswer>('/channels');
  const [draft, setDraft] = useState<ChannelDraft | undefined>(undefined);
  const [fault, setFault] = useState<string | undefined>(undefined);
  const remove = async (id: string): Promise<void> => {
    const answer = await ask<object>('DELETE', `/channels/${encodeURIComponent(id)}`);
    setFault(answer.ok ? undefined : answer.reason);
    reload();
  };
  const more = (channel: ChannelAnswer): JSX.Element => {
    const { id, name, origin } = channel;
    if (origin === 'file') return <span class="muted">of a file or a flag</span>;
    return (
      <>
        <button
          type="button"
          class="button"
          aria-label={`Edit ${name}`}
          onClick={() => {
            setDraft(draftOfChannel(channel));
          }}
        >
          Edit
        </button>
        <ConfirmButton text="Delete" label={`Delete ${name}`} onConfirm={() => void remove(id)} />
      </>
    );
  };
  const channels = value?.channels ?? [];
  return (
    <div class="settings-panel">
      <Fault reason={fault ?? reason} />
      {draft === undefined ? (
        <button
          type="button"
          class="button"
          onClick={() => {
            setDraft(NEW_CHANNEL);
          }}
        >
          New channel
        </button>
      ) : (
        <ChannelForm
          key={draft.id ?? 'new'}
          draft={draft}
          onDone={() => {
            setDraft(undefined);
            reload();
          }}
        />
      )}
      {channels.length > 0 ? (
        <ChannelList channels={channels} onChange={reload} more={more} />
      ) : (
        <Empty title="Nobody is told of alerts">
          <p>Make a channel: a webhook, Slack, email, PagerDuty, a StatsD daemon or an Alertmanager.</p>
        </Empty>
      )}
      <AsConfig id="notify" />
    </div>
  );
}
