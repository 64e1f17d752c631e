import { FlatKeys, uintAt, uintOrUnknown, type Content } from '../model/cgroup-text.ts';
import {
  FIELD,
  type CgroupView,
  type Collector,
  type Field,
  type KernelFile,
  type NumberFile,
  type Reader,
  type Tick,
} from '../model/reading.ts';

// Shared by all containers: values are copied out right after each scan.
const V2_STAT = ['usage_usec', 'user_usec', 'system_usec', 'nr_periods', 'nr_throttled', 'throttled_usec'] as const;
const v2Stat = new FlatKeys(V2_STAT);
const V2_FIELDS: readonly Field[] = [
  'cpuUsageSeconds',
  'cpuUserSeconds',
  'cpuSystemSeconds',
  'cpuPeriods',
  'cpuThrottledPeriods',
  'cpuThrottledSeconds',
];
const V2_PER = [1e6, 1e6, 1e6, 1, 1, 1e6] as const;

const V1_THROTTLING = ['nr_periods', 'nr_throttled', 'throttled_time'] as const;
const v1Throttling = new FlatKeys(V1_THROTTLING);
const V1_THROTTLING_FIELDS: readonly Field[] = ['cpuPeriods', 'cpuThrottledPeriods', 'cpuThrottledSeconds'];
const V1_THROTTLING_PER = [1, 1, 1e9] as const;
const v1Modes = new FlatKeys(['user', 'system']);

/** The kernel's clock ticks as user space sees them; 100 on every Linux. */
const USER_HZ = 100;
const SPACE = 0x20;

function storeKeyed(
  sample: Float64Array,
  { values }: FlatKeys,
  { fields, per }: Pick<NumberFile, 'fields' | 'per'>,
): void {
  for (const [index, field] of fields.entries())
    sample[FIELD[field]] = (values[index] ?? Number.NaN) / (per[index] ?? 1);
}

function attachV2(view: CgroupView): Reader {
  const stat = view.file('cpu', 'cpu.stat');
  const quick: readonly NumberFile[] = [{ file: stat, keys: V2_STAT, fields: V2_FIELDS, per: V2_PER }];
  return {
    request(add) {
      add(stat);
    },
    collect({ sample }, tick) {
      if (tick.numbered) return;
      v2Stat.scan(stat?.read());
      storeKeyed(sample, v2Stat, { fields: V2_FIELDS, per: V2_PER });
    },
    quick: () => quick,
  };
}

/** cpuacct.usage_percpu: nanoseconds for each possible CPU, one space after each. Fills `before` when it has the length. */
export function parsePerCpu(content: Content, before?: Float64Array): Float64Array | undefined {
  const { bytes, start, end } = content;
  const seconds: number[] = [];
  for (let at = start; at < end; at += 1) {
    const nanos = uintAt(bytes, at, end);
    if (Number.isNaN(nanos)) break;
    seconds.push(nanos / 1e9);
    while (at < end && bytes[at] !== SPACE) at += 1;
  }
  if (seconds.length === 0) return undefined;
  if (before?.length !== seconds.length) return Float64Array.from(seconds);
  before.set(seconds);
  return before;
}

interface V1Files {
  readonly usage: KernelFile | undefined;
  readonly perCpu: KernelFile | undefined;
  /** In steps of 10 ms. */
  readonly modes: KernelFile | undefined;
  /** The same time in microseconds, from the v2 tree. */
  readonly finerModes: KernelFile | undefined;
  readonly throttling: KernelFile | undefined;
}

function storeModes(sample: Float64Array, { modes, finerModes }: V1Files, tick: Tick): void {
  const keys = tick.unified ? v2Stat : v1Modes;
  keys.scan((tick.unified ? finerModes : modes)?.read());
  const [first, perSecond] = tick.unified ? [1, 1e6] : [0, USER_HZ];
  sample[FIELD.cpuUserSeconds] = (keys.values[first] ?? Number.NaN) / perSecond;
  sample[FIELD.cpuSystemSeconds] = (keys.values[first + 1] ?? Number.NaN) / perSecond;
}

function attachV1(view: CgroupView): Reader {
  const files: V1Files = {
    usage: view.file('cpuacct', 'cpuacct.usage'),
    perCpu: view.file('cpuacct', 'cpuacct.usage_percpu'),
    modes: view.file('cpuacct', 'cpuacct.stat'),
    finerModes: view.unifiedFile('cpu.stat'),
    throttling: view.version('cpu') === 1 ? view.file('cpu', 'cpu.stat') : undefined,
  };
  const { usage, perCpu, throttling } = files;
  const usageNumber: NumberFile = { file: usage, keys: [], fields: ['cpuUsageSeconds'], per: [1e9] };
  const throttlingNumbers: NumberFile = {
    file: throttling,
    keys: V1_THROTTLING,
    fields: V1_THROTTLING_FIELDS,
    per: V1_THROTTLING_PER,
  };
  const quick: readonly NumberFile[] = [usageNumber];
  const quickLimited: readonly NumberFile[] = [usageNumber, throttlingNumbers];
  /** Without a quota the counters of throttling stand still. */
  let limited = false;
  return {
    request(add, tick) {
      add(usage);
      if (limited || tick.slow) add(throttling);
      if (!tick.slow) return;
      add(perCpu);
      const modes = tick.unified ? files.finerModes : files.modes;
      add(modes);
    },
    collect({ sample, details }, tick) {
      if (!tick.numbered) sample[FIELD.cpuUsageSeconds] = uintOrUnknown(usage?.read()) / 1e9;
      if (limited ? !tick.numbered : tick.slow) {
        v1Throttling.scan(throttling?.read());
        storeKeyed(sample, v1Throttling, throttlingNumbers);
      }
      limited = Number.isFinite(sample[FIELD.cpuQuotaMicros]);
      if (!tick.slow) return;
      const content = perCpu?.read();
      details.perCpuSeconds = content === undefined ? undefined : parsePerCpu(content, details.perCpuSeconds);
      storeModes(sample, files, tick);
    },
    quick: () => (limited ? quickLimited : quick),
  };
}

/**
 * CPU time, in all, by mode and by CPU, and throttling: cpuacct.* and cpu.stat (v1), cpu.stat (v2, whose usage needs no
 * controller, and which has no time for each CPU).
 */
export const cpu: Collector = {
  name: 'cpu',
  fields: [
    'cpuUsageSeconds',
    'cpuUserSeconds',
    'cpuSystemSeconds',
    'cpuThrottledSeconds',
    'cpuPeriods',
    'cpuThrottledPeriods',
  ],
  lists: ['perCpuSeconds'],
  attach: (view) => (view.version('cpuacct') === 1 ? attachV1(view) : attachV2(view)),
};
