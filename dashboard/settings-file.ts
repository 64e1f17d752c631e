import { Document } from 'yaml';
import { dashboardSchema, type DashboardSettings } from './config.ts';
import { AS_IT_IS, type ConfigFile } from './io/settings/config-files.ts';
import { durationText } from './model/alert/rule-source.ts';

/** Settings that are secrets, or that hold one; they are named and not shown. */
const SECRET_SETTINGS: ReadonlySet<string> = new Set(['webhook', 'webhookSecret', 'etcdPassword']);

/** A query of an address may hold a token. */
function isSecret(name: string, settings: DashboardSettings): boolean {
  const value = written(name, settings);
  return SECRET_SETTINGS.has(name) || (typeof value === 'string' && name.endsWith('Url') && value.includes('?'));
}

const DURATIONS: ReadonlySet<string> = new Set(['groupWait', 'groupInterval', 'repeatInterval']);

function listenText({ host, port }: DashboardSettings['listen'][number]): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A setting as the file of `--config` writes it. */
function written(name: string, settings: DashboardSettings): unknown {
  if (name === 'listen') return settings.listen.map(listenText);
  if (name === 'etcdEndpoints') return settings.etcdEndpoints.map(({ url }) => url);
  const value = settings[name as keyof DashboardSettings];
  return DURATIONS.has(name) && typeof value === 'number' ? durationText(value) : value;
}

/** The settings that are in force and are not the defaults, wherever they came from, as the file of `--config`. */
export function settingsFile(settings: DashboardSettings): ConfigFile {
  const defaults = dashboardSchema.parse({});
  const changed = Object.keys(dashboardSchema.shape).filter(
    (name) => JSON.stringify(written(name, settings)) !== JSON.stringify(written(name, defaults)),
  );
  const [secret, open] = [true, false].map((wanted) => changed.filter((name) => isSecret(name, settings) === wanted));
  const document = new Document(Object.fromEntries((open ?? []).map((name) => [name, written(name, settings)])));
  const hidden = (secret ?? []).map((name) => ` ${name}: is set, and not shown`);
  document.commentBefore = [' What is not as by default, for the file of --config.', ...hidden].join('\n');
  return { id: 'settings', name: 'dashboard.yaml', flag: '--config', text: document.toString(AS_IT_IS) };
}
