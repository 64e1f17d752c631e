import type { Dashboard, Panel, RowPanel, TableOptions } from '@grafana/schema';
import type { Options as StateOptions } from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type {
  FieldConfig as TimeSeriesField,
  Options as TimeSeriesOptions,
} from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import { describe, expect, test } from 'vitest';
import { generate } from '../../../../dashboard/grafana/generate.ts';
import { dashboardJson, type DashboardJson } from '../../../../dashboard/grafana/model/dashboard-json.ts';
import { dashboards } from '../../../../dashboard/grafana/model/dashboards.ts';
import type { PanelJson, RowJson } from '../../../../dashboard/grafana/model/panel-json.ts';
import { OWN_RULES, STARTER_RULES } from '../../../../dashboard/model/alert/starter-rules.ts';
import { aRule } from '../builders.ts';

const RULES = [...STARTER_RULES, ...OWN_RULES];
const SETTINGS = { prometheusUrl: 'http://prometheus:9090', dashboardsPath: '/var/lib/grafana/dashboards/weft' };

/** Grafana's types with what JSON has in the place of enums, and nothing that may be written to. */
type Json<T> = T extends string
  ? `${T}`
  : T extends number
    ? `${T}` extends `${infer N extends number}`
      ? N
      : T
    : T extends readonly (infer E)[]
      ? readonly Json<E>[]
      : T extends object
        ? { readonly [K in keyof T]: Json<T[K]> }
        : T;

/** Keys of one that the other does not know: a misspelt option is no fault to an interface of optional ones. */
type Foreign<Ours, Theirs> = [Ours] extends [never] ? 'nothing to look at' : Exclude<keyof Ours, keyof Theirs>;
type IsNever<T> = [T] extends [never] ? true : false;

type OptionsOf<Type extends PanelJson['type']> = Extract<PanelJson['options'], Record<KeyOf[Type], unknown>>;
type LineOptions = Exclude<OptionsOf<'timeseries'>, OptionsOf<'state-timeline'>>;
interface KeyOf {
  readonly timeseries: 'legend';
  readonly stat: 'graphMode';
  readonly table: 'showHeader';
  readonly 'state-timeline': 'mergeValues';
}
type Defaults = PanelJson['fieldConfig']['defaults'];
type Custom = NonNullable<Defaults['custom']>;
type TimeSeriesCustom = Extract<Custom, { readonly drawStyle: unknown }>;

describe("against @grafana/schema's own types", () => {
  // What is wrong here is told by the compiler: npm run typecheck.
  test('each part can stand where Grafana has it, and no key is unknown to it', () => {
    const dashboard = (json: Omit<DashboardJson, 'panels' | 'id'>): Json<Omit<Dashboard, 'panels' | 'id'>> => json;
    const panel = (json: PanelJson): Json<Panel> => json;
    const row = (json: RowJson): Json<RowPanel> => json;
    const timeseries = (json: LineOptions): Json<TimeSeriesOptions> => json;
    const line = (json: TimeSeriesCustom): Json<TimeSeriesField> => json;
    const stat = (json: OptionsOf<'stat'>): Json<StatOptions> => json;
    const table = (json: OptionsOf<'table'>): Json<TableOptions> => json;
    const state = (json: OptionsOf<'state-timeline'>): Json<StateOptions> => json;
    const known: Record<string, true> = {
      dashboard: true satisfies IsNever<Foreign<DashboardJson, Dashboard>>,
      variable: true satisfies IsNever<
        Foreign<
          DashboardJson['templating']['list'][number],
          NonNullable<NonNullable<Dashboard['templating']>['list']>[number]
        >
      >,
      panel: true satisfies IsNever<Foreign<PanelJson, Panel>>,
      row: true satisfies IsNever<Foreign<RowJson, RowPanel>>,
      defaults: true satisfies IsNever<Foreign<Defaults, NonNullable<Panel['fieldConfig']>['defaults']>>,
      timeseries: true satisfies IsNever<Foreign<LineOptions, TimeSeriesOptions>>,
      line: true satisfies IsNever<Foreign<TimeSeriesCustom, TimeSeriesField>>,
      stat: true satisfies IsNever<Foreign<OptionsOf<'stat'>, StatOptions>>,
      table: true satisfies IsNever<Foreign<OptionsOf<'table'>, TableOptions>>,
      state: true satisfies IsNever<Foreign<OptionsOf<'state-timeline'>, StateOptions>>,
    };
    expect([dashboard, panel, row, timeseries, line, stat, table, state].every((each) => each.length === 1)).toBe(true);
    expect(Object.keys(known)).toHaveLength(10);
  });
});

describe.each(dashboards(RULES))('$title', (spec) => {
  const json = dashboardJson(spec);
  const panels: readonly (PanelJson | RowJson)[] = json.panels;
  const withTargets = panels.filter((panel): panel is PanelJson => panel.type !== 'row');

  test('is of the schema that Grafana 10 to 13 load, with a data source that is chosen', () => {
    expect(json).toMatchObject({ schemaVersion: 39, id: null });
    expect(json.uid.length).toBeLessThanOrEqual(40);
    expect(json.templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    const text = JSON.stringify(json);
    expect(text).not.toMatch(/\$\{DS_|__inputs/);
    expect(new Set(Array.from(text.matchAll(/"uid":"(\$[^"]+)"/g), ([, uid]) => uid))).toEqual(
      new Set(['${datasource}']),
    );
  });

  test('each panel has an id of its own, each query a letter of its own', () => {
    const ids = panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { targets } of withTargets) {
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    }
  });

  test('no two panels lie over each other, none leaves the page', () => {
    const taken = new Map<string, string>();
    for (const { gridPos, title } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.get(`${x}/${y}`), `${title} lies over`).toBeUndefined();
          taken.set(`${x}/${y}`, title);
        }
    }
  });
});

test('titles and uids are there once', () => {
  const all = dashboards(RULES);
  expect(all.map(({ uid }) => uid)).toEqual([
    'weft-overview',
    'weft-host',
    'weft-container',
    'weft-overlay',
    'weft-alerts',
    'weft-self',
  ]);
  expect(new Set(all.map(({ title }) => title)).size).toBe(all.length);
});

test('lines in charts stand where the rules begin', () => {
  const rule = aRule({
    name: 'ContainerMemoryNearLimit',
    levels: [{ severity: 'critical', threshold: 0.7, recovery: 0.7 }],
  });
  const stepsOf = (text: string): unknown[] =>
    (JSON.parse(text) as DashboardJson).panels.flatMap((panel) =>
      panel.title === 'Memory of its limit' && panel.type !== 'row'
        ? [panel.fieldConfig.defaults.thresholds.steps]
        : [],
    );
  const fileOf = (rules: typeof RULES): string =>
    generate(rules, SETTINGS).files.get('dashboards/weft-container.json') ?? '';
  expect(stepsOf(fileOf([rule]))).toEqual([
    [
      { color: 'text', value: null },
      { color: 'red', value: 0.7 },
    ],
  ]);
  expect(stepsOf(fileOf(RULES))).toEqual([
    [
      { color: 'text', value: null },
      { color: 'orange', value: 0.9 },
    ],
  ]);
});

test('the same rules give the same bytes', () => {
  expect([...generate(RULES, SETTINGS).files]).toEqual([...generate(structuredClone(RULES), SETTINGS).files]);
});
