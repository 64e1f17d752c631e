import { valueOf, type ContainerDetails, type HugePages } from './details.ts';
import {
  counter,
  field,
  gauge,
  limitOrZero,
  points,
  withQuota,
  type Family,
  type Measured,
  type Point,
} from './family.ts';
import { MORE_SURVEY_SERIES } from './survey-families.ts';
import { ioFamilies, ioSeriesBound, SUMMED_IO_FAMILIES, type DeviceName } from './io-families.ts';

const CPU_TOTAL = 'cpu="total"';
const usageOf = field('cpuUsageSeconds');
const cpuTotal = ({ sample }: Measured): Point[] => [[CPU_TOTAL, usageOf(sample)]];

/** As cAdvisor: a series for each CPU that was used where the kernel tells them apart, else one for all. */
function cpuEach(measured: Measured): Point[] {
  const { perCpuSeconds } = measured.details;
  if (perCpuSeconds === undefined) return cpuTotal(measured);
  const used: Point[] = [];
  for (const [cpu, seconds] of perCpuSeconds.entries())
    if (seconds > 0) used.push([`cpu="cpu${String(cpu).padStart(2, '0')}"`, seconds]);
  return used;
}

const HEALTH_VALUES = { healthy: 1, starting: 0, unhealthy: 0 };

const COMMON: readonly Family[] = [
  {
    ...points(
      'container_health_state',
      '1 for a passed health check, 0 for one that is not (yet) passed.',
      ({ health }) => (health === undefined ? [] : [['', HEALTH_VALUES[health]]]),
    ),
    type: 'gauge',
  },
  points('container_restarts_total', 'How often the runtime started the container again.', ({ restartCount }) =>
    restartCount === undefined ? [] : [['', restartCount]],
  ),
  counter('container_cpu_user_seconds_total', 'CPU time in user mode.', field('cpuUserSeconds')),
  counter('container_cpu_system_seconds_total', 'CPU time in the kernel.', field('cpuSystemSeconds')),
  counter('container_cpu_cfs_periods_total', 'Enforcement periods of the CPU quota.', withQuota('cpuPeriods')),
  counter(
    'container_cpu_cfs_throttled_periods_total',
    'Enforcement periods in which the container was throttled.',
    withQuota('cpuThrottledPeriods'),
  ),
  counter(
    'container_cpu_cfs_throttled_seconds_total',
    'Time for which the container was throttled.',
    withQuota('cpuThrottledSeconds'),
  ),
  gauge(
    'container_memory_usage_bytes',
    'Memory charged to the container, page cache included.',
    field('memoryUsageBytes'),
  ),
  gauge('container_memory_working_set_bytes', 'Memory usage less inactive file pages.', field('memoryWorkingSetBytes')),
  gauge('container_memory_cache', 'Page cache bytes, shared memory included.', field('memoryCacheBytes')),
  gauge('container_memory_rss', 'Anonymous memory bytes.', field('memoryRssBytes')),
  gauge('container_memory_swap', 'Bytes in swap.', field('memorySwapBytes')),
  gauge(
    'container_memory_max_usage_bytes',
    'Largest memory usage since the container began.',
    field('memoryPeakBytes'),
  ),
  gauge(
    'container_spec_memory_limit_bytes',
    'Smallest memory limit of the container and its ancestors, 0 for none.',
    limitOrZero('memoryLimitBytes'),
  ),
  gauge(
    'container_spec_cpu_quota',
    'CPU quota in microseconds per period, where one is set.',
    withQuota('cpuQuotaMicros'),
  ),
  gauge('container_spec_cpu_period', 'CPU quota period in microseconds.', field('cpuPeriodMicros')),
  gauge('container_threads', 'Threads in the container.', field('pidsCurrent')),
  gauge(
    'container_threads_max',
    'Smallest limit on threads of the container and its ancestors, 0 for none.',
    limitOrZero('pidsLimit'),
  ),
  counter(
    'container_oom_events_total',
    'Processes that the kernel killed because memory ran out; restarts do not reset it.',
    field('oomKillsTotal'),
  ),
  gauge('container_start_time_seconds', 'Unix time at which the container started.', field('startTimeUnixSeconds')),
  gauge('container_last_seen', 'Unix time of the last reading.', field('lastSeenUnixSeconds')),
];

const [faultsOf, majorFaultsOf] = [field('pageFaults'), field('majorPageFaults')];
const failures = ({ sample }: Measured): Point[] => [
  ['failure_type="pgfault",scope="hierarchy"', faultsOf(sample)],
  ['failure_type="pgmajfault",scope="hierarchy"', majorFaultsOf(sample)],
];

const hugePages =
  (value: (pages: HugePages) => number): NonNullable<Family['points']> =>
  ({ details }) =>
    (details.hugePages ?? []).map((pages) => [`pagesize="${pages.pageSize}"`, value(pages)]);

