import type { ContainerRow } from './container-row.ts';
import { columnIndex } from './container-row.ts';
import { globMatches } from './glob.ts';

/** What a rule may look at: columns of the view, in its units. */
export const ALERT_METRICS = ['cpuOfLimitRatio', 'cpuCores', 'memoryOfLimitRatio', 'memoryWorkingSetBytes'] as const;
export type AlertMetric = (typeof ALERT_METRICS)[number];

export const ALERT_OPERATORS = ['>', '>=', '<', '<=', '==', '!='] as const;
export type AlertOperator = (typeof ALERT_OPERATORS)[number];

export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Globs over what a container is; an absent one takes everything. */
export interface AlertMatch {
  readonly host?: string | undefined;
  readonly container?: string | undefined;
  readonly image?: string | undefined;
}

/** One threshold over one metric of every container that `match` takes. */
export interface AlertRule {
  /** Becomes the label `alertname`. */
  readonly name: string;
  readonly metric: AlertMetric;
  readonly op: AlertOperator;
  /** In the metric's unit: a ratio, cores or bytes. */
  readonly threshold: number;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly severity: Severity;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly match: AlertMatch;
}

/** Labels that weft sets itself; a rule may not. */
export const RESERVED_LABELS = ['alertname', 'severity', 'host', 'container', 'runtime', 'image'] as const;

/** The rules in force when no file is given. */
export const DEFAULT_RULES: readonly AlertRule[] = [
  {
    name: 'ContainerCpuHigh',
    metric: 'cpuOfLimitRatio',
    op: '>',
    threshold: 0.8,
    forMs: 30_000,
    keepFiringForMs: 0,
    severity: 'warning',
    labels: {},
    annotations: {
      summary:
        '{{ $labels.container }} on {{ $labels.host }} uses {{ $value | humanizePercentage }} of its CPU limit (of the host where it has none)',
    },
    match: {},
  },
  {
    // A container without a limit has no ratio, so this rule says nothing of it.
    name: 'ContainerMemoryHigh',
    metric: 'memoryOfLimitRatio',
    op: '>',
    threshold: 0.9,
    forMs: 30_000,
    keepFiringForMs: 0,
    severity: 'critical',
    labels: {},
    annotations: {
      summary:
        '{{ $labels.container }} on {{ $labels.host }} uses {{ $value | humanizePercentage }} of its memory limit',
    },
    match: {},
  },
];

/** Compares as the rule says; `undefined` for a value that is not known, which decides nothing. */
export function conditionHolds(rule: Pick<AlertRule, 'op' | 'threshold'>, value: number): boolean | undefined {
  if (!Number.isFinite(value)) return undefined;
  switch (rule.op) {
    case '>':
      return value > rule.threshold;
    case '>=':
      return value >= rule.threshold;
    case '<':
      return value < rule.threshold;
    case '<=':
      return value <= rule.threshold;
    case '==':
      return value === rule.threshold;
    case '!=':
      return value !== rule.threshold;
  }
}

/** Where a rule looks: a container on a host, by the names that people gave them. */
export interface AlertTarget {
  readonly hostName: string;
  readonly row: ContainerRow;
}

export function ruleTakes(match: AlertMatch, { hostName, row }: AlertTarget): boolean {
  const { name, image } = row.inventory;
  return (
    (match.host === undefined || globMatches(match.host, hostName)) &&
    (match.container === undefined || globMatches(match.container, name)) &&
    (match.image === undefined || globMatches(match.image, image ?? ''))
  );
}

/** The rule's metric of a container; NaN where it is not known. */
export function metricOf(rule: Pick<AlertRule, 'metric'>, row: ContainerRow): number {
  return row.values[columnIndex(rule.metric)] ?? Number.NaN;
}

/** The label set that is an alert's identity; nothing that is measured is in it. Empty labels are left out. */
export function alertLabels(rule: AlertRule, { hostName, row }: AlertTarget): Record<string, string> {
  const { name, runtime, image } = row.inventory;
  const labels = {
    ...rule.labels,
    alertname: rule.name,
    severity: rule.severity,
    host: hostName,
    container: name,
    runtime,
    image: image ?? '',
  };
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}
