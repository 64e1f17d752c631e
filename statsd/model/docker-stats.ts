import { timeText, ZERO_TIME } from './docker-text.ts';

/** One CPU reading; every count in the digits that the kernel printed, or that a 64-bit count has. */
export interface DockerCpu {
  readonly total: string | undefined;
  readonly perCpu: readonly string[] | undefined;
  readonly kernel: string | undefined;
  readonly user: string | undefined;
  /** CPU time of the machine; `undefined` when it is not known. */
  readonly system: string | undefined;
  readonly onlineCpus: number | undefined;
  readonly periods: string | undefined;
  readonly throttledPeriods: string | undefined;
  readonly throttledNs: string | undefined;
}

export interface DockerBlock {
  readonly major: number;
  readonly minor: number;
  readonly op: string;
  readonly value: string;
}

export interface DockerInterface {
  readonly name: string;
  /** rx bytes, packets, errors, dropped, then the same for tx. */
  readonly counts: readonly (string | undefined)[];
}

/** One container at one moment, as `GET /containers/{id}/stats` shows it. */
export interface DockerReading {
  readonly cgroupVersion: 1 | 2;
  readonly atUnixMs: number;
  readonly cpu: DockerCpu;
  readonly pids: string | undefined;
  readonly pidsLimit: string | undefined;
  readonly blockBytes: readonly DockerBlock[];
  readonly blockOperations: readonly DockerBlock[];
  readonly memoryUsage: string | undefined;
  readonly memoryMax: string | undefined;
  readonly memoryFailures: string | undefined;
  readonly memoryLimit: string | undefined;
  readonly memoryStat: readonly (readonly [key: string, value: string])[];
  /** `undefined` where interfaces are not the container's own. */
  readonly interfaces: readonly DockerInterface[] | undefined;
}

/** What docker's clients know of memory.stat: v1's 32 keys and v2's 31; the kernel has many more. */
export const MEMORY_KEYS: Readonly<Record<1 | 2, ReadonlySet<string>>> = {
  1: new Set([
    ...[
      'cache rss rss_huge mapped_file dirty writeback pgpgin pgpgout pgfault pgmajfault inactive_anon active_anon',
      'inactive_file active_file unevictable',
    ]
      .join(' ')
      .split(' ')
      .flatMap((key) => [key, `total_${key}`]),
    'hierarchical_memory_limit',
    'hierarchical_memsw_limit',
  ]),
  2: new Set(
    [
      'anon file kernel_stack slab sock shmem file_mapped file_dirty file_writeback anon_thp inactive_anon active_anon',
      'inactive_file active_file unevictable slab_reclaimable slab_unreclaimable pgfault pgmajfault workingset_refault',
      'workingset_activate workingset_nodereclaim pgrefill pgscan pgsteal pgactivate pgdeactivate pglazyfree pglazyfreed',
      'thp_fault_alloc thp_collapse_alloc',
    ]
      .join(' ')
      .split(' '),
  ),
};

type Part = string | undefined;

const object = (parts: readonly Part[]): string => `{${parts.filter((part) => part !== undefined).join(',')}}`;
const list = (parts: readonly string[]): string => `[${parts.join(',')}]`;
const member = (name: string, value: string | undefined): Part =>
  value === undefined ? undefined : `"${name}":${value}`;
const text = (value: string): string => JSON.stringify(value);

const NO_CPU: DockerCpu = {
  total: '0',
  perCpu: undefined,
  kernel: '0',
  user: '0',
  system: undefined,
  onlineCpus: undefined,
  periods: '0',
  throttledPeriods: '0',
  throttledNs: '0',
};

function cpuText(cpu: DockerCpu): string {
  return object([
    member(
      'cpu_usage',
      object([
        member('total_usage', cpu.total),
        member('percpu_usage', cpu.perCpu === undefined ? undefined : list(cpu.perCpu)),
        member('usage_in_kernelmode', cpu.kernel),
        member('usage_in_usermode', cpu.user),
      ]),
    ),
    member('system_cpu_usage', cpu.system),
    member('online_cpus', cpu.onlineCpus === undefined ? undefined : String(cpu.onlineCpus)),
    member(
      'throttling_data',
      object([
        member('periods', cpu.periods),
        member('throttled_periods', cpu.throttledPeriods),
        member('throttled_time', cpu.throttledNs),
      ]),
    ),
  ]);
}

