import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RuleSource } from '../../model/alert/rule-source.ts';
import type { RuleView } from '../../wire.ts';
import { ask, usePolled } from '../api.ts';
import { ConfirmButton } from '../confirm-button.tsx';
import { Empty } from '../empty.tsx';
import { Fault } from '../facts.tsx';
import { FactTable, type FactColumn } from '../fact-table.tsx';
import { formatDuration, plural } from '../format.ts';
import { Mark } from '../mark.tsx';
import { alerts } from '../store.ts';
import { formatThreshold } from './amount.ts';
import { draftOf, NEW_RULE, type RuleDraft } from './rule-draft.ts';
import type { MetricFacts } from './rule-conditions.tsx';
import { RuleForm } from './rule-form.tsx';
import { AsConfig } from '../settings/as-config.tsx';

/** A rule as `GET /api/v1/rules` has it. */
interface RuleAnswer extends RuleView {
  readonly file: string | null;
  readonly source: RuleSource;
}

interface RulesAnswer {
  readonly rules: readonly RuleAnswer[];
  readonly metrics: readonly MetricFacts[];
  readonly files: readonly { readonly path: string; readonly faults: readonly string[] }[];
}

interface Editing {
  readonly id: string | undefined;
  readonly draft: RuleDraft;
}

function RuleState({ rule }: { readonly rule: RuleView }): JSX.Element {
  const count = (state: string): number =>
    alerts.value.filter((alert) => alert.rule === rule.name && alert.state === state).length;
  const [firing, pending] = [count('firing') + count('recovering'), count('pending')];
  if (!rule.enabled) return <Mark kind="off">off</Mark>;
  if (rule.health !== 'ok') return <Mark kind="late">{rule.healthMessage ?? rule.health}</Mark>;
  if (firing + pending === 0) return <Mark kind="resolved">quiet</Mark>;
  return (
    <span class="marks">
      {firing > 0 ? <Mark kind="critical">{firing} firing</Mark> : null}
      {pending > 0 ? <Mark kind="pending">{pending} pending</Mark> : null}
    </span>
  );
}

function Source({ rule }: { readonly rule: RuleAnswer }): JSX.Element {
  if (rule.origin === 'file')
    return (
      <>
        file <code title={rule.file ?? ''}>{rule.file?.split('/').at(-1)}</code>
      </>
    );
  return <>{rule.origin === 'builtin' ? 'weft’s own' : 'made here'}</>;
}

const COLUMNS: readonly [FactColumn<RuleAnswer>, ...FactColumn<RuleAnswer>[]] = [
  { header: 'Rule', cell: (rule) => rule.name },
  { header: 'State', cell: (rule) => <RuleState rule={rule} /> },
  {
    header: 'Fires when',
    cell: (rule) => (
      <>
        <code>{rule.agg === 'last' ? rule.metric : `${rule.agg} of ${rule.metric}`}</code> {rule.op}{' '}
        {formatThreshold(rule)}
      </>
    ),
  },
  { header: 'For', numeric: true, cell: (rule) => (rule.forMs === 0 ? 'at once' : formatDuration(rule.forMs)) },
  { header: 'Severity', cell: (rule) => rule.severity },
  { header: 'From', cell: (rule) => <Source rule={rule} /> },
];

interface ListProps {
  readonly rules: readonly RuleAnswer[];
  readonly edit: (editing: Editing) => void;
  readonly remove: (rule: RuleAnswer) => void;
}

function List({ rules, edit, remove }: ListProps): JSX.Element {
  const actions = (rule: RuleAnswer): JSX.Element =>
    rule.origin === 'api' ? (
      <span class="actions">
        <button
          type="button"
          class="button"
          aria-label={`Edit ${rule.name}`}
          onClick={() => {
            edit({ id: rule.id, draft: draftOf(rule.source) });
          }}
        >
          Edit
        </button>
        <ConfirmButton
          text="Delete"
          label={`Delete ${rule.name}`}
          onConfirm={() => {
            remove(rule);
          }}
        />
      </span>
    ) : (
      <button
        type="button"
        class="button"
        aria-label={`Copy ${rule.name}`}
        title={rule.origin === 'file' ? 'Files win: a copy needs another name' : 'A copy of the same name replaces it'}
        onClick={() => {
          const name = rule.origin === 'file' ? `${rule.name}Copy` : rule.name;
          edit({ id: undefined, draft: { ...draftOf(rule.source), name } });
        }}
      >
        Copy
      </button>
    );
  return (
    <FactTable
      label="Alert rules"
      columns={[...COLUMNS, { header: 'Actions', cell: actions }]}
      rows={rules}
      keyOf={(rule) => rule.id}
    />
  );
}

/** What is wrong with files of rules, each with its line. */
function FileFaults({ files }: Pick<RulesAnswer, 'files'>): JSX.Element | null {
  const faults = files.flatMap((file) => file.faults);
  if (faults.length === 0) return null;
  return (
    <div class="fault" role="alert">
      <p>Files of rules have faults; what they said before stays in force:</p>
      <ul>
        {faults.map((fault) => (
          <li key={fault}>
            <code>{fault}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The tab of rules: those of files read-only, those of this dashboard to be made, changed and taken away. */
export function Rules(): JSX.Element {
  const { value, reason, reload } = usePolled<RulesAnswer>('/rules');
  const [editing, setEditing] = useState<Editing | undefined>(undefined);
  const [fault, setFault] = useState<string | undefined>(undefined);
  const remove = async (rule: RuleAnswer): Promise<void> => {
    const answer = await ask<object>('DELETE', `/rules/${encodeURIComponent(rule.id)}`);
    setFault(answer.ok ? undefined : answer.reason);
    reload();
  };
  const rules = value?.rules ?? [];
  return (
    <section aria-labelledby="rules-title">
      <div class="section-head">
        <h2 id="rules-title">Rules</h2>
        <span class="muted">{plural(rules.length, 'rule')}</span>
        {editing === undefined ? (
          <button
            type="button"
            class="button head-end"
            onClick={() => {
              setEditing({ id: undefined, draft: NEW_RULE });
            }}
          >
            New rule
          </button>
        ) : null}
      </div>
      <Fault reason={fault ?? reason} />
      <FileFaults files={value?.files ?? []} />
      {editing === undefined || value === undefined ? null : (
        <RuleForm
          key={`${editing.id ?? 'new'} ${editing.draft.name}`}
          id={editing.id}
          draft={editing.draft}
          metrics={value.metrics}
          onDone={() => {
            setEditing(undefined);
            reload();
          }}
        />
      )}
      {value !== undefined && rules.length === 0 ? (
        <Empty title="There are no rules">
          <p>Make one here, or start the dashboard with rule files in a folder of its --rules-dir.</p>
        </Empty>
      ) : (
        <List rules={rules} edit={setEditing} remove={(rule) => void remove(rule)} />
      )}
      <AsConfig id="rules" />
    </section>
  );
}
