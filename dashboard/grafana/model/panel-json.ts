import type { PanelSpec, PanelUnit, ThresholdStep } from './panel.ts';

/** The data source that the reader chose: a variable, so that the same file fits every Grafana. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

export interface GridPos {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

const NO_THRESHOLDS: readonly ThresholdStep[] = [{ value: null, color: 'text' }];

const legend = {
  calcs: ['lastNotNull', 'max'],
  displayMode: 'table',
  placement: 'bottom',
  showLegend: true,
  sortBy: 'Last *',
  sortDesc: true,
} as const;
const tooltip = { mode: 'multi', sort: 'desc' } as const;

const TIMESERIES_OPTIONS = { legend, tooltip } as const;

const STAT_OPTIONS = {
  colorMode: 'value',
  graphMode: 'area',
  justifyMode: 'auto',
  orientation: 'auto',
  percentChangeColorMode: 'standard',
  reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
  showPercentChange: false,
  textMode: 'value_and_name',
  wideLayout: true,
} as const;

const TABLE_OPTIONS = { cellHeight: 'sm', frameIndex: 0, showHeader: true } as const;

const STATE_OPTIONS = {
  alignValue: 'left',
  legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: true },
  mergeValues: true,
  rowHeight: 0.9,
  showValue: 'auto',
  tooltip: { mode: 'single', sort: 'none' },
} as const;

/** Straight lines from reading to reading, and gaps where there was none: nothing is smoothed. */
const timeseriesCustom = ({ stacked, hasLimit }: { stacked: boolean; hasLimit: boolean }) =>
  ({
    drawStyle: 'line',
    fillOpacity: stacked ? 40 : 0,
    lineInterpolation: 'linear',
    lineWidth: 1,
    showPoints: 'never',
    spanNulls: false,
    stacking: { group: 'A', mode: stacked ? 'normal' : 'none' },
    thresholdsStyle: { mode: hasLimit ? 'line' : 'off' },
  }) as const;

const STATE_CUSTOM = { fillOpacity: 70, lineWidth: 0 } as const;

function wordsMapping([zero, one]: readonly [string, string]) {
  const options = { '0': { color: 'green', index: 0, text: zero }, '1': { color: 'red', index: 1, text: one } };
  return [{ type: 'value', options }] as const;
}

/** Cores are no unit of Grafana's: a suffix is. */
const unitOf = (unit: PanelUnit): string => (unit === 'cores' ? 'suffix: cores' : unit);

function defaultsOf(panel: PanelSpec) {
  const steps = panel.thresholds ?? NO_THRESHOLDS;
  return {
    color: { mode: panel.kind === 'timeseries' ? 'palette-classic-by-name' : 'thresholds' },
    mappings: panel.kind === 'state' ? wordsMapping(panel.words) : [],
    min: 0,
    thresholds: { mode: 'absolute', steps },
    unit: unitOf(panel.unit),
    ...(panel.kind === 'timeseries' && panel.max !== undefined ? { max: panel.max } : {}),
    ...(panel.kind === 'timeseries'
      ? { custom: timeseriesCustom({ stacked: panel.stacked === true, hasLimit: panel.thresholds !== undefined }) }
      : {}),
    ...(panel.kind === 'state' ? { custom: STATE_CUSTOM } : {}),
  } as const;
}

const TYPES = { timeseries: 'timeseries', stat: 'stat', table: 'table', state: 'state-timeline' } as const;
const OPTIONS = {
  timeseries: TIMESERIES_OPTIONS,
  stat: STAT_OPTIONS,
  table: TABLE_OPTIONS,
  state: STATE_OPTIONS,
} as const;

/** What Prometheus adds to each row of a table and nobody reads. */
const HIDDEN_COLUMNS = ['Time', '__name__', 'job', 'alertstate', 'node_id'];

function transformationsOf({ kind, queries }: PanelSpec) {
  if (kind !== 'table') return [];
  const renameByName = Object.fromEntries(
    queries.map(({ legend: column }, index) => [queries.length === 1 ? 'Value' : `Value #${refId(index)}`, column]),
  );
  const excludeByName = Object.fromEntries(HIDDEN_COLUMNS.map((name) => [name, true]));
  return [
    { id: 'merge', options: {} },
    { id: 'organize', options: { excludeByName, indexByName: {}, renameByName } },
  ];
}

/** `A`, `B`, …; a panel has fewer than 26 queries. */
const refId = (index: number): string => String.fromCharCode(65 + index);

function targetsOf({ kind, queries }: PanelSpec) {
  const instant = kind === 'table';
  return queries.map(
    ({ expr, legend: legendFormat }, index) =>
      ({
        datasource: DATASOURCE,
        editorMode: 'code',
        expr,
        format: instant ? 'table' : 'time_series',
        instant,
        legendFormat,
        range: !instant,
        refId: refId(index),
      }) as const,
  );
}

interface Place {
  readonly id: number;
  readonly gridPos: GridPos;
}

function build(panel: PanelSpec, place: Place) {
  const { kind, title, description = '' } = panel;
  return {
    datasource: DATASOURCE,
    description,
    fieldConfig: { defaults: defaultsOf(panel), overrides: [] },
    gridPos: place.gridPos,
    id: place.id,
    options: OPTIONS[kind],
    targets: targetsOf(panel),
    title,
    transformations: transformationsOf(panel),
    type: TYPES[kind],
  } as const;
}

/** Its shape follows from what is written above; a test holds it against Grafana's own types. */
export type PanelJson = ReturnType<typeof build>;

/** One panel in Grafana's v1 JSON. */
export function panelJson(panel: PanelSpec, place: Place): PanelJson {
  return build(panel, place);
}

function buildRow(title: string, place: Place) {
  return { collapsed: false, gridPos: place.gridPos, id: place.id, panels: [], title, type: 'row' } as const;
}

export type RowJson = ReturnType<typeof buildRow>;

/** A heading. */
export function rowJson(title: string, place: Place): RowJson {
  return buildRow(title, place);
}
