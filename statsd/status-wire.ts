import { z } from 'zod';

/** Of the status server and of docker's socket. */
export const STATS_PATH = '/stats';
export const API_PREFIX = '/api/v1';
/** Of {@link STATS_PATH}. */
export const NDJSON = 'application/x-ndjson';
export const EVENT_STREAM = 'text/event-stream';
/** RFC 9457. */
export const PROBLEM_JSON = 'application/problem+json';

/** Where an agent answers by itself; `--listen`. */
export const DEFAULT_STATUS_LISTEN = '127.0.0.1:9101';

// What is not known is left out, never 0 or empty.

const text = z.string().max(4096);
const unixMs = z.number();

/** What happened within the last second, or the last interval where that is longer. */
export const RATES = [
  /** Cores' worth of CPU time: 0.5 is half a core. */
  'cpuCores',
  /** Part of the enforcement periods in which it was throttled, 0 to 1. */
  'cpuThrottledPart',
  'blockReadBytesPerSecond',
  'blockWriteBytesPerSecond',
  'networkReceiveBytesPerSecond',
  'networkTransmitBytesPerSecond',
] as const;

const rates = z.object(Object.fromEntries(RATES.map((name) => [name, z.number().nonnegative().optional()])));

const exitSchema = z.object({
  atUnixMs: unixMs,
  exitCode: z.number().int().optional(),
  oomKilled: z.boolean().optional(),
  ranForMs: z.number().nonnegative().optional(),
});

const statsdMetricSchema = z.object({
  name: text,
  kind: z.enum(['counter', 'gauge', 'timer', 'histogram', 'set']),
  tags: z.record(text, text),
  value: z.number().optional().describe('Sum of a counter, last value of a gauge, different members of a set.'),
  sum: z.number().optional().describe('Of a timer, in seconds, or a histogram.'),
  count: z.number().nonnegative().optional(),
  quantiles: z.record(text, z.number()).optional().describe('Of the last one to two minutes, by 0.5, 0.9 and 0.99.'),
});

const serviceCheckSchema = z.object({
  name: text,
  state: z.enum(['ok', 'warning', 'critical', 'unknown']),
  message: text.optional(),
  tags: z.record(text, text),
  atUnixMs: unixMs,
});

const sentEventSchema = z.object({
  title: text,
  text: text.optional(),
  alert: z.enum(['info', 'success', 'warning', 'error']),
  isLowPriority: z.literal(true).optional(),
  tags: z.record(text, text),
  atUnixMs: unixMs,
});

/** What a container, or the host, said of itself. */
const statsdViewSchema = z.object({
  metrics: z.array(statsdMetricSchema),
  checks: z.array(serviceCheckSchema),
  events: z.array(sentEventSchema).default([]).describe('The last ten, oldest first.'),
});

export type StatsdView = z.infer<typeof statsdViewSchema>;

export const processesSchema = z.object({
  v: z.literal(1),
  timeUnixMs: unixMs,
  key: text,
  processes: z.number().optional(),
  descriptors: z.number().optional().describe('Open descriptors of all its processes.'),
  sockets: z.number().optional(),
  openFilesLimit: z.number().optional().describe('Soft limit of the first process; absent when there is none.'),
  tasks: z.record(text, z.number()).optional().describe('Threads by state.'),
  list: z
    .array(
      z.object({
        pid: z.number().int().describe('As the host counts.'),
        command: text,
        state: text.describe("The kernel's letter: R, S, D, T, Z."),
        threads: z.number(),
        descriptors: z.number().optional(),
        residentBytes: z.number(),
        cpuSeconds: z.number(),
        startedAtUnixMs: unixMs.optional(),
      }),
    )
    .describe('The largest by memory, at most 200.'),
});

/** What the processes of a container hold. */
export type ProcessesView = z.infer<typeof processesSchema>;

export const containerViewSchema = z.object({
  key: text.describe('Stable for the life of the container: runtime and id.'),
  id: text.describe("The runtime's own id."),
  dockerId: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe("The id on docker's socket."),
  name: text,
  runtime: text,
  kind: text,
  state: z.enum(['running', 'paused', 'exited']),
  image: text.optional(),
  labels: z.record(text, text),
  tags: z.record(text, text).describe('What it belongs to, such as compose_project or kube_pod.'),
  cgroupPath: text,
  createdAtUnixMs: unixMs.optional(),
  startedAtUnixMs: unixMs.optional(),
  restartCount: z.number().int().nonnegative().optional(),
  health: text.optional(),
  network: z.enum(['own', 'shared', 'host']).optional(),
  memoryLimitBytes: z.number().positive().optional(),
  cpuLimitCores: z.number().positive().optional(),
  pidsLimit: z.number().positive().optional(),
  values: z.record(text, z.number()).describe('Counters and gauges by name, units in the names.'),
  rates: rates.describe('Changes a second, over the last second or interval.'),
  layerBytes: z.number().nonnegative().optional().describe('Written into its root, on disk; with --layer-size.'),
  statsd: statsdViewSchema.optional().describe('What it sent by StatsD, as it said it.'),
  exit: exitSchema.optional(),
});

export type ContainerView = z.infer<typeof containerViewSchema>;

export const hostViewSchema = z.object({
  nodeId: text,
  hostname: text,
  agentVersion: text,
  kernel: text,
  cpuCores: z.number().int().positive(),
  intervalMs: z.number().positive(),
  memoryTotalBytes: z.number().optional(),
  memoryAvailableBytes: z.number().optional(),
  load1: z.number().optional(),
  cpuBusyCores: z.number().nonnegative().optional().describe('CPUs at work within the last second or interval.'),
  statsd: statsdViewSchema.optional().describe("Service checks and events from the host's own addresses."),
});

export type HostView = z.infer<typeof hostViewSchema>;

const mhz = z.number().positive().optional();

export const hardwareSchema = z.object({
  v: z.literal(1),
  manufacturer: text.optional(),
  model: text.optional(),
  virtual: z.boolean(),
  cpu: z.object({
    manufacturer: text.optional(),
    brand: text.optional(),
    physicalCores: z.number().optional(),
    sockets: z.number().optional(),
    maxMhz: mhz,
  }),
  os: z.object({ distribution: text.optional(), release: text.optional(), architecture: text.optional() }),
  memoryModules: z
    .array(z.object({ sizeBytes: z.number().optional(), type: text.optional(), clockMhz: mhz }))
    .describe('Empty where firmware does not tell.'),
});

/** What the machine is made of. */
export type HardwareView = z.infer<typeof hardwareSchema>;

export const STATUS_VERSION = 1;

/** One line, or one event, of `GET /stats`; the answer of `GET /api/v1/containers` too. */
export const statsTickSchema = z.object({
  v: z.literal(STATUS_VERSION),
  timeUnixMs: unixMs,
  host: hostViewSchema,
  containers: z.array(containerViewSchema),
});

export type StatsTick = z.infer<typeof statsTickSchema>;

export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
});

export type Problem = z.infer<typeof problemSchema>;
