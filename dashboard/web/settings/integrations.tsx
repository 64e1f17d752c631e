import type { ComponentChildren, JSX } from 'preact';
import { usePolled } from '../api.ts';
import { Facts, Fault } from '../facts.tsx';
import { formatCount } from '../format.ts';
import { Mark, type MarkKind } from '../mark.tsx';
import { When } from '../when.tsx';
import { countName, INTEGRATION_WORDS, type IntegrationAnswer } from './integration-words.ts';

/** State as a mark and a word. */
const INTEGRATION_STATES: Readonly<
  Record<IntegrationAnswer['state'], { readonly mark: MarkKind; readonly word: string }>
> = {
  off: { mark: 'off', word: 'not configured' },
  untried: { mark: 'pending', word: 'configured, not used since the start' },
  ok: { mark: 'ok', word: 'works' },
  failing: { mark: 'critical', word: 'does not work' },
};

type Fact = readonly [name: string, value: ComponentChildren];

function factsOf({ kind, targets, counts, lastSuccessAt, lastError }: IntegrationAnswer): Fact[] {
  const numbers = Object.entries(counts).map(([name, count]): Fact => [countName(name), formatCount(count)]);
  if (kind === 'prometheus') return numbers;
  return [
    ...(targets.length === 0 ? [] : [['Where', targets.map((each) => <code key={each}>{each} </code>)] as const]),
    ...numbers,
    ['Last success', <When at={lastSuccessAt} />],
    [
      'Last error',
      lastError === null ? (
        'none since the start'
      ) : (
        <>
          <When at={lastError.at} />: {lastError.reason}
        </>
      ),
    ],
  ];
}

function Downloads(): JSX.Element {
  return (
    <p class="row-actions">
      <a class="button" href="/api/v1/exports/grafana" download>
        Dashboards for Grafana
      </a>
      <a class="button" href="/api/v1/exports/prometheus-rules" download>
        Rules for Prometheus
      </a>
    </p>
  );
}

function HowTo({ kind, name }: IntegrationAnswer): JSX.Element | null {
  const { example } = INTEGRATION_WORDS[kind];
  if (example === undefined) return null;
  return (
    <details class="as-text">
      <summary>How to configure it</summary>
      <pre tabIndex={0} aria-label={`How to configure ${name}`}>
        <code>{example}</code>
      </pre>
    </details>
  );
}

function One(integration: IntegrationAnswer): JSX.Element {
  const { kind, name, state } = integration;
  const { mark, word } = INTEGRATION_STATES[state];
  return (
    <section class="form" aria-label={name}>
      <div class="section-head">
        <h3>{name}</h3>
        {kind === 'prometheus' ? null : <Mark kind={mark}>{word}</Mark>}
      </div>
      <p class="muted">{INTEGRATION_WORDS[kind].what}</p>
      {state === 'off' ? null : <Facts facts={factsOf(integration)} />}
      {kind === 'prometheus' ? <Downloads /> : null}
      <HowTo {...integration} />
    </section>
  );
}

/** Other programs: where they are, how they do, why not, and how they are configured. */
export function Integrations(): JSX.Element {
  const { value, reason } = usePolled<{ readonly integrations: readonly IntegrationAnswer[] }>('/integrations');
  return (
    <div class="stack">
      <Fault reason={reason} />
      {(value?.integrations ?? []).map((each) => (
        <One key={`${each.kind} ${each.name}`} {...each} />
      ))}
    </div>
  );
}
