import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import { ask, usePolled } from '../api.ts';
import { Empty } from '../empty.tsx';
import { Fault } from '../facts.tsx';
import { FactTable, type FactColumn } from '../fact-table.tsx';
import { ChoiceField } from '../fields.tsx';
import { plural } from '../format.ts';
import { Mark } from '../mark.tsx';
import { When } from '../when.tsx';
import { ChannelList } from './channel-list.tsx';
import type { ChannelsAnswer } from './channels.ts';
import { Routing } from './routing.tsx';

/** One attempt as `GET /api/v1/deliveries` has it. */
interface Attempt {
  readonly seq: number;
  readonly at: string;
  readonly channel: string;
  readonly groupKey: string;
  readonly reason: string;
  readonly attempt: number;
  readonly outcome: 'sent' | 'retry' | 'refused';
  readonly why?: string;
  readonly status?: string;
  readonly body: string;
  readonly latencyMs: number;
  readonly retryAt: string | null;
  readonly messageId: string;
  readonly canResend: boolean;
}

/** Of each message that can be sent again its last attempt: the newest come first. */
function lastTries(attempts: readonly Attempt[]): ReadonlySet<number> {
  const messages = new Map<string, number>();
  for (const { seq, channel, messageId, canResend } of attempts) {
    const key = `${channel}\n${messageId}`;
    if (canResend && !messages.has(key)) messages.set(key, seq);
  }
  return new Set(messages.values());
}

function Outcome({ attempt }: { readonly attempt: Attempt }): JSX.Element {
  const { outcome, why, status, retryAt } = attempt;
  const shown = status === undefined ? '' : ` (${status})`;
  switch (outcome) {
    case 'sent':
      return <Mark kind="ok">taken{shown}</Mark>;
    case 'refused':
      return (
        <Mark kind="critical">
          {why ?? 'refused'}
          {shown}
        </Mark>
      );
    case 'retry':
      return (
        <Mark kind="late">
          {why ?? 'not taken'}
          {shown}
          {retryAt === null ? null : (
            <span>
              , again <When at={retryAt} />
            </span>
          )}
        </Mark>
      );
  }
}

const COLUMNS: readonly [FactColumn<Attempt>, ...FactColumn<Attempt>[]] = [
  { header: 'When', cell: ({ at }) => <When at={at} /> },
  { header: 'Channel', cell: ({ channel }) => channel },
  { header: 'Outcome', cell: (attempt) => <Outcome attempt={attempt} /> },
  { header: 'Attempt', numeric: true, cell: ({ attempt }) => attempt },
  { header: 'Took', numeric: true, cell: ({ latencyMs }) => `${latencyMs} ms` },
  { header: 'Because', cell: ({ reason }) => reason },
  { header: 'Group', cell: ({ groupKey }) => <code class="group-key">{groupKey}</code> },
  { header: 'Answer', cell: ({ body }) => (body === '' ? null : <code class="answer">{body}</code>) },
];

const EVERYTHING = '';

function Log(): JSX.Element {
  const { value, reason, reload } = usePolled<{ readonly deliveries: readonly Attempt[] }>('/deliveries?limit=200');
  const [channel, setChannel] = useState(EVERYTHING);
  const [fault, setFault] = useState<string | undefined>(undefined);
  const attempts = value?.deliveries ?? [];
  const names = [...new Set(attempts.map((attempt) => attempt.channel))].sort();
  const shown = attempts.filter((attempt) => channel === EVERYTHING || attempt.channel === channel);
  const last = lastTries(attempts);
  const resend = async (seq: number): Promise<void> => {
    const answer = await ask<object>('POST', `/deliveries/${seq}/resend`);
    setFault(answer.ok ? undefined : answer.reason);
    reload();
  };
  const actions = ({ seq, channel: to }: Attempt): JSX.Element | null =>
    last.has(seq) ? (
      <button type="button" class="button" aria-label={`Send again to ${to}`} onClick={() => void resend(seq)}>
        Send again
      </button>
    ) : null;
  return (
    <section aria-labelledby="log-title">
      <div class="section-head">
        <h2 id="log-title">Log</h2>
        <span class="muted">{plural(shown.length, 'attempt')}</span>
      </div>
      <Fault reason={fault ?? reason} />
      {attempts.length === 0 ? (
        <Empty title="Nothing was sent yet">
          <p>Each attempt stands here, with what the other side answered and when it is tried again.</p>
        </Empty>
      ) : (
        <>
          <div class="fields">
            <ChoiceField
              label="Channel"
              value={channel}
              options={[[EVERYTHING, 'all'], ...names.map((name) => [name, name] as const)]}
              onValue={setChannel}
            />
          </div>
          <FactTable
            label="Attempts"
            columns={[...COLUMNS, { header: 'Actions', cell: actions }]}
            rows={shown}
            keyOf={({ seq }) => String(seq)}
          />
        </>
      )}
    </section>
  );
}

/** The tab of who is told: each channel, and each attempt to tell it. */
export function Delivery(): JSX.Element {
  const { value, reason, reload } = usePolled<ChannelsAnswer>('/channels');
  return (
    <>
      <section aria-labelledby="channels-title">
        <div class="section-head">
          <h2 id="channels-title">Channels</h2>
          <Link href="/settings/channels">Make and change them</Link>
        </div>
        <Fault reason={reason} />
        {value?.channels.length === 0 ? (
          <Empty title="Nobody is told">
            <p>A channel is made here, or named with --webhook or --notify.</p>
            <Link href="/settings/channels" class="button">
              Make a channel
            </Link>
          </Empty>
        ) : (
          <ChannelList channels={value?.channels ?? []} onChange={reload} />
        )}
      </section>
      <Routing />
      <Log />
    </>
  );
}
