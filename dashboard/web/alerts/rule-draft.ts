import type { AlertMatch } from '../../model/alert/rule.ts';
import type { Amount, RuleSource } from '../../model/alert/rule-source.ts';
import type { FieldFault } from '../field-faults.ts';
import { objectOf, pairFaults, pairsOf, type Pair } from '../pairs.ts';

export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Texts as they are typed; an empty threshold is no level. */
export interface LevelDraft {
  readonly threshold: string;
  readonly recovery: string;
}

/** A number of what a rule looks at. */
export interface QueryDraft {
  readonly metric: string;
  readonly agg: string;
  readonly window: string;
  readonly op: string;
}

/** What must hold besides the rule's own condition. */
export interface ConditionDraft extends QueryDraft {
  readonly threshold: string;
}

/** Globs; an empty one takes everything. */
export interface MatchDraft {
  readonly host: string;
  readonly container: string;
  readonly image: string;
}

/** A rule while it is edited. */
export interface RuleDraft extends QueryDraft {
  readonly name: string;
  readonly enabled: boolean;
  readonly levels: Readonly<Record<Severity, LevelDraft>>;
  readonly and: readonly ConditionDraft[];
  readonly for: string;
  readonly keepFiringFor: string;
  readonly noData: string;
  /** A matcher in each line. */
  readonly scope: string;
  readonly match: MatchDraft;
  readonly summary: string;
  readonly description: string;
  /** Those that have no field of their own. */
  readonly annotations: readonly Pair[];
  readonly labels: readonly Pair[];
  readonly group: string;
  readonly limit: string;
  /** What this page has no field for, and keeps as it is. */
  readonly rest: Readonly<Record<string, unknown>>;
}

const NO_LEVEL: LevelDraft = { threshold: '', recovery: '' };

/** What a new rule begins with. */
export const NEW_RULE: RuleDraft = {
  name: '',
  enabled: true,
  metric: 'cpuOfLimitRatio',
  agg: 'avg',
  window: '5m',
  op: '>',
  levels: { info: NO_LEVEL, warning: { threshold: '80%', recovery: '70%' }, critical: NO_LEVEL },
  and: [],
  for: '1m',
  keepFiringFor: '0s',
  noData: 'keep',
  scope: '',
  match: { host: '', container: '', image: '' },
  summary: '{{ $labels.container }} on {{ $labels.host }}',
  description: '',
  annotations: [],
  labels: [],
  group: '',
  limit: '',
  rest: {},
};

/** A number as the API reads it: never `1e-7`. */
function amountText(amount: Amount | undefined): string {
  if (typeof amount !== 'number') return amount ?? '';
  return amount.toLocaleString('en', { useGrouping: false, maximumFractionDigits: 20 });
}

function levelsOf(source: RuleSource): RuleDraft['levels'] {
  const { threshold, recovery, severity = 'warning' } = source;
  const single =
    threshold === undefined ? [] : [{ severity, threshold, ...(recovery === undefined ? {} : { recovery }) }];
  const levels = source.levels ?? single;
  const draft = (name: Severity): LevelDraft => {
    const level = levels.find((each) => each.severity === name);
    return level === undefined
      ? NO_LEVEL
      : { threshold: amountText(level.threshold), recovery: amountText(level.recovery) };
  };
  return { info: draft('info'), warning: draft('warning'), critical: draft('critical') };
}

function queryOf({ metric, agg = 'last', window, op }: Pick<RuleSource, keyof QueryDraft>): QueryDraft {
  return { metric, agg, window: String(window ?? ''), op };
}

/** What the form has fields for. */
const EDITED: ReadonlySet<string> = new Set<keyof RuleSource>([
  'name',
  'enabled',
  'metric',
  'agg',
  'window',
  'op',
  'levels',
  'threshold',
  'recovery',
  'severity',
  'and',
  'for',
  'keepFiringFor',
  'noData',
  'scope',
  'match',
  'labels',
  'annotations',
  'group',
  'limit',
]);

function spokenOf({ annotations = {} }: RuleSource): Pick<RuleDraft, 'summary' | 'description' | 'annotations'> {
  const { summary = '', description = '', ...others } = annotations;
  return { summary, description, annotations: pairsOf(others) };
}

function matchOf({ host = '', container = '', image = '' }: AlertMatch): MatchDraft {
  return { host, container, image };
}

/** A rule as it is written, for the form. */
export function draftOf(source: RuleSource): RuleDraft {
  const { name, enabled = true, and = [], scope = [], match = {}, labels = {}, limit } = source;
  return {
    ...queryOf(source),
    ...spokenOf(source),
    name,
    enabled,
    levels: levelsOf(source),
    and: and.map((each) => ({ ...queryOf(each), threshold: amountText(each.threshold) })),
    for: String(source.for ?? '0s'),
    keepFiringFor: String(source.keepFiringFor ?? '0s'),
    noData: source.noData ?? 'keep',
    scope: scope.join('\n'),
    match: matchOf(match),
    labels: pairsOf(labels),
    group: source.group ?? '',
    limit: String(limit ?? ''),
    rest: Object.fromEntries(Object.entries(source).filter(([key]) => !EDITED.has(key))),
  };
}

const postedQuery = ({ metric, agg, window, op }: QueryDraft): Pick<RuleSource, keyof QueryDraft> =>
  agg === 'last' ? { metric, op } : { metric, agg, window: window.trim(), op };

/** Without what was left empty. */
const filled = <Key extends string>(texts: Readonly<Record<Key, string>>): Partial<Record<Key, string>> =>
  Object.fromEntries(Object.entries<string>(texts).filter(([, text]) => text.trim() !== '')) as Partial<
    Record<Key, string>
  >;

/** Severities that have a threshold, in the order in which they are sent. */
export function levelsIn({ levels }: Pick<RuleDraft, 'levels'>): readonly Severity[] {
  return SEVERITIES.filter((severity) => levels[severity].threshold.trim() !== '');
}

/** What the API is sent of a draft. */
export function sourceOf(draft: RuleDraft): RuleSource {
  const { name, enabled, and, noData, scope, match, summary, description, rest } = draft;
  const levels = levelsIn(draft).map((severity) => {
    const { threshold, recovery } = draft.levels[severity];
    return { severity, threshold: threshold.trim(), ...filled({ recovery: recovery.trim() }) };
  });
  return {
    ...rest,
    ...filled({ group: draft.group }),
    ...(draft.limit.trim() === '' ? {} : { limit: Number(draft.limit) }),
    name: name.trim(),
    enabled,
    ...postedQuery(draft),
    levels,
    and: and.map((each) => ({ ...postedQuery(each), threshold: each.threshold.trim() })),
    for: draft.for.trim(),
    keepFiringFor: draft.keepFiringFor.trim(),
    noData,
    labels: objectOf(draft.labels),
    annotations: { ...filled({ summary, description }), ...objectOf(draft.annotations) },
    match: filled(match),
    scope: scope
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  };
}

/** What would get lost on the way to the API: a name that is there twice. */
export function draftFaults({ labels, annotations, summary, description }: RuleDraft): readonly FieldFault[] {
  const spoken = Object.keys(filled({ summary, description }));
  return [...pairFaults('labels', labels), ...pairFaults('annotations', annotations, spoken)];
}
