import { hostname } from 'node:os';
import { z } from 'zod';
import {
  ConfigError,
  durationMs,
  listenAddress,
  loadConfig,
  looseBoolean,
  looseInteger,
  stringList,
  type AgentInput,
} from '../native/host/config.ts';
import { LOG_LEVELS } from '../native/host/log.ts';
import { SERVICE_CHOICES } from './model/container.ts';
import { STATSD_FORMATS } from './model/statsd-lines.ts';
import { parseFilterTerm, type FilterTerm } from './model/filter.ts';

const PATH = 'expected a path that starts with /';
const absolutePath = z
  .string(PATH)
  .regex(/^\//, PATH)
  .transform((path) => (path === '/' ? path : path.replace(/\/+$/, '')));

const dashboardUrl = z.string().refine((text) => {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
}, 'expected a URL such as http://dashboard:8080');

/** `1%`, `0.5%` of one core as a part of it; `off` for no budget. */
const BUDGET = 'expected a part of one core such as 1%, or off';
const cpuBudget = z.string(BUDGET).transform((text, context) => {
  if (text === 'off') return Infinity;
  const percent = Number(/^(\d+(?:\.\d+)?)%$/.exec(text)?.[1]);
  if (percent > 0) return percent / 100;
  context.addIssue({ code: 'custom', message: BUDGET });
  return z.NEVER;
});

const MIN_INTERVAL_MS = 100;
const MAX_INTERVAL_MS = 60_000;

const LABEL = 'expected the name of a label, of at most 128 characters';
const MAX_KEEP_EXITED_MS = 24 * 60 * 60_000;
const MAX_TAGS = 32;

type Context = z.core.$RefinementCtx;

const tagMapping = z
  .record(z.string(), z.union([z.string(), z.number()]))
  .transform((tags) => Object.entries(tags).map(([key, value]) => `${key}=${value}`));

function filterTerms(texts: readonly string[], context: Context): FilterTerm[] {
  return texts.flatMap((text) => {
    const term = parseFilterTerm(text);
    if (typeof term !== 'string') return [term];
    context.issues.push({ code: 'custom', message: `${term}, not ${JSON.stringify(text)}`, input: texts });
    return [];
  });
}

function hostTags(texts: readonly string[], context: Context): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const text of texts.slice(0, MAX_TAGS + 1)) {
    const [, key, value] = /^([A-Za-z_][\w.-]{0,127})=([^\p{Cc}]{1,256})$/u.exec(text) ?? [];
    if (key === undefined || value === undefined || texts.length > MAX_TAGS)
      context.issues.push({
        code: 'custom',
        message: `expected up to ${MAX_TAGS} of KEY=VALUE, not ${JSON.stringify(text)}`,
        input: texts,
      });
    else tags[key] = value;
  }
  return tags;
}