const OTHER_BLOCK_LISTS = [
  'io_queue_recursive',
  'io_service_time_recursive',
  'io_wait_time_recursive',
  'io_merged_recursive',
  'io_time_recursive',
  'sectors_recursive',
];

function blockList(entries: readonly DockerBlock[], empty: string): string {
  if (entries.length === 0) return empty;
  return list(
    entries.map(({ major, minor, op, value }) =>
      object([`"major":${major}`, `"minor":${minor}`, `"op":${text(op)}`, `"value":${value}`]),
    ),
  );
}

/** v1 has eight lists, of which two are filled; v2 has nulls, and operations are not in it. */
function blockText(
  reading: Pick<DockerReading, 'cgroupVersion' | 'blockBytes' | 'blockOperations'> | undefined,
): string {
  const empty = reading?.cgroupVersion === 1 ? '[]' : 'null';
  const operations = reading?.cgroupVersion === 1 ? reading.blockOperations : [];
  return object([
    member('io_service_bytes_recursive', blockList(reading?.blockBytes ?? [], empty)),
    member('io_serviced_recursive', blockList(operations, empty)),
    ...OTHER_BLOCK_LISTS.map((name) => member(name, empty)),
  ]);
}

function memoryText(reading: DockerReading): string {
  const known = MEMORY_KEYS[reading.cgroupVersion];
  const entries = reading.memoryStat.filter(([key]) => known.has(key));
  // Docker prints these as 0 where the kernel splits them in two.
  const present = new Set(entries.map(([key]) => key));
  const split = ['workingset_refault', 'workingset_activate'].filter((key) => known.has(key) && !present.has(key));
  const all = [...entries, ...split.map((key) => [key, '0'] as const)].sort(([a], [b]) => (a < b ? -1 : 1));
  return object([
    member('usage', reading.memoryUsage),
    member('max_usage', reading.cgroupVersion === 1 ? reading.memoryMax : undefined),
    member('stats', entries.length === 0 ? undefined : object(all.map(([key, value]) => `"${key}":${value}`))),
    member('failcnt', reading.memoryFailures === '0' ? undefined : reading.memoryFailures),
    member('limit', reading.memoryLimit),
  ]);
}

const COUNTS = ['bytes', 'packets', 'errors', 'dropped'];
const COUNT_NAMES = ['rx', 'tx'].flatMap((way) => COUNTS.map((word) => `${way}_${word}`));

function networksText(interfaces: readonly DockerInterface[] | undefined): string | undefined {
  if (interfaces === undefined || interfaces.length === 0) return undefined;
  const counts = (one: DockerInterface): string =>
    object(COUNT_NAMES.map((name, index) => member(name, one.counts[index])));
  return object(interfaces.map((one) => `${text(one.name)}:${counts(one)}`));
}

/**
 * One frame as docker writes it, without the newline: cgroup v1's shape or v2's, by the reading. `before` fills `precpu_stats`.
 * Without a reading it is the frame of a container that is not running.
 */
export function statsText(
  who: { readonly dockerId: string; readonly name: string },
  reading: DockerReading | undefined,
  before: { readonly atUnixMs: number; readonly cpu: DockerCpu } | undefined,
): string {
  return object([
    member('read', text(timeText(reading?.atUnixMs))),
    member('preread', text(before === undefined ? ZERO_TIME : timeText(before.atUnixMs))),
    member('pids_stats', object([member('current', reading?.pids), member('limit', reading?.pidsLimit)])),
    member('blkio_stats', blockText(reading)),
    member('num_procs', '0'),
    member('storage_stats', '{}'),
    member('cpu_stats', cpuText(reading?.cpu ?? NO_CPU)),
    member('precpu_stats', cpuText(before?.cpu ?? NO_CPU)),
    member('memory_stats', reading === undefined ? '{}' : memoryText(reading)),
    member('name', text(`/${who.name}`)),
    member('id', text(who.dockerId)),
    member('networks', networksText(reading?.interfaces)),
  ]);
}
