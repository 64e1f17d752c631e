import { singleUint, textOf, uintOrMax, CgroupTextError } from '../model/cgroup-text.ts';
import { FIELD, type CgroupView, type Collector, type KernelFile } from '../model/reading.ts';

/** The smallest of a file over the container and its ancestors; `Infinity` when nobody sets one, NaN when nobody has the file. */
function smallest(files: readonly KernelFile[]): number {
  let least = Number.NaN;
  for (const file of files) {
    const length = file.read();
    if (length < 0) continue;
    const value = uintOrMax(file.bytes, length, file.path);
    if (Number.isNaN(least) || value < least) least = value;
  }
  return least;
}

interface Bandwidth {
  readonly quotaMicros: number;
  readonly periodMicros: number;
}

interface CfsFiles {
  readonly quota: KernelFile;
  readonly period: KernelFile;
  /** The container's own, not an ancestor's. */
  readonly own: boolean;
}

const UNKNOWN: Bandwidth = { quotaMicros: Number.NaN, periodMicros: Number.NaN };

/** `max 100000` or `50000 100000`. @throws {CgroupTextError} */
function readCpuMax(file: KernelFile): Bandwidth {
  const length = file.read();
  if (length < 0) return UNKNOWN;
  const text = textOf(file.bytes, length);
  const match = /^(max|\d+) (\d+)\s*$/.exec(text);
  if (match === null) throw new CgroupTextError(file.path, text);
  return { quotaMicros: match[1] === 'max' ? Infinity : Number(match[1]), periodMicros: Number(match[2]) };
}

/** cpu.cfs_quota_us is -1 for none. @throws {CgroupTextError} */
function readCfs(files: CfsFiles): Bandwidth {
  const { quota, period, own } = files;
  const quotaLength = quota.read();
  if (quotaLength < 0) return UNKNOWN;
  const none = quota.bytes[0] === 0x2d;
  const quotaMicros = none ? Infinity : singleUint(quota.bytes, quotaLength, quota.path);
  // An ancestor without a quota limits nothing, whatever its period.
  if (none && !own) return { quotaMicros, periodMicros: 1 };
  const periodLength = period.read();
  if (periodLength < 0) return UNKNOWN;
  return { quotaMicros, periodMicros: singleUint(period.bytes, periodLength, period.path) };
}

function bandwidthsOf(view: CgroupView): () => Bandwidth[] {
  if (view.version('cpu') === 1) {
    const periods = view.ancestry('cpu', 'cpu.cfs_period_us');
    const pairs = view
      .ancestry('cpu', 'cpu.cfs_quota_us')
      .map((quota, index): CfsFiles => ({ quota, period: periods[index] ?? quota, own: index === 0 }));
    return () => pairs.map(readCfs);
  }
  const files = view.ancestry('cpu', 'cpu.max');
  return () => files.map(readCpuMax);
}

function smallestCores(all: readonly Bandwidth[]): number {
  const cores = all.map((each) => each.quotaMicros / each.periodMicros).filter((value) => !Number.isNaN(value));
  return cores.length === 0 ? Number.NaN : Math.min(...cores);
}

/**
 * Limits on memory, CPU and pids. They change seldom and are effective over all ancestors, so their files are opened for
 * each reading and read at their own slow pace. v1's memory limit is in memory.stat and read by the memory collector.
 */
export const limits: Collector = {
  name: 'limits',
  fields: ['cpuQuotaMicros', 'cpuPeriodMicros', 'cpuLimitCores', 'pidsLimit'],
  attach(view) {
    const memoryMax = view.version('memory') === 2 ? view.ancestry('memory', 'memory.max') : undefined;
    const pidsMax = view.ancestry('pids', 'pids.max');
    const bandwidths = bandwidthsOf(view);
    return {
      collect(sample, tick) {
        if (!tick.limits) return;
        if (memoryMax !== undefined) sample[FIELD.memoryLimitBytes] = smallest(memoryMax);
        sample[FIELD.pidsLimit] = smallest(pidsMax);
        const all = bandwidths();
        sample[FIELD.cpuQuotaMicros] = all[0]?.quotaMicros ?? Number.NaN;
        sample[FIELD.cpuPeriodMicros] = all[0]?.periodMicros ?? Number.NaN;
        sample[FIELD.cpuLimitCores] = smallestCores(all);
      },
    };
  },
};
