import { stringify } from 'yaml';
import type { AlertRule } from '../model/alert/rule.ts';
import { OWN_INHIBIT_RULES } from '../model/notify/inhibit.ts';
import { inhibitYaml, rulesYaml } from './io/rules-yaml.ts';
import type { GrafanaSettings } from './config.ts';
import { dashboardFile } from './model/dashboard-json.ts';
import { dashboards as dashboardsOf } from './model/dashboards.ts';
import { translate, type Translation } from './model/prometheus-rule.ts';
import { provisioning } from './model/provisioning.ts';

/** Everything that `weft grafana` writes, by its path below `--out`; the same bytes for the same rules. */
export interface Generated {
  readonly files: ReadonlyMap<string, string>;
  readonly translations: readonly Translation[];
}

export function generate(
  rules: readonly AlertRule[],
  { prometheusUrl, dashboardsPath }: Pick<GrafanaSettings, 'prometheusUrl' | 'dashboardsPath'>,
): Generated {
  const translations = rules.map(translate);
  const { datasources, dashboards } = provisioning({ url: prometheusUrl, folder: dashboardsPath });
  const files = new Map([
    ...dashboardsOf(rules).map((spec) => [`dashboards/${spec.uid}.json`, dashboardFile(spec)] as const),
    ['provisioning/dashboards/weft.yaml', stringify(dashboards)],
    ['provisioning/datasources/weft.yaml', stringify(datasources)],
    ['prometheus/alertmanager-inhibit.yaml', inhibitYaml(OWN_INHIBIT_RULES)],
    ['prometheus/weft-rules.yaml', rulesYaml(translations)],
  ]);
  return { files, translations };
}