/** Families that have a series for each size of huge pages. */
const HUGE_PAGE_FAMILIES: readonly Family[] = [
  {
    ...points(
      'container_hugetlb_usage_bytes',
      'Bytes in huge pages.',
      hugePages((pages) => pages.usageBytes),
    ),
    type: 'gauge',
  },
  {
    ...points(
      'container_hugetlb_max_usage_bytes',
      'Most bytes in huge pages.',
      hugePages((pages) => pages.peakBytes),
    ),
    type: 'gauge',
  },
  // Counts up, but has not the name of a counter: cAdvisor's.
  {
    ...points(
      'container_hugetlb_failcnt',
      'Huge pages that the limit refused.',
      hugePages((pages) => pages.failures),
    ),
    type: 'untyped',
  },
];

/** By the words of memory.stat, of v2 and of v1 with child cgroups; a kernel that does not count it has none. */
const reclaim = (name: string, help: string, word: string): Family =>
  points(name, help, ({ details: { memoryStat } }) => {
    const value = valueOf(memoryStat, word);
    return [['', Number.isNaN(value) ? valueOf(memoryStat, `total_${word}`) : value]];
  });

const MORE: readonly Family[] = [
  points('container_memory_failures_total', 'Page faults.', failures),
  gauge('container_memory_mapped_file', 'Bytes of mapped files.', field('memoryMappedFileBytes')),
  gauge('container_memory_kernel_usage', 'Kernel memory bytes.', field('memoryKernelBytes')),
  gauge('container_memory_total_active_file_bytes', 'Active file pages.', field('memoryActiveFileBytes')),
  gauge('container_memory_total_inactive_file_bytes', 'Inactive file pages.', field('memoryInactiveFileBytes')),
  gauge('container_memory_file_dirty_bytes', 'File pages that wait to be written.', field('memoryDirtyBytes')),
  gauge('container_memory_file_writeback_bytes', 'File pages that are being written.', field('memoryWritebackBytes')),
  // Counts up, but has not the name of a counter: cAdvisor's.
  {
    ...gauge('container_memory_failcnt', 'How often the memory limit was hit.', field('memoryFailures')),
    type: 'untyped',
  },
  counter('container_memory_events_high_total', 'How often memory.high was exceeded.', field('memoryHighEvents')),
  counter('container_memory_events_max_total', 'How often memory.max was hit.', field('memoryMaxEvents')),
  ...HUGE_PAGE_FAMILIES,
  reclaim('container_memory_pgscan_total', 'Pages that reclaim looked at.', 'pgscan'),
  reclaim('container_memory_pgsteal_total', 'Pages that reclaim took.', 'pgsteal'),
  reclaim(
    'container_memory_workingset_refault_file_total',
    'File pages that were read again soon after they were taken.',
    'workingset_refault_file',
  ),
  reclaim(
    'container_memory_workingset_refault_anon_total',
    'Anonymous pages that came back from swap soon after they were taken.',
    'workingset_refault_anon',
  ),
  gauge('container_spec_cpu_shares', 'CPU shares.', field('cpuShares')),
  gauge(
    'container_spec_memory_reservation_limit_bytes',
    'Memory that reclaim leaves alone as long as it can, 0 for none.',
    limitOrZero('memoryReservationBytes'),
  ),
  gauge(
    'container_spec_memory_swap_limit_bytes',
    'Limit on memory and swap (v1) or swap (v2), 0 for none.',
    limitOrZero('memorySwapLimitBytes'),
  ),
  ...(['cpu', 'memory', 'io'] as const).flatMap((resource) => [
    counter(
      `container_pressure_${resource}_waiting_seconds_total`,
      `Time for which some task waited for ${resource}.`,
      field(`${resource}WaitingSeconds`),
    ),
    counter(
      `container_pressure_${resource}_stalled_seconds_total`,
      `Time for which all tasks waited for ${resource}.`,
      field(`${resource}StalledSeconds`),
    ),
  ]),
];

const CPU_NAME = 'container_cpu_usage_seconds_total';
const CPU_HELP = 'CPU time consumed.';

/** What dashboards read, at most 30 series a container: devices, interfaces and CPUs are added up. */
export const SMALL_FAMILIES: readonly Family[] = [
  points(CPU_NAME, CPU_HELP, cpuTotal),
  ...COMMON,
  ...SUMMED_IO_FAMILIES,
];

/** All that is known of what cAdvisor exports. */
export const cadvisorFamilies = (nameOf: DeviceName): readonly Family[] => [
  points(CPU_NAME, CPU_HELP, cpuEach),
  ...COMMON,
  ...MORE,
  ...ioFamilies(nameOf),
];

/** No less than the series that a container can have, `container_info` included: nothing is rendered to know it. */
export function seriesBound(families: readonly Family[], details: ContainerDetails): number {
  const own = families.length + 1;
  // By its families it counts one series each for what has several.
  if (families === SMALL_FAMILIES) return own;
  return (
    own +
    MORE_SURVEY_SERIES +
    ioSeriesBound(details) +
    (details.perCpuSeconds?.length ?? 0) +
    HUGE_PAGE_FAMILIES.length * (details.hugePages?.length ?? 0)
  );
}
