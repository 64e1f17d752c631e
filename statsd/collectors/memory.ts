import { FlatKeys, singleUint } from '../model/cgroup-text.ts';
import { FIELD, type Collector, type Reader, type KernelFile } from '../model/reading.ts';

interface Layout {
  readonly usage: string;
  /** inactive file, cache, rss, and the effective limit where memory.stat tells it. */
  readonly stat: FlatKeys;
}

// v1's plain keys leave out child cgroups, so the total_ ones are the container.
const V1: Layout = {
  usage: 'memory.usage_in_bytes',
  stat: new FlatKeys(['total_inactive_file', 'total_cache', 'total_rss', 'hierarchical_memory_limit']),
};
const V2: Layout = { usage: 'memory.current', stat: new FlatKeys(['inactive_file', 'file', 'anon']) };

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

interface MemoryState {
  usageAtStat: number;
  inactiveFile: number;
}

function readStat(sample: Float64Array, parts: { stat: KernelFile; layout: Layout; state: MemoryState }): void {
  const { stat, layout, state } = parts;
  const length = stat.read();
  if (length < 0) layout.stat.values.fill(Number.NaN);
  else layout.stat.scan(stat.bytes, length);
  const [inactiveFile = Number.NaN, cache = Number.NaN, rss = Number.NaN, limit] = layout.stat.values;
  state.inactiveFile = inactiveFile;
  sample[FIELD.memoryCacheBytes] = cache;
  sample[FIELD.memoryRssBytes] = rss;
  if (limit !== undefined) sample[FIELD.memoryLimitBytes] = limit > V1_NO_LIMIT ? Infinity : limit;
}

/**
 * Usage and working set (usage less inactive file, never below 0: what `docker stats` and the kubelet show). The limit of v1
 * comes from memory.stat, that of v2 from the limits collector.
 */
export const memory: Collector = {
  name: 'memory',
  fields: ['memoryUsageBytes', 'memoryWorkingSetBytes', 'memoryCacheBytes', 'memoryRssBytes'],
  attach(view): Reader {
    const layout = view.version('memory') === 1 ? V1 : V2;
    const usage = view.file('memory', layout.usage);
    const stat = view.file('memory', 'memory.stat');
    const state: MemoryState = { usageAtStat: Number.NaN, inactiveFile: Number.NaN };
    return {
      collect(sample, tick) {
        const length = usage?.read() ?? -1;
        const bytes = usage === undefined || length < 0 ? Number.NaN : singleUint(usage.bytes, length, usage.path);
        if (
          stat !== undefined &&
          (tick.slow || Number.isNaN(state.usageAtStat) || movedALot(bytes, state.usageAtStat))
        ) {
          readStat(sample, { stat, layout, state });
          state.usageAtStat = bytes;
        }
        sample[FIELD.memoryUsageBytes] = bytes;
        sample[FIELD.memoryWorkingSetBytes] = Math.max(0, bytes - state.inactiveFile);
      },
    };
  },
};
