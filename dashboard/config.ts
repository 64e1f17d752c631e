import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { EtcdTls } from '../native/etcd/tls.ts';
import { parseEndpoint, type EtcdEndpoint } from '../native/etcd/endpoint.ts';
import { ConfigError, listenAddress, loadConfig, stringList, type AgentInput } from '../native/host/config.ts';
import { LOG_LEVELS } from '../native/host/log.ts';
import { readRules } from './io/rule-file.ts';
import { DEFAULT_RULES, type AlertRule } from './model/alert-rule.ts';

const absolutePath = z.string().regex(/^\//, 'expected a path that starts with /');

const httpUrl = z.string().transform((text, context) => {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url.href;
  context.addIssue({
    code: 'custom',
    message: 'expected a URL such as https://hooks.example/weft, without user or password',
  });
  return z.NEVER;
});

/** Only an origin: the page's own addresses start at the root. */
const publicUrl = z.string().transform((text, context) => {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '' && url.hash === '')
    return url.origin;
  context.addIssue({ code: 'custom', message: 'expected a URL without a path, such as https://weft.example' });
  return z.NEVER;
});

const endpoint = z.string().transform((text, context): EtcdEndpoint => {
  try {
    return parseEndpoint(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
});

/** `whsec_` and base64 of 24 to 64 bytes, as Standard Webhooks writes a secret. */
const webhookSecret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'expected whsec_ and base64 of 24 to 64 random bytes');

export const dashboardSchema = z.object({
  /** Where browsers, agents and the API are served; repeat for more addresses. */
  listen: stringList
    .pipe(z.array(listenAddress).min(1, 'expected at least one ADDRESS:PORT'))
    .default([{ host: '127.0.0.1', port: 8080 }]),
  /** Tokens, session key and alert state. */
  stateDir: absolutePath.default('/var/lib/weft/dashboard'),
  /** Under which origin people reach it, when that is not `http://` and the listen address. */
  publicUrl: publicUrl.optional(),
  /** Alert rules; two default ones without it. */
  rules: absolutePath.optional(),
  /** Receivers of alerts. */
  webhook: stringList.pipe(z.array(httpUrl).max(16)).default([]),
  /** Signs what webhooks are sent. */
  webhookSecret: webhookSecret.optional(),
  webhookSecretFile: absolutePath.optional(),
  /** In place of `<stateDir>/agent-token`; must exist. */
  agentTokenFile: absolutePath.optional(),
  /** In place of `<stateDir>/api-token`; must exist. */
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

export type DashboardSettings = Readonly<z.infer<typeof dashboardSchema>>;

/** Settings with everything read that they name. */
export interface DashboardConfig extends DashboardSettings {
  readonly alertRules: readonly AlertRule[];
  readonly etcdTls: EtcdTls | undefined;
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
  });
  const read = all({
    alertRules: () => (settings.rules === undefined ? DEFAULT_RULES : readRules(settings.rules)),
    etcdTls: () => tlsOf(settings),
    webhookSecret: () => secretOf(settings),
  });
  const { webhookSecret: secret, ...rest } = read;
  return Object.freeze({ ...settings, ...rest, ...(secret === undefined ? {} : { webhookSecret: secret }) });
}
