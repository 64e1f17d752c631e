import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { EtcdTls } from '../native/etcd/tls.ts';
import {
  ConfigError,
  durationMs,
  listenAddress,
  loadConfig,
  looseBoolean,
  stringList,
  type AgentInput,
} from '../native/host/config.ts';
import { LOG_LEVELS } from '../native/host/log.ts';
import { webhookSecret } from './io/notify/channel-schema.ts';
import { NO_NOTIFY_SETTINGS, readNotifyFile, type NotifySettings } from './io/notify/notify-file.ts';
import { readRuleLists } from './io/rule-lists.ts';
import type { RuleLists } from './model/alert/rule-set.ts';
import type { RoleGroups } from './model/access.ts';
import { readTlsFiles, TlsFileError, type TlsFiles } from './io/tls-files.ts';
import { absolutePath, apiUrl, byteSize, endpoint, headerName, httpUrl, network, publicUrl } from './setting-values.ts';

export const dashboardSchema = z.object({
  /** Where browsers, agents and the API are served; repeat for more addresses. */
  listen: stringList
    .pipe(z.array(listenAddress).min(1, 'expected at least one ADDRESS:PORT'))
    .default([{ host: '127.0.0.1', port: 8080 }]),
  /** Certificate chain and key in PEM; both are read again when they change. */
  tlsCert: absolutePath.optional(),
  tlsKey: absolutePath.optional(),
  /** Networks of the proxies in front whose X-Forwarded-For and X-Forwarded-Proto are believed. */
  trustedProxy: stringList.pipe(z.array(network).max(64)).default([]),
  /** Header in which those tell whom they let in. */
  forwardAuthHeader: headerName.optional(),
  forwardAuthGroupsHeader: headerName.optional(),
  /** Groups, of a proxy in front, that are admins, editors and viewers; without any, everybody is a viewer. */
  adminGroups: stringList.pipe(z.array(z.string()).max(64)).default([]),
  editorGroups: stringList.pipe(z.array(z.string()).max(64)).default([]),
  viewerGroups: stringList.pipe(z.array(z.string()).max(64)).default([]),
  /** Serves beyond this machine without TLS. */
  insecure: looseBoolean.default(false),
  /** Tokens, users, alert state and history. */
  dataDir: absolutePath.default('/var/lib/weft/dashboard'),
  /** What the stored past may take on the disk; the oldest gives way. */
  historyMaxBytes: byteSize.default(2 ** 30),
  /** Prometheus-compatible store that is sent each ten seconds: `http://prometheus:9090/api/v1/write`. */
  remoteWriteUrl: httpUrl.optional(),
  /** The same store's API, for what is older than our own past: `http://prometheus:9090`. */
  remoteReadUrl: apiUrl.optional(),
  /** Bearer token for both. */
  remoteTokenFile: absolutePath.optional(),
  /** Under which origin people reach it, when that is not `http://` and the listen address. */
  publicUrl: publicUrl.optional(),
  /** Alert rules in place of the starter rules. */
  rules: absolutePath.optional(),
  /** Folder of further rule files; a rule there wins over one of the same name. */
  rulesDir: absolutePath.optional(),
  /** Receivers of alerts. */
  webhook: stringList.pipe(z.array(httpUrl).max(16)).default([]),
  /** Signs what webhooks are sent. */
  webhookSecret: webhookSecret.optional(),
  webhookSecretFile: absolutePath.optional(),
  /** Receivers, routes, inhibition and mute windows. */
  notify: absolutePath.optional(),
  /** How long a group waits for more alerts before its first message; for all that `notify` does not route. */
  groupWait: durationMs.optional(),
  /** How often a group is looked at afterwards. */
  groupInterval: durationMs.optional(),
  /** How often what still fires is told again; looked at each `groupInterval`. */
  repeatInterval: durationMs.optional(),
  /** Networks that channels may reach although they are not public. */
  allowPrivateTargets: stringList.pipe(z.array(network).max(64)).default([]),
  /** In place of `<dataDir>/agent-token`; must exist. */
  agentTokenFile: absolutePath.optional(),
  /** In place of `<dataDir>/api-token`; must exist. */
  apiTokenFile: absolutePath.optional(),
  /** For the overlay agents' presence; without it the overlay is not shown. */
  etcdEndpoints: stringList.pipe(z.array(endpoint)).default([]),
  etcdCafile: absolutePath.optional(),
  etcdCertfile: absolutePath.optional(),
  etcdKeyfile: absolutePath.optional(),
  etcdUsername: z.string().optional(),
  etcdPassword: z.string().optional(),
  logLevel: z.enum(LOG_LEVELS).default('info'),
});

/** Names of before. */
const ALIASES = { stateDir: 'dataDir' };

export type DashboardSettings = Readonly<z.infer<typeof dashboardSchema>>;

