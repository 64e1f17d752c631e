import type { JSX } from 'preact';
import { ask } from '../api.ts';
import { EditForm, editing, useDraft, type Editing } from '../edit-form.tsx';
import { ChoiceField, LinesField, Switch, TextField } from '../fields.tsx';
import { PairsField } from '../pairs-field.tsx';
import { Conditions, Levels, QueryFields, type MetricFacts } from './rule-conditions.tsx';
import { draftFaults, sourceOf, type RuleDraft } from './rule-draft.ts';
import { RuleTrial, usePreview } from './rule-trial.tsx';

interface RuleFormProps {
  /** Of the rule that is changed; `undefined` for a new one. */
  readonly id: string | undefined;
  readonly draft: RuleDraft;
  readonly metrics: readonly MetricFacts[];
  readonly onDone: () => void;
}

const NO_DATA = [
  ['keep', 'keeps the state'],
  ['ok', 'is well'],
  ['alert', 'is an alert'],
] as const;

interface PartProps {
  readonly rule: Editing<RuleDraft>;
}

function Times({ rule: { text } }: PartProps): JSX.Element {
  return (
    <div class="fields">
      <TextField label="For" at="for" hint="how long it must hold" {...text('for')} />
      <TextField label="Keeps firing for" at="keepFiringFor" hint="after it is over" {...text('keepFiringFor')} />
      <ChoiceField label="Missing data" at="noData" options={NO_DATA} {...text('noData')} />
    </div>
  );
}

/** What a rule looks at. */
function Where({ rule: { draft, change, text } }: PartProps): JSX.Element {
  const match = editing(draft.match, (part) => {
    change({ match: { ...draft.match, ...part } });
  });
  return (
    <>
      <LinesField
        label="Only where"
        at="scope"
        placeholder={'host="h1"\nlabel_team!="test"'}
        hint="a matcher in each line; empty looks at everything"
        {...text('scope')}
      />
      <div class="fields">
        <TextField label="Host like" at="match.host" hint="such as web-*; empty takes all" {...match.text('host')} />
        <TextField label="Container like" at="match.container" {...match.text('container')} />
        <TextField label="Image like" at="match.image" {...match.text('image')} />
      </div>
    </>
  );
}

/** What an alert of the rule says. */
function Said({ rule: { draft, change, text } }: PartProps): JSX.Element {
  return (
    <>
      <LinesField label="Summary" at="annotations.summary" rows={1} {...text('summary')} />
      <LinesField label="Description" at="annotations.description" rows={2} {...text('description')} />
      <PairsField
        legend="Further annotations"
        one="Annotation"
        at="annotations"
        pairs={draft.annotations}
        onPairs={(annotations) => {
          change({ annotations });
        }}
      />
      <PairsField
        legend="Labels of its alerts"
        one="Label"
        at="labels"
        pairs={draft.labels}
        onPairs={(labels) => {
          change({ labels });
        }}
      />
    </>
  );
}

/** Makes or changes a rule, and shows what it looks at and would have done before it is saved. */
export function RuleForm({ id, draft: first, metrics, onDone }: RuleFormProps): JSX.Element {
  const rule = useDraft(first);
  const { draft, change, text } = rule;
  const source = sourceOf(draft);
  const tried = source.name === '' ? { ...source, name: 'Unnamed' } : source;
  const preview = usePreview(tried);
  const lost = draftFaults(draft);
  const faults = [...lost, ...(preview?.ok === false ? (preview.faults ?? []) : [])];
  return (
    <EditForm
      label="Rule"
      disabled={lost.length > 0}
      faults={faults.length === 0 ? undefined : faults}
      send={() =>
        id === undefined
          ? ask('POST', '/rules', { body: source })
          : ask('PUT', `/rules/${encodeURIComponent(id)}`, { body: source })
      }
      onDone={onDone}
    >
      <div class="fields">
        <TextField label="Name" at="name" required hint="letters, digits and _" {...text('name')} />
        <Switch
          checked={draft.enabled}
          onChecked={(enabled) => {
            change({ enabled });
          }}
        >
          on
        </Switch>
      </div>
      <div class="fields">
        <QueryFields query={rule} metrics={metrics} at="" />
      </div>
      <Levels rule={rule} metrics={metrics} />
      <Conditions rule={rule} metrics={metrics} />
      <Times rule={rule} />
      <Where rule={rule} />
      <Said rule={rule} />
      <div class="fields">
        <TextField label="Alerts at most" at="limit" type="number" hint="1000, if empty" {...text('limit')} />
        <TextField label="Group" at="group" hint="of rules, in Prometheus’ file" {...text('group')} />
      </div>
      <RuleTrial source={tried} preview={preview} />
    </EditForm>
  );
}
