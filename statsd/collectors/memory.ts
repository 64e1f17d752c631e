import { FlatKeys, uintOrUnknown, type Content } from '../model/cgroup-text.ts';
import type { KeyedValues } from '../model/details.ts';
import { KeyedText, KeyPlaces } from '../model/keyed-text.ts';
import {
  FIELD,
  type CgroupView,
  type Collector,
  type Field,
  type KernelFile,
  type NumberFile,
  type Reader,
  type Target,
} from '../model/reading.ts';

/** Which key of memory.stat is which field. v1's plain keys leave out child cgroups, so the total_ ones are the container. */
interface StatKeys {
  readonly fields: readonly Field[];
  readonly places: KeyPlaces;
}

const statKeys = (pairs: readonly (readonly [Field, string])[]): StatKeys => ({
  fields: pairs.map(([field]) => field),
  places: new KeyPlaces(pairs.map(([, key]) => key)),
});

const V1 = statKeys([
  ['memoryInactiveFileBytes', 'total_inactive_file'],
  ['memoryCacheBytes', 'total_cache'],
  ['memoryRssBytes', 'total_rss'],
  ['memoryShmemBytes', 'total_shmem'],
  ['memoryMappedFileBytes', 'total_mapped_file'],
  ['memoryDirtyBytes', 'total_dirty'],
  ['memoryWritebackBytes', 'total_writeback'],
  ['memoryActiveAnonBytes', 'total_active_anon'],
  ['memoryInactiveAnonBytes', 'total_inactive_anon'],
  ['memoryActiveFileBytes', 'total_active_file'],
  ['memoryUnevictableBytes', 'total_unevictable'],
  ['memorySwapBytes', 'total_swap'],
  ['pageFaults', 'total_pgfault'],
  ['majorPageFaults', 'total_pgmajfault'],
  ['memoryLimitBytes', 'hierarchical_memory_limit'],
]);
const V2 = statKeys([
  ['memoryInactiveFileBytes', 'inactive_file'],
  ['memoryCacheBytes', 'file'],
  ['memoryRssBytes', 'anon'],
  ['memoryShmemBytes', 'shmem'],
  ['memoryMappedFileBytes', 'file_mapped'],
  ['memoryDirtyBytes', 'file_dirty'],
  ['memoryWritebackBytes', 'file_writeback'],
  ['memoryActiveAnonBytes', 'active_anon'],
  ['memoryInactiveAnonBytes', 'inactive_anon'],
  ['memoryActiveFileBytes', 'active_file'],
  ['memoryUnevictableBytes', 'unevictable'],
  ['memoryKernelBytes', 'kernel'],
  ['memorySlabBytes', 'slab'],
  ['memorySlabReclaimableBytes', 'slab_reclaimable'],
  ['pageFaults', 'pgfault'],
  ['majorPageFaults', 'pgmajfault'],
]);
const kernelParts = new KeyPlaces(['kernel_stack', 'pagetables', 'percpu', 'sock', 'slab']);

/** v1 prints the largest page-aligned 63-bit number for "no limit". */
const V1_NO_LIMIT = 2 ** 62;

/**
 * memory.stat makes the kernel add up per-CPU counters, half the cost of a whole tick, and its inactive file moves slowly.
 * It is read again at the slow tier, or at once when usage moved by this much since.
 */
const MOVED_BYTES = 4 * 2 ** 20;
const MOVED_PART = 0.05;

const movedALot = (now: number, then: number): boolean =>
  Math.abs(now - then) > Math.max(MOVED_BYTES, then * MOVED_PART);

const statText = new KeyedText();

function storeStat(sample: Float64Array, stat: KeyedValues | undefined, { fields, places }: StatKeys): void {
  for (const [index, field] of fields.entries())
    sample[FIELD[field]] = stat === undefined ? Number.NaN : places.value(stat, index);
}

interface Extras {
  readonly files: readonly (KernelFile | undefined)[];
  collect(sample: Float64Array): void;
}

/** Before 5.19 the kernel keeps no peak on v2: then it is the largest usage that was seen. */
function storePeak(sample: Float64Array, file: KernelFile | undefined): void {
  const known = uintOrUnknown(file?.read());
  if (!Number.isNaN(known)) sample[FIELD.memoryPeakBytes] = known;
}

const v1Oom = new FlatKeys(['oom_kill']);

function v1Extras(view: CgroupView): Extras {
  const oom = view.file('memory', 'memory.oom_control');
  const failures = view.file('memory', 'memory.failcnt');
  const peak = view.file('memory', 'memory.max_usage_in_bytes');
  const kernel = view.file('memory', 'memory.kmem.usage_in_bytes');
  return {
    files: [oom, failures, peak, kernel],
    collect(sample) {
      v1Oom.scan(oom?.read());
      sample[FIELD.oomKills] = v1Oom.values[0] ?? Number.NaN;
      sample[FIELD.memoryFailures] = uintOrUnknown(failures?.read());
      storePeak(sample, peak);
      sample[FIELD.memoryKernelBytes] = uintOrUnknown(kernel?.read());
    },
  };
}

