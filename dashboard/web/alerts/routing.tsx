import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask, usePolled } from '../api.ts';
import { Fault } from '../facts.tsx';
import { FactTable, type FactColumn } from '../fact-table.tsx';
import { LinesField } from '../fields.tsx';
import { Mark } from '../mark.tsx';
import { mayChange } from '../session.ts';
import { labelsOf, pacesText, quietText, takenText, togetherText, type RouteAnswer } from './route-words.ts';

/** Each level is indented by a sign that is read out as nothing. */
const Indent = ({ depth }: { readonly depth: number }): JSX.Element | null =>
  depth === 0 ? null : <span aria-hidden="true">{`${'\u2003'.repeat(depth - 1)}↳ `}</span>;

const COLUMNS: readonly [FactColumn<RouteAnswer>, ...FactColumn<RouteAnswer>[]] = [
  {
    header: 'Alerts with',
    cell: (route) => (
      <>
        <Indent depth={route.depth} />
        {route.depth > 0 && route.matchers !== '{}' ? <code>{takenText(route)}</code> : takenText(route)}
      </>
    ),
  },
  {
    header: 'Go to',
    cell: ({ receiver, channels, continue: goesOn }) => (
      <>
        {channels.length === 0 ? <Mark kind="late">nobody ({receiver})</Mark> : channels.join(', ')}
        {goesOn ? <span class="muted"> and on to the next route</span> : null}
      </>
    ),
  },
  { header: 'Together by', cell: togetherText },
  { header: 'Told', cell: pacesText },
  { header: 'Times', cell: quietText },
];

type Trial = { readonly keys: ReadonlySet<string> } | { readonly fault: string };

/** Asks where an alert with some labels would go. */
function TrialForm({ onTrial }: { readonly onTrial: (trial: Trial) => void }): JSX.Element {
  const [text, setText] = useState('');
  const send = async (): Promise<void> => {
    let labels: Readonly<Record<string, string>>;
    try {
      labels = labelsOf(text);
    } catch (error) {
      onTrial({ fault: error instanceof Error ? error.message : String(error) });
      return;
    }
    const answer = await ask<{ readonly routes: readonly { readonly key: string }[] }>('POST', '/routes/test', {
      body: { labels },
    });
    onTrial(answer.ok ? { keys: new Set(answer.value.routes.map(({ key }) => key)) } : { fault: answer.reason });
  };
  return (
    <form
      class="form"
      aria-label="Where an alert would go"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <LinesField
        label="Where would an alert go with"
        value={text}
        rows={2}
        placeholder={'alertname="HostDown"\nseverity="critical"'}
        hint="a label in each line"
        onValue={setText}
      />
      <div class="form-end">
        <button type="submit" class="button">
          Show
        </button>
      </div>
    </form>
  );
}

function Answer({ trial, routes }: { readonly trial: Trial; readonly routes: readonly RouteAnswer[] }): JSX.Element {
  if ('fault' in trial) return <Fault reason={trial.fault} />;
  const hit = routes.filter(({ key }) => trial.keys.has(key));
  const to = hit.flatMap(({ channels }) => channels);
  return (
    <p role="status">
      {to.length === 0 ? 'Nobody would be told' : `It would go to ${[...new Set(to)].join(', ')}`}, by{' '}
      {hit.map((route) => takenText(route)).join(' and ')}.
    </p>
  );
}

/** Who gets what: the routes of the file, or the one route that there is without one. */
export function Routing(): JSX.Element {
  const { value, reason } = usePolled<{ readonly routes: readonly RouteAnswer[] }>('/routes');
  const [trial, setTrial] = useState<Trial | undefined>(undefined);
  const routes = value?.routes ?? [];
  const mayAsk = mayChange();
  return (
    <section aria-labelledby="routing-title">
      <div class="section-head">
        <h2 id="routing-title">Who gets what</h2>
        <span class="muted">the first route that takes an alert; routes are in the file of --notify</span>
      </div>
      <Fault reason={reason} />
      <FactTable
        label="Routes"
        columns={COLUMNS}
        rows={routes}
        keyOf={({ key }) => key}
        rowClass={({ key }) => (trial !== undefined && 'keys' in trial && trial.keys.has(key) ? 'hit' : '')}
      />
      {mayAsk ? <TrialForm onTrial={setTrial} /> : null}
      {trial === undefined ? null : <Answer trial={trial} routes={routes} />}
    </section>
  );
}
