import { hostname } from 'node:os';
import { z } from 'zod';
import {
  ConfigError,
  durationMs,
  listenAddress,
  loadConfig,
  stringList,
  type AgentInput,
} from '../native/host/config.ts';
import { LOG_LEVELS } from '../native/host/log.ts';

const absolutePath = z
  .string()
  .regex(/^\//, 'expected a path that starts with /')
  .transform((path) => (path === '/' ? path : path.replace(/\/+$/, '')));

const dashboardUrl = z.string().refine((text) => {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
}, 'expected a URL such as http://dashboard:8080');

const MIN_INTERVAL_MS = 100;
const MAX_INTERVAL_MS = 60_000;

export const statsdSchema = z.object({
  /** Where the node id is kept. */
  stateDir: absolutePath.default('/var/lib/weft'),
  /** Of the status server; `off` for none. */
  listen: z
    .union([z.literal('off').transform(() => null), listenAddress], {
      error: 'expected ADDRESS:PORT, such as 127.0.0.1:9101, or off',
    })
    .default({ host: '127.0.0.1', port: 9101 }),
  dashboard: stringList.pipe(z.array(dashboardUrl)).default([]),
  agentToken: z.string().min(1).max(512).optional(),
  /** Read again at each connection. */
  agentTokenFile: absolutePath.optional(),
  /** Only containers below this cgroup path. */
  cgroupRoot: absolutePath.refine((path) => !path.split('/').includes('..'), 'expected a path without ..').default('/'),
  /** Only the cgroup mounts at or under this path; found by itself when not given. */
  cgroupMount: absolutePath.optional(),
  procfs: absolutePath.default('/proc'),
  sysfs: absolutePath.default('/sys'),
  /** Where the host's root is mounted, for an agent in a container. */
  hostRoot: absolutePath.default('/'),
  interval: durationMs
    .default(1000)
    .refine((ms) => ms >= MIN_INTERVAL_MS && ms <= MAX_INTERVAL_MS, 'expected 100ms to 60s'),
  /** State folders of runc and crun; a last component `*` is each folder there. */
  runcRoot: stringList
    .pipe(z.array(absolutePath))
    .default(['/run/runc', '/run/crun', '/run/docker/runtime-runc/moby', '/run/containerd/runc/*']),
  dockerRoot: absolutePath.default('/var/lib/docker'),
  containersStorage: absolutePath.default('/var/lib/containers/storage'),
  containersRun: absolutePath.default('/run/containers/storage'),
  containerdTasks: absolutePath.default('/run/containerd/io.containerd.runtime.v2.task'),
  /** Container labels that are put on every series of /metrics and told to dashboards. */
  containerLabel: stringList.pipe(z.array(z.string().min(1).max(128)).max(32)).default([]),
  hostname: z.string().min(1).max(253).default(hostname()),
  logLevel: z.enum(LOG_LEVELS).default('info'),
});

export type StatsdConfig = Readonly<z.infer<typeof statsdSchema>>;

/** Flags over WEFT_STATSD_* over the file. @throws {ConfigError} */
export function loadStatsdConfig(input: AgentInput): StatsdConfig {
  const { flags, env, configFile } = input;
  const config = loadConfig(statsdSchema, { flags, env, envPrefix: 'WEFT_STATSD_', file: configFile });
  if (config.dashboard.length > 0 && config.agentToken === undefined && config.agentTokenFile === undefined)
    throw new ConfigError([
      'agent-token-file: needed with dashboard (or agent-token), since no dashboard listens to strangers',
    ]);
  return config;
}