const v2Events = new FlatKeys(['oom_kill', 'oom', 'max', 'high']);

function v2Extras(view: CgroupView): Extras {
  const events = view.file('memory', 'memory.events');
  const peak = view.file('memory', 'memory.peak');
  const swap = view.file('memory', 'memory.swap.current');
  return {
    files: [events, peak, swap],
    collect(sample) {
      v2Events.scan(events?.read());
      const { values } = v2Events;
      sample[FIELD.oomKills] = values[0] ?? Number.NaN;
      sample[FIELD.memoryOomEvents] = values[1] ?? Number.NaN;
      sample[FIELD.memoryMaxEvents] = values[2] ?? Number.NaN;
      sample[FIELD.memoryHighEvents] = values[3] ?? Number.NaN;
      // What v1 counts in memory.failcnt.
      sample[FIELD.memoryFailures] = values[2] ?? Number.NaN;
      storePeak(sample, peak);
      sample[FIELD.memorySwapBytes] = uintOrUnknown(swap?.read());
    },
  };
}

/** Before 5.18 memory.stat has no `kernel`: then it is the sum of its parts. */
function kernelBytes(stat: KeyedValues): number {
  let sum = 0;
  for (let part = 0; part < 5; part += 1) sum += kernelParts.value(stat, part) || 0;
  return sum;
}

function takeStat({ sample, details }: Target, content: Content | undefined, keys: StatKeys): void {
  const stat = content === undefined ? undefined : statText.read(content, details.memoryStat);
  details.memoryStat = stat;
  storeStat(sample, stat, keys);
  if (keys === V1 && (sample[FIELD.memoryLimitBytes] ?? 0) > V1_NO_LIMIT) sample[FIELD.memoryLimitBytes] = Infinity;
  if (keys === V2 && stat !== undefined && Number.isNaN(sample[FIELD.memoryKernelBytes]))
    sample[FIELD.memoryKernelBytes] = kernelBytes(stat);
}

const MEMORY_FIELDS: readonly Field[] = [
  'memoryUsageBytes',
  'memoryWorkingSetBytes',
  'memoryPeakBytes',
  'memoryFailures',
  'memoryKernelBytes',
  'memorySwapBytes',
  'memorySlabBytes',
  'oomKills',
  'memoryOomEvents',
  'memoryMaxEvents',
  'memoryHighEvents',
  ...V1.fields.filter((field) => field !== 'memoryLimitBytes'),
];

/**
 * Usage and working set (usage less inactive file, never below 0: what `docker stats` and the kubelet show), what it consists
 * of, its peak, and what went wrong. The limit of v1 comes from memory.stat, that of v2 from the limits collector.
 */
export const memory: Collector = {
  name: 'memory',
  fields: MEMORY_FIELDS,
  lists: ['memoryStat'],
  attach(view): Reader {
    const version = view.version('memory');
    const keys = version === 1 ? V1 : V2;
    const usage = view.file('memory', version === 1 ? 'memory.usage_in_bytes' : 'memory.current');
    const stat = view.file('memory', 'memory.stat');
    const extras = version === 1 ? v1Extras(view) : v2Extras(view);
    let usageAtStat = Number.NaN;
    const takeUsage = (target: Target, bytes: number, isDue: boolean): void => {
      const { sample } = target;
      if (isDue || Number.isNaN(usageAtStat) || movedALot(bytes, usageAtStat)) {
        takeStat(target, stat?.read(), keys);
        usageAtStat = bytes;
      }
      sample[FIELD.memoryUsageBytes] = bytes;
      sample[FIELD.memoryWorkingSetBytes] = Math.max(0, bytes - (sample[FIELD.memoryInactiveFileBytes] ?? Number.NaN));
      const peak = sample[FIELD.memoryPeakBytes] ?? Number.NaN;
      if (!(peak >= bytes)) sample[FIELD.memoryPeakBytes] = bytes;
    };
    const changed = (target: Target): void => {
      takeUsage(target, target.sample[FIELD.memoryUsageBytes] ?? Number.NaN, false);
    };
    const quick: readonly NumberFile[] = [{ file: usage, keys: [], fields: ['memoryUsageBytes'], per: [1], changed }];
    return {
      request(add, tick) {
        add(usage);
        if (!tick.slow) return;
        add(stat);
        for (const file of extras.files) add(file);
      },
      collect(target, tick) {
        const bytes = tick.numbered ? target.sample[FIELD.memoryUsageBytes] : uintOrUnknown(usage?.read());
        takeUsage(target, bytes ?? Number.NaN, tick.slow);
        if (tick.slow) extras.collect(target.sample);
      },
      quick: () => quick,
    };
  },
};
