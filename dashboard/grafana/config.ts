import { z } from 'zod';
import { loadConfig, type AgentInput } from '../../native/host/config.ts';

const path = z.string().min(1, 'expected a path');
const OUT = 'expected a folder to write into, such as --out ./grafana';

const httpUrl = z.string().refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), {
  message: 'expected a URL such as http://prometheus:9090',
});

const grafanaSchema = z.object({
  /** Folder that everything is written into. */
  out: z.string({ error: OUT }).min(1, OUT),
  /** Alert rules in place of the starter rules, as for the dashboard. */
  rules: path.optional(),
  /** Folder of further rule files. */
  rulesDir: path.optional(),
  /** Prometheus as Grafana reaches it. */
  prometheusUrl: httpUrl.default('http://localhost:9090'),
  /** Where Grafana will see the dashboards. */
  dashboardsPath: z
    .string()
    .regex(/^\//, 'expected a path that starts with /')
    .default('/var/lib/grafana/dashboards/weft'),
});

export type GrafanaSettings = Readonly<z.infer<typeof grafanaSchema>>;

/** Settings of `weft grafana` from its flags. @throws {ConfigError} */
export function loadGrafanaSettings({ flags }: Pick<AgentInput, 'flags'>): GrafanaSettings {
  return loadConfig(grafanaSchema, { flags, env: {}, envPrefix: 'WEFT_GRAFANA_' });
}
