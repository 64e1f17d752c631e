import { FIELD } from './reading.ts';

export interface Series {
  /** Rendered labels without braces, such as `id="/docker/…",name="web",image=""`; made once per container. */
  readonly labels: string;
  readonly sample: Float64Array;
}

type MetricType = 'counter' | 'gauge';

interface Family {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Put after the container's labels. */
  readonly extra?: string;
  /** NaN leaves the series out. */
  readonly value: (sample: Float64Array) => number;
}

const field =
  (name: keyof typeof FIELD): Family['value'] =>
  (sample) =>
    sample[FIELD[name]] ?? Number.NaN;

/** cAdvisor prints 0 where there is no limit. */
const limitOrZero =
  (name: keyof typeof FIELD): Family['value'] =>
  (sample) => {
    const value = sample[FIELD[name]] ?? Number.NaN;
    return value === Infinity ? 0 : value;
  };

/** Only containers with a quota have it, as in cAdvisor. */
const withQuota =
  (name: keyof typeof FIELD): Family['value'] =>
  (sample) =>
    Number.isFinite(sample[FIELD.cpuQuotaMicros]) ? (sample[FIELD[name]] ?? Number.NaN) : Number.NaN;

/** cAdvisor's names, units and meanings, so that dashboards made for it work. */
export const CONTAINER_FAMILIES: readonly Family[] = [
  {
    name: 'container_cpu_usage_seconds_total',
    type: 'counter',
    help: 'CPU time consumed, all CPUs together.',
    extra: 'cpu="total"',
    value: field('cpuUsageSeconds'),
  },
  {
    name: 'container_cpu_cfs_periods_total',
    type: 'counter',
    help: 'Enforcement periods of the CPU quota.',
    value: withQuota('cpuPeriods'),
  },
  {
    name: 'container_cpu_cfs_throttled_periods_total',
    type: 'counter',
    help: 'Enforcement periods in which the container was throttled.',
    value: withQuota('cpuThrottledPeriods'),
  },
  {
    name: 'container_cpu_cfs_throttled_seconds_total',
    type: 'counter',
    help: 'Time for which the container was throttled.',
    value: withQuota('cpuThrottledSeconds'),
  },
  {
    name: 'container_memory_usage_bytes',
    type: 'gauge',
    help: 'Memory charged to the container, page cache included.',
    value: field('memoryUsageBytes'),
  },
  {
    name: 'container_memory_working_set_bytes',
    type: 'gauge',
    help: 'Memory usage less inactive file pages.',
    value: field('memoryWorkingSetBytes'),
  },
  {
    name: 'container_memory_cache',
    type: 'gauge',
    help: 'Page cache bytes, shared memory included.',
    value: field('memoryCacheBytes'),
  },
  {
    name: 'container_memory_rss',
    type: 'gauge',
    help: 'Anonymous memory bytes.',
    value: field('memoryRssBytes'),
  },
  {
    name: 'container_spec_memory_limit_bytes',
    type: 'gauge',
    help: 'Smallest memory limit of the container and its ancestors, 0 for none.',
    value: limitOrZero('memoryLimitBytes'),
  },
  {
    name: 'container_spec_cpu_quota',
    type: 'gauge',
    help: 'CPU quota in microseconds per period, where one is set.',
    value: withQuota('cpuQuotaMicros'),
  },
  {
    name: 'container_spec_cpu_period',
    type: 'gauge',
    help: 'CPU quota period in microseconds.',
    value: field('cpuPeriodMicros'),
  },
  {
    name: 'container_fs_reads_bytes_total',
    type: 'counter',
    help: 'Bytes read from block devices.',
    extra: 'device=""',
    value: field('blockReadBytes'),
  },
  {
    name: 'container_fs_writes_bytes_total',
    type: 'counter',
    help: 'Bytes written to block devices.',
    extra: 'device=""',
    value: field('blockWriteBytes'),
  },
  {
    name: 'container_threads',
    type: 'gauge',
    help: 'Threads in the container.',
    value: field('pidsCurrent'),
  },
  {
    name: 'container_threads_max',
    type: 'gauge',
    help: 'Smallest limit on threads of the container and its ancestors, 0 for none.',
    value: limitOrZero('pidsLimit'),
  },
  {
    name: 'container_start_time_seconds',
    type: 'gauge',
    help: 'Unix time at which the container started.',
    value: field('startTimeUnixSeconds'),
  },
  {
    name: 'container_last_seen',
    type: 'gauge',
    help: 'Unix time of the last reading.',
    value: field('lastSeenUnixSeconds'),
  },
];

/** A label value between quotes: backslash, quote and newline escaped. */
export function escapeLabelValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** What Prometheus allows in a label's name; the rest becomes `_`, as in cAdvisor. */
export function labelName(text: string): string {
  return `container_label_${text.replace(/[^a-zA-Z0-9_]/g, '_')}`;
}

/** The label block of one container. Every container carries every allowed label, as Prometheus clients expect. */
export function containerLabels(
  container: {
    readonly cgroupPath: string;
    readonly name: string;
    readonly image: string | undefined;
    readonly labels: Readonly<Record<string, string>>;
  },
  allowed: readonly string[],
): string {
  const pairs: [string, string][] = [
    ['id', container.cgroupPath],
    ['name', container.name],
    ['image', container.image ?? ''],
    ...allowed.map((key): [string, string] => [
      labelName(key),
      Object.hasOwn(container.labels, key) ? (container.labels[key] ?? '') : '',
    ]),
  ];
  return pairs.map(([name, value]) => `${name}="${escapeLabelValue(value)}"`).join(',');
}

/** A number as the text format writes it. */
export function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}

function familyText(family: Family, all: readonly Series[]): string {
  let text = '';
  const extra = family.extra === undefined ? '' : `,${family.extra}`;
  for (const { labels, sample } of all) {
    const value = family.value(sample);
    if (!Number.isNaN(value)) text += `${family.name}{${labels}${extra}} ${numberText(value)}\n`;
  }
  return text === '' ? '' : `# HELP ${family.name} ${family.help}\n# TYPE ${family.name} ${family.type}\n${text}`;
}

/** The container families, one chunk each, so that the event loop runs in between. What is unknown is left out. */
export function* renderContainers(all: readonly Series[]): Generator<string> {
  for (const family of CONTAINER_FAMILIES) {
    const text = familyText(family, all);
    if (text !== '') yield text;
  }
}

export interface OwnMetric {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Label block without braces, or empty, and value; NaN is left out. */
  readonly values: readonly (readonly [labels: string, value: number])[];
}

/** The agent's and the machine's own metrics. */
export function renderOwn(metrics: readonly OwnMetric[]): string {
  return metrics
    .map(({ name, type, help, values }) => {
      const known = values.filter(([, value]) => !Number.isNaN(value));
      if (known.length === 0) return '';
      const lines = known.map(
        ([labels, value]) => `${name}${labels === '' ? '' : `{${labels}}`} ${numberText(value)}\n`,
      );
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('');
}