/** Settings with everything read that they name. */
export interface DashboardConfig extends DashboardSettings {
  readonly ruleLists: Omit<RuleLists, 'api'>;
  readonly notifySettings: NotifySettings;
  readonly etcdTls: EtcdTls | undefined;
  readonly remoteToken: string | undefined;
  readonly tls: TlsFiles | undefined;
  readonly roleGroups: RoleGroups;
}

function readNamed(path: string | undefined, setting: string): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ConfigError([
      `${setting}: cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
    ]);
  }
}

function tlsOf(settings: DashboardSettings): EtcdTls | undefined {
  const { etcdCafile, etcdCertfile, etcdKeyfile } = settings;
  if ((etcdCertfile === undefined) !== (etcdKeyfile === undefined))
    throw new ConfigError(['etcd-certfile, etcd-keyfile: one without the other is of no use']);
  if (!settings.etcdEndpoints.some(({ secure }) => secure)) return undefined;
  return {
    ca: readNamed(etcdCafile, 'etcd-cafile'),
    cert: readNamed(etcdCertfile, 'etcd-certfile'),
    key: readNamed(etcdKeyfile, 'etcd-keyfile'),
  };
}

function serverTlsOf({ tlsCert, tlsKey, insecure, listen }: DashboardSettings): TlsFiles | undefined {
  if (tlsCert !== undefined && tlsKey !== undefined) {
    try {
      return readTlsFiles({ certPath: tlsCert, keyPath: tlsKey });
    } catch (error) {
      if (!(error instanceof TlsFileError)) throw error;
      throw new ConfigError([error.message]);
    }
  }
  if (tlsCert !== undefined || tlsKey !== undefined)
    throw new ConfigError(['tls-cert, tls-key: one without the other is of no use']);
  const open = insecure ? [] : listen.filter(({ host }) => !isLoopback(host));
  if (open.length === 0) return undefined;
  throw new ConfigError(
    open.map(
      ({ host, port }) =>
        `listen: ${host}:${port} is reached by other machines, and without TLS tokens and passwords can be read on the way: ` +
        'give --tls-cert and --tls-key, listen on 127.0.0.1, or say --insecure where a proxy or a tunnel does it',
    ),
  );
}

function roleGroupsOf(settings: DashboardSettings): RoleGroups {
  const { forwardAuthHeader, trustedProxy, adminGroups, editorGroups, viewerGroups } = settings;
  if (forwardAuthHeader !== undefined && trustedProxy.length === 0)
    throw new ConfigError(['forward-auth-header: needs trusted-proxy, or anybody could send it']);
  return { admin: adminGroups, editor: editorGroups, viewer: viewerGroups };
}

function isLoopback(host: string): boolean {
  return /^127\.|^::1$|^localhost$/.test(host);
}

function secretOf(settings: DashboardSettings): string | undefined {
  const text = readNamed(settings.webhookSecretFile, 'webhook-secret-file')?.toString('utf8').trim();
  if (text === undefined) return settings.webhookSecret;
  const secret = webhookSecret.safeParse(text);
  if (secret.success) return secret.data;
  throw new ConfigError([
    `webhook-secret-file: ${settings.webhookSecretFile ?? ''}: ${secret.error.issues[0]?.message ?? ''}`,
  ]);
}

/** Every part's faults are told together. */
function all<Parts extends Record<string, () => unknown>>(
  parts: Parts,
): { [Key in keyof Parts]: ReturnType<Parts[Key]> } {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(parts)) {
    try {
      values[name] = part();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...error.faults);
    }
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return values as { [Key in keyof Parts]: ReturnType<Parts[Key]> };
}

/** Settings from flags, `WEFT_DASHBOARD_*` and the file of `--config`, and the files that they name. @throws {ConfigError} */
export function loadDashboardConfig(input: AgentInput): DashboardConfig {
  const settings = loadConfig(dashboardSchema, {
    flags: input.flags,
    env: input.env,
    envPrefix: 'WEFT_DASHBOARD_',
    file: input.configFile,
    aliases: ALIASES,
  });
  const read = all({
    ruleLists: () => readRuleLists(settings),
    notifySettings: () => (settings.notify === undefined ? NO_NOTIFY_SETTINGS : readNotifyFile(settings.notify)),
    etcdTls: () => tlsOf(settings),
    remoteToken: () => readNamed(settings.remoteTokenFile, 'remote-token-file')?.toString('utf8').trim(),
    webhookSecret: () => secretOf(settings),
    tls: () => serverTlsOf(settings),
    roleGroups: () => roleGroupsOf(settings),
  });
  const { webhookSecret: secret, ...rest } = read;
  return Object.freeze({ ...settings, ...rest, ...(secret === undefined ? {} : { webhookSecret: secret }) });
}
