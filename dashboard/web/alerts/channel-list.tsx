import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask, type Answer } from '../api.ts';
import { Fault } from '../facts.tsx';
import { FactTable, type FactColumn } from '../fact-table.tsx';
import { Mark } from '../mark.tsx';
import type { ChannelAnswer, TestAnswer } from './channels.ts';

function State({ channel }: { readonly channel: ChannelAnswer }): JSX.Element {
  if (channel.disabledBecause !== null) return <Mark kind="critical">switched off: {channel.disabledBecause}</Mark>;
  return channel.enabled ? <Mark kind="ok">on</Mark> : <Mark kind="off">off</Mark>;
}

const addressOf = ({ url, host, to }: ChannelAnswer): string =>
  [url ?? host ?? '', ...(to ?? [])].filter((part) => part !== '').join(', ');

const COLUMNS: readonly [FactColumn<ChannelAnswer>, ...FactColumn<ChannelAnswer>[]] = [
  { header: 'Channel', cell: ({ name }) => name },
  { header: 'Kind', cell: ({ type }) => type },
  { header: 'State', cell: (channel) => <State channel={channel} /> },
  { header: 'Receiver', cell: ({ receiver }) => receiver },
  { header: 'Address', cell: addressOf },
];

function TestResult({ answer }: { readonly answer: Answer<TestAnswer> }): JSX.Element {
  if (!answer.ok) return <Fault reason={answer.reason} />;
  const { outcome, why, status, body, latencyMs } = answer.value;
  return (
    <p class="test-result" role="status">
      <Mark kind={outcome === 'sent' ? 'ok' : 'critical'}>
        {outcome === 'sent' ? 'taken' : (why ?? outcome)}
        {status === undefined ? '' : ` (${status})`}
      </Mark>{' '}
      <span class="muted">after {latencyMs} ms</span> {body === '' ? null : <code>{body}</code>}
    </p>
  );
}

interface ChannelListProps {
  readonly channels: readonly ChannelAnswer[];
  readonly onChange: () => void;
  /** Further buttons of a channel. */
  readonly more?: (channel: ChannelAnswer) => ComponentChildren;
}

/** Channels with their state, a test that shows the real answer, and the way back for what was switched off. */
export function ChannelList({ channels, onChange, more }: ChannelListProps): JSX.Element {
  const [tests, setTests] = useState<ReadonlyMap<string, Answer<TestAnswer>>>(new Map());
  const [fault, setFault] = useState<string | undefined>(undefined);
  const test = async (id: string): Promise<void> => {
    const answer = await ask<TestAnswer>('POST', `/channels/${encodeURIComponent(id)}/test`);
    setTests((before) => new Map([...before, [id, answer]]));
  };
  const enable = async (id: string): Promise<void> => {
    const answer = await ask<object>('POST', `/channels/${encodeURIComponent(id)}/enable`);
    setFault(answer.ok ? undefined : answer.reason);
    onChange();
  };
  const actions = (channel: ChannelAnswer): JSX.Element => {
    const { id, name, disabledBecause } = channel;
    const result = tests.get(id);
    return (
      <>
        <span class="actions">
          <button type="button" class="button" aria-label={`Test ${name}`} onClick={() => void test(id)}>
            Test
          </button>
          {disabledBecause === null ? null : (
            <button type="button" class="button" aria-label={`Switch on ${name}`} onClick={() => void enable(id)}>
              Switch on
            </button>
          )}
          {more?.(channel)}
        </span>
        {result === undefined ? null : <TestResult answer={result} />}
      </>
    );
  };
  return (
    <>
      <Fault reason={fault} />
      <FactTable
        label="Channels"
        columns={[...COLUMNS, { header: 'Actions', cell: actions }]}
        rows={channels}
        keyOf={({ id }) => id}
      />
    </>
  );
}
