import { gzipSync } from 'node:zlib';
import type { Hono } from 'hono';
import type { Clock } from '../../../native/host/clock.ts';
import { ConfigError } from '../../../native/host/config.ts';
import { mayDo } from '../../model/access.ts';
import { integrationView, type Integration, type IntegrationKind } from '../../model/integration.ts';
import { principalOf } from '../access/gate.ts';
import type { Backup } from '../backup/backup.ts';
import type { Env } from '../http.ts';
import { problem } from '../problem.ts';
import type { ConfigFile } from './config-files.ts';
import { tarArchive } from './tar.ts';

/** What the settings tell besides what other parts of the API do. */
export interface SettingsSource {
  integrations(): readonly Integration[];
  /** What is configured, as files. */
  configFiles(): readonly ConfigFile[];
  /** What was made here and cannot be derived. @throws {StoreError} */
  backup(): Backup;
  /** What `weft grafana` would write for the rules in force, by path. @throws {ConfigError} */
  grafana(options: Readonly<Record<string, string>>): ReadonlyMap<string, string>;
}

export interface SettingsApiParts {
  readonly settings: SettingsSource;
  readonly clock: Clock;
}

/** Networks, groups and paths of the machine are the admins' matter. */
const FOR_ADMINS: ReadonlySet<IntegrationKind | ConfigFile['id']> = new Set(['forwardAuth', 'settings']);

const PROMETHEUS_RULES = 'prometheus/weft-rules.yaml';

/** Other programs and how they do, files of what is configured, and what is made for Grafana and Prometheus. */
export function addSettings(api: Hono<Env>, { settings, clock }: SettingsApiParts): void {
  api.get('/integrations', (context) => {
    const isAdmin = mayDo(principalOf(context), 'admin');
    const seen = settings.integrations().filter(({ kind }) => isAdmin || !FOR_ADMINS.has(kind));
    return context.json({ integrations: seen.map(integrationView) });
  });
  api.get('/config', (context) => {
    const isAdmin = mayDo(principalOf(context), 'admin');
    return context.json({ files: settings.configFiles().filter(({ id }) => isAdmin || !FOR_ADMINS.has(id)) });
  });
  api.get('/backup', (context) => {
    const backup = settings.backup();
    return context.body(`${JSON.stringify(backup, undefined, 2)}\n`, 200, {
      'content-type': 'application/json',
      'content-disposition': `attachment; filename="weft-backup-${backup.madeAt.slice(0, 10)}.json"`,
    });
  });
  api.get('/exports/grafana', (context) => {
    try {
      const { prometheusUrl, dashboardsPath } = context.req.query();
      const options = Object.entries({ prometheusUrl, dashboardsPath }).filter(([, value]) => value !== undefined);
      const files = settings.grafana(Object.fromEntries(options) as Record<string, string>);
      return context.body(new Uint8Array(gzipSync(tarArchive(files, clock.nowMs()))), 200, {
        'content-type': 'application/gzip',
        'content-disposition': 'attachment; filename="weft-grafana.tar.gz"',
      });
    } catch (error) {
      if (error instanceof ConfigError) return problem(context, 400, error.faults.join('; '));
      throw error;
    }
  });
  api.get('/exports/prometheus-rules', (context) =>
    context.body(settings.grafana({}).get(PROMETHEUS_RULES) ?? '', 200, {
      'content-type': 'application/yaml; charset=utf-8',
      'content-disposition': 'attachment; filename="weft-rules.yaml"',
    }),
  );
}
