import { DATASOURCE, panelJson, rowJson, type GridPos, type PanelJson, type RowJson } from './panel-json.ts';
import type { DashboardSpec, PanelSpec, VariableSpec } from './panel.ts';

/** Loads in Grafana 10 to 13: a server migrates what is older than itself, and skips what claims to be newer. */
const SCHEMA_VERSION = 39;

const COLUMNS = 24;
const HEIGHTS = { timeseries: 8, stat: 4, table: 8, state: 8 } as const;

type AnyPanel = PanelJson | RowJson;

/** Puts panels side by side while they fit, each row of the spec under a heading of its own. */
class Layout {
  readonly panels: AnyPanel[] = [];
  #x = 0;
  #y = 0;
  #lineHeight = 0;

  heading(title: string): void {
    this.#break();
    this.panels.push(rowJson(title, this.#place(COLUMNS, 1)));
  }

  add(panel: PanelSpec): void {
    this.panels.push(panelJson(panel, this.#place(panel.width, HEIGHTS[panel.kind])));
  }

  #break(): void {
    this.#y += this.#lineHeight;
    this.#x = 0;
    this.#lineHeight = 0;
  }

  #place(w: number, h: number): { id: number; gridPos: GridPos } {
    if (this.#x + w > COLUMNS) this.#break();
    const gridPos = { x: this.#x, y: this.#y, w, h };
    this.#x += w;
    this.#lineHeight = Math.max(this.#lineHeight, h);
    return { id: this.panels.length + 1, gridPos };
  }
}

const ALL = { selected: true, text: 'All', value: '$__all' } as const;

function datasourceVariable() {
  return { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' } as const;
}

/** Everything at first; asked for anew when the time range changes. */
function queryVariable({ name, label, query }: VariableSpec) {
  return {
    allValue: '.*',
    current: ALL,
    datasource: DATASOURCE,
    includeAll: true,
    label,
    multi: true,
    name,
    query: { query, refId: name },
    refresh: 2,
    sort: 1,
    type: 'query',
  } as const;
}

const LINK = {
  asDropdown: true,
  icon: 'external link',
  includeVars: true,
  keepTime: true,
  tags: ['weft'],
  targetBlank: false,
  title: 'weft',
  tooltip: '',
  type: 'dashboards',
} as const;

function build({ uid, title, description, variables, rows }: DashboardSpec) {
  const layout = new Layout();
  for (const row of rows) {
    layout.heading(row.title);
    for (const panel of row.panels) layout.add(panel);
  }
  return {
    annotations: { list: [] },
    description,
    editable: true,
    fiscalYearStartMonth: 0,
    graphTooltip: 1,
    id: null,
    links: [LINK],
    panels: layout.panels,
    refresh: '30s',
    schemaVersion: SCHEMA_VERSION,
    tags: ['weft'],
    templating: { list: [datasourceVariable(), ...variables.map(queryVariable)] },
    time: { from: 'now-1h', to: 'now' },
    timepicker: {},
    timezone: 'browser',
    title,
    uid,
    version: 1,
    weekStart: '',
  } as const;
}

/** Its shape follows from what is written above; a test holds it against Grafana's own types. */
export type DashboardJson = ReturnType<typeof build>;

/** A whole dashboard in Grafana's v1 JSON. */
export function dashboardJson(spec: DashboardSpec): DashboardJson {
  return build(spec);
}

/** Keys in their order, at every depth: the same dashboard is the same bytes. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

/** The file of a dashboard. */
export function dashboardFile(spec: DashboardSpec): string {
  return `${JSON.stringify(sorted(dashboardJson(spec)), undefined, 2)}\n`;
}
