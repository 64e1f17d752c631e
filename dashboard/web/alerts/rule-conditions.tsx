import type { JSX } from 'preact';
import { editing, type Editing } from '../edit-form.tsx';
import { ChoiceField, TextField } from '../fields.tsx';
import { RemoveButton } from '../pairs-field.tsx';
import { levelsIn, SEVERITIES, type ConditionDraft, type QueryDraft, type RuleDraft } from './rule-draft.ts';

/** What `GET /api/v1/rules` says of a metric. */
export interface MetricFacts {
  readonly name: string;
  readonly subject: string;
  readonly unit: string;
  readonly counter: boolean;
}

type Metrics = readonly MetricFacts[];

const GAUGE_AGGS = ['last', 'avg', 'max', 'min', 'p95', 'zeroIn'] as const;
const COUNTER_AGGS = ['rate', 'increase'] as const;
const AGG_NAMES: Readonly<Record<string, string>> = {
  last: 'last value',
  avg: 'average',
  max: 'highest',
  min: 'lowest',
  p95: '95th percentile',
  zeroIn: 'seconds until zero',
  rate: 'growth a second',
  increase: 'growth',
};
const OPERATORS = ['>', '>=', '<', '<=', '==', '!='] as const;
const UNIT_HINTS: Readonly<Record<string, string>> = {
  ratio: 'such as 80%',
  bytes: 'such as 512MiB',
  bytesPerSecond: 'such as 10MiB',
  seconds: 'such as 30s',
  yes: '1 is yes',
};

const MAX_CONDITIONS = 5;

const hintFor = (metrics: Metrics, { metric, agg }: QueryDraft): string =>
  agg === 'zeroIn' ? 'such as 4h' : (UNIT_HINTS[metrics.find(({ name }) => name === metric)?.unit ?? ''] ?? 'a number');

interface QueryProps {
  readonly query: Editing<QueryDraft>;
  readonly metrics: Metrics;
  /** Where it stands in what is sent: empty, or `and.0.`. */
  readonly at: string;
}

/** Which number is looked at, and how it is compared. */
export function QueryFields({ query: { draft, change, text }, metrics, at }: QueryProps): JSX.Element {
  const counts = (metric: string): boolean => metrics.find(({ name }) => name === metric)?.counter === true;
  const aggs = counts(draft.metric) ? COUNTER_AGGS : GAUGE_AGGS;
  const known = metrics.some(({ name }) => name === draft.metric);
  const choose = (metric: string): void => {
    const fits = (counts(metric) ? COUNTER_AGGS : GAUGE_AGGS).some((agg) => agg === draft.agg);
    const window = draft.window === '' ? '5m' : draft.window;
    change({ metric, ...(fits ? {} : { agg: counts(metric) ? 'rate' : 'avg', window }) });
  };
  return (
    <>
      <ChoiceField
        label="Metric"
        at={`${at}metric`}
        value={draft.metric}
        options={[
          ...(known ? [] : [[draft.metric, draft.metric] as const]),
          ...metrics.map(({ name, subject }) => [name, `${name} (${subject})`] as const),
        ]}
        onValue={choose}
      />
      <ChoiceField
        label="Taken as"
        at={`${at}agg`}
        value={draft.agg}
        options={aggs.map((agg) => [agg, AGG_NAMES[agg] ?? agg])}
        onValue={(agg) => {
          change({ agg, ...(agg !== 'last' && draft.window === '' ? { window: '5m' } : {}) });
        }}
      />
      {draft.agg === 'last' ? null : (
        <TextField label="Over" at={`${at}window`} hint="such as 5m, at most 1h" {...text('window')} />
      )}
      <ChoiceField label="Is" at={`${at}op`} options={OPERATORS.map((op) => [op, op])} {...text('op')} />
    </>
  );
}

interface RulePartProps {
  readonly rule: Editing<RuleDraft>;
  readonly metrics: Metrics;
}

/** The severities with their thresholds. */
export function Levels({ rule: { draft, change }, metrics }: RulePartProps): JSX.Element {
  const sent = levelsIn(draft);
  return (
    <div class="fields">
      {SEVERITIES.map((severity) => {
        const { text } = editing(draft.levels[severity], (part) => {
          change({ levels: { ...draft.levels, [severity]: { ...draft.levels[severity], ...part } } });
        });
        const at = `levels.${sent.indexOf(severity)}`;
        return (
          <fieldset key={severity} class="level">
            <legend>{severity}</legend>
            <TextField label="Threshold" at={`${at}.threshold`} hint={hintFor(metrics, draft)} {...text('threshold')} />
            <TextField label="Clears at" at={`${at}.recovery`} hint="the threshold, if empty" {...text('recovery')} />
          </fieldset>
        );
      })}
    </div>
  );
}

/** Further conditions that must hold at the same time. */
export function Conditions({ rule: { draft, change }, metrics }: RulePartProps): JSX.Element {
  const subject = metrics.find(({ name }) => name === draft.metric)?.subject;
  // A condition is about the same things as the rule.
  const fitting = metrics.filter((metric) => metric.subject === subject);
  const put = (and: readonly ConditionDraft[]): void => {
    change({ and });
  };
  return (
    <fieldset class="list">
      <legend>And at the same time</legend>
      {draft.and.map((condition, index) => {
        const part = editing(condition, (changed) => {
          put(draft.and.map((each, other) => (other === index ? { ...each, ...changed } : each)));
        });
        return (
          <div key={index} class="row" role="group" aria-label={`Condition ${index + 1}`}>
            <QueryFields query={part} metrics={fitting} at={`and.${index}.`} />
            <TextField
              label="Threshold"
              at={`and.${index}.threshold`}
              hint={hintFor(metrics, condition)}
              {...part.text('threshold')}
            />
            <RemoveButton
              label={`Remove condition ${index + 1}`}
              onRemove={() => {
                put(draft.and.filter((_, other) => other !== index));
              }}
            />
          </div>
        );
      })}
      {draft.and.length < MAX_CONDITIONS ? (
        <button
          type="button"
          class="button"
          onClick={() => {
            put([...draft.and, { metric: draft.metric, agg: draft.agg, window: draft.window, op: '>', threshold: '' }]);
          }}
        >
          Add a condition
        </button>
      ) : null}
    </fieldset>
  );
}