/** Spellings of before, which stay valid. */
const ALIASES = { procfs: 'procRoot', agentTokenFile: 'tokenFile', containerLabel: 'label' };

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
  /** Certificates of the CA that vouches for dashboards, in the place of the system's; read again at each connection. */
  dashboardCa: absolutePath.optional(),
  agentToken: z.string().min(1).max(512).optional(),
  /** Read again at each connection. */
  tokenFile: absolutePath.optional(),
  /** Only containers below this cgroup path, or below this directory of a mounted cgroup file system. */
  cgroupRoot: absolutePath.refine((path) => !path.split('/').includes('..'), 'expected a path without ..').default('/'),
  /** Only the cgroup mounts at or under this path; found by itself when not given. */
  cgroupMount: absolutePath.optional(),
  procRoot: absolutePath.default('/proc'),
  sysfs: absolutePath.default('/sys'),
  /** Where the host's root is mounted, for an agent in a container. */
  hostRoot: absolutePath.default('/'),
  interval: durationMs
    .default(1000)
    .refine((ms) => ms >= MIN_INTERVAL_MS && ms <= MAX_INTERVAL_MS, 'expected 100ms to 60s'),
  /** Part of one core that the agent may use; it measures less often rather than use more. */
  cpuBudget: cpuBudget.default(0.1),
  /** Makes a v1 kernel from 6.10 on count block IO, by a rule on each disk that limits nothing. */
  enableV1IoAccounting: looseBoolean.default(false),
  /** State folders of runc and crun; a last component `*` is each folder there. */
  runcRoot: stringList
    .pipe(z.array(absolutePath))
    .default(['/run/runc', '/run/crun', '/run/docker/runtime-runc/moby', '/run/containerd/runc/*']),
  dockerRoot: absolutePath.default('/var/lib/docker'),
  containersStorage: absolutePath.default('/var/lib/containers/storage'),
  containersRun: absolutePath.default('/run/containers/storage'),
  containerdTasks: absolutePath.default('/run/containerd/io.containerd.runtime.v2.task'),
  /** Folders where conmon writes how containers of podman and cri-o ended; a component `*` is each folder there. */
  exitFolder: stringList
    .pipe(z.array(absolutePath))
    .default(['/run/libpod/exits', '/run/crio/exits', '/run/user/*/libpod/tmp/exits']),
  /** Sockets of docker's API, asked for what files do not tell; of a user's container that user's, for whom a component `*` stands. */
  runtimeSocket: z
    .union([
      z
        .enum(['off'])
        .or(z.tuple([z.literal('off')]))
        .transform((): string[] => []),
      stringList.pipe(z.array(absolutePath)),
    ])
    .default([
      '/run/docker.sock',
      '/run/podman/podman.sock',
      '/run/user/*/docker.sock',
      '/run/user/*/podman/podman.sock',
    ]),
  /** Container labels that are put on every series of /metrics and told to dashboards; `prefix*` is all that begin so. */
  label: stringList
    .pipe(z.array(z.string().min(1, LABEL).max(128, LABEL)).max(32, 'expected at most 32 names of labels'))
    .default([]),
  /** What the operator says of this host. */
  tag: z
    .union([stringList, tagMapping], { error: 'expected KEY=VALUE, a list of them, or a mapping of names to texts' })
    .transform(hostTags)
    .default({}),
  include: stringList.transform(filterTerms).default([]),
  exclude: stringList.transform(filterTerms).default([]),
  /** Units of systemd that are shown as containers. */
  services: z.enum(SERVICE_CHOICES, { error: `expected ${SERVICE_CHOICES.join(', ')}` }).default('off'),
  /** How long a container that ended is still told of. */
  keepExited: durationMs.default(15 * 60_000).refine((ms) => ms <= MAX_KEEP_EXITED_MS, 'expected at most 24h'),
  /** `default` has at most 30 series for each container, `cadvisor` all that is known in its names. */
  metricsProfile: z.enum(['default', 'cadvisor'], { error: 'expected default or cadvisor' }).default('default'),
  /** Containers whose series would exceed it are left out of /metrics, the youngest first. */
  metricsMaxSeries: looseInteger(100, 10_000_000).default(200_000),
  /** Puts processes, descriptors and sockets of each container on /metrics. */
  processMetrics: looseBoolean.default(false),
  /** Measures how much each container has written into its root. */
  layerSize: looseBoolean.default(false),
  /** Where docker's stats API is served. */
  dockerSocket: absolutePath.optional(),
  /** A name or a number; without it the socket is its owner's alone. */
  dockerSocketGroup: z
    .string()
    .regex(/^[a-z0-9_][a-z0-9_.-]{0,31}$/i, 'expected the name or number of a group')
    .optional(),
  dockerListen: listenAddress.optional(),
  dockerTokenFile: absolutePath.optional(),
  /** A StatsD daemon that gets gauges of all containers. */
  statsdTo: listenAddress.optional(),
  statsdFormat: z.enum(STATSD_FORMATS, { error: `expected ${STATSD_FORMATS.join(' or ')}` }).default('dogstatsd'),
  statsdInterval: durationMs.default(10_000).refine((ms) => ms >= 1000 && ms <= 3_600_000, 'expected 1s to 1h'),
  /** Where StatsD and DogStatsD are taken from containers, over UDP. */
  statsdListen: listenAddress.refine(({ port }) => port > 0, 'expected a port from 1 to 65535').optional(),
  /** Series that containers may make by StatsD, all of them together; half of it one alone. */
  statsdMaxSeries: looseInteger(10, 1_000_000).default(5000),
  hostname: z.string().min(1).max(253).default(hostname()),
  logLevel: z.enum(LOG_LEVELS).default('info'),
});

export type StatsdConfig = Readonly<z.infer<typeof statsdSchema>>;

/** Flags over WEFT_STATSD_* over the file. @throws {ConfigError} */
export function loadStatsdConfig(input: AgentInput): StatsdConfig {
  const { flags, env, configFile } = input;
  const config = loadConfig(statsdSchema, {
    flags,
    env,
    envPrefix: 'WEFT_STATSD_',
    file: configFile,
    aliases: ALIASES,
  });
  if (config.dashboard.length > 0 && config.agentToken === undefined && config.tokenFile === undefined)
    throw new ConfigError([
      'token-file: needed with dashboard (or agent-token), since no dashboard listens to strangers',
    ]);
  if (config.dockerListen !== undefined && config.dockerTokenFile === undefined)
    throw new ConfigError(['docker-token-file: needed with docker-listen, which others can reach']);
  return config;
}
