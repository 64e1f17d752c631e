/** Grafana's own names of units. */
export type PanelUnit =
  'short' | 'percentunit' | 'bytes' | 'Bps' | 'binBps' | 's' | 'cores' | 'ops' | 'dateTimeFromNow';

/** A value from which on it has a colour. */
export interface ThresholdStep {
  readonly value: number | null;
  readonly color: string;
}

export interface PanelQuery {
  readonly expr: string;
  /** `{{host}}`; of a table the name of its column. */
  readonly legend: string;
}

interface Common {
  readonly title: string;
  readonly description?: string;
  readonly unit: PanelUnit;
  /** Of 24 columns. */
  readonly width: number;
  readonly queries: readonly [PanelQuery, ...PanelQuery[]];
  readonly thresholds?: readonly ThresholdStep[];
}

/** One panel as a person thinks of it. */
export type PanelSpec =
  | (Common & { readonly kind: 'timeseries'; readonly stacked?: true; readonly max?: number })
  | (Common & { readonly kind: 'stat' })
  /** One row for each label set; labels become columns. */
  | (Common & { readonly kind: 'table' })
  /** Values 0 and 1 over time, in words. */
  | (Common & { readonly kind: 'state'; readonly words: readonly [zero: string, one: string] });

export interface RowSpec {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

/** A choice at the top of the page. */
export interface VariableSpec {
  readonly name: string;
  readonly label: string;
  /** `label_values(metric, label)`. */
  readonly query: string;
}

export interface DashboardSpec {
  /** Stays the same for good: links hold it. At most 40 characters. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly VariableSpec[];
  readonly rows: readonly RowSpec[];
}
