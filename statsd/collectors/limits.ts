import { CgroupTextError, singleUint, textOf, uintOrMax, uintOrUnknown, type Content } from '../model/cgroup-text.ts';
import { parseCpuList } from '../model/cpu-list.ts';
import {
  FIELD,
  NO_NUMBERS,
  type CgroupView,
  type Collector,
  type Field,
  type KernelFile,
  type Tick,
} from '../model/reading.ts';

/** A file of the container, and the same of its ancestors. */
interface Line {
  readonly own: KernelFile | undefined;
  readonly above: readonly KernelFile[];
}

const lineOf = (view: CgroupView, controller: string, name: string): Line => ({
  own: view.limitFile(controller, name),
  above: view.ancestry(controller, name),
});

const maxOrUnknown = (content: Content | undefined): number =>
  content === undefined ? Number.NaN : uintOrMax(content);

/** NaN gives way to the other. */
const lesser = (a: number, b: number): number => (Number.isNaN(a) || b < a ? b : a);

/** The smallest over the container and its ancestors; `Infinity` when nobody sets one, NaN when nobody has the file. */
function smallest({ own, above }: Line): number {
  return above.reduce((least, file) => lesser(least, maxOrUnknown(file.read())), maxOrUnknown(own?.read()));
}

interface Bandwidth {
  readonly quotaMicros: number;
  readonly periodMicros: number;
}

const UNKNOWN: Bandwidth = { quotaMicros: Number.NaN, periodMicros: Number.NaN };

/** `max 100000` or `50000 100000`. @throws {CgroupTextError} */
export function parseCpuMax(content: Content): Bandwidth {
  const text = textOf(content);
  const match = /^(max|\d+) (\d+)\s*$/.exec(text);
  if (match === null) throw new CgroupTextError(content.path, text);
  return { quotaMicros: match[1] === 'max' ? Infinity : Number(match[1]), periodMicros: Number(match[2]) };
}

/** cpu.cfs_quota_us is -1 for none. @throws {CgroupTextError} */
function readCfs(quota: KernelFile | undefined, period: KernelFile | undefined): Bandwidth {
  const content = quota?.read();
  if (content === undefined) return UNKNOWN;
  const quotaMicros = content.bytes[content.start] === 0x2d ? Infinity : singleUint(content);
  return { quotaMicros, periodMicros: uintOrUnknown(period?.read()) };
}

interface Bandwidths {
  readonly files: readonly (KernelFile | undefined)[];
  readonly above: readonly KernelFile[];
  /** The container's own first. */
  read(): Bandwidth[];
}

function bandwidthsOf(view: CgroupView): Bandwidths {
  if (view.version('cpu') === 1) {
    const quota = lineOf(view, 'cpu', 'cpu.cfs_quota_us');
    const period = lineOf(view, 'cpu', 'cpu.cfs_period_us');
    return {
      files: [quota.own, period.own],
      above: [...quota.above, ...period.above],
      read: () => [
        readCfs(quota.own, period.own),
        ...quota.above.map((file, index) => readCfs(file, period.above[index])),
      ],
    };
  }
  const max = lineOf(view, 'cpu', 'cpu.max');
  const readOne = (file: KernelFile | undefined): Bandwidth => {
    const content = file?.read();
    return content === undefined ? UNKNOWN : parseCpuMax(content);
  };
  return { files: [max.own], above: max.above, read: () => [readOne(max.own), ...max.above.map(readOne)] };
}

/** v2's weight of 1 to 10,000 as the shares of v1 that runtimes make it from. An idle cgroup (`cpu.idle`) has a weight of 0 and no shares. */
const sharesOf = (weight: number): number =>
  weight >= 1 ? Math.round(2 + ((weight - 1) * 262_142) / 9999) : Number.NaN;

/** v1 prints the largest page-aligned 63-bit number for "no limit". */
const noneAbove = (bytes: number): number => (bytes > 2 ** 62 ? Infinity : bytes);

interface Single {
  readonly field: Field;
  readonly file: KernelFile | undefined;
  readonly parse: (content: Content | undefined) => number;
}

/** Limits that are the container's own alone. */
function singlesOf(view: CgroupView): Single[] {
  const [cpu1, memory1, cpuset1] = ['cpu', 'memory', 'cpuset'].map((name) => view.version(name) === 1);
  const v1Bytes = (content: Content | undefined): number => noneAbove(uintOrUnknown(content));
  return [
    {
      field: 'cpuShares',
      file: view.file('cpu', cpu1 === true ? 'cpu.shares' : 'cpu.weight'),
      parse: (content) => (cpu1 === true ? uintOrUnknown(content) : sharesOf(uintOrUnknown(content))),
    },
    {
      field: 'memorySwapLimitBytes',
      file: view.file('memory', memory1 === true ? 'memory.memsw.limit_in_bytes' : 'memory.swap.max'),
      parse: memory1 === true ? v1Bytes : maxOrUnknown,
    },
    {
      field: 'memoryReservationBytes',
      file: view.file('memory', memory1 === true ? 'memory.soft_limit_in_bytes' : 'memory.low'),
      parse: memory1 === true ? v1Bytes : maxOrUnknown,
    },
    {
      field: 'cpusetCpus',
      file: view.file('cpuset', cpuset1 === true ? 'cpuset.effective_cpus' : 'cpuset.cpus.effective'),
      parse: (content) => (content === undefined ? Number.NaN : parseCpuList(textOf(content))),
    },
  ];
}

/**
 * Limits on CPU, memory and pids; the kernel applies those of all ancestors. Nothing tells of a change, so they are read at each
 * slow turn, from files that stay open; where descriptors have run out, at rare turns. v1's memory limit is in memory.stat and read by
 * the memory collector.
 */
export const limits: Collector = {
  name: 'limits',
  fields: [
    'cpuQuotaMicros',
    'cpuPeriodMicros',
    'cpuLimitCores',
    'cpuShares',
    'cpusetCpus',
    'memorySwapLimitBytes',
    'memoryReservationBytes',
    'pidsLimit',
  ],
  attach(view) {
    const memoryMax = view.version('memory') === 2 ? lineOf(view, 'memory', 'memory.max') : undefined;
    const pidsMax = lineOf(view, 'pids', 'pids.max');
    const bandwidths = bandwidthsOf(view);
    const singles = singlesOf(view);
    const above = [...(memoryMax?.above ?? []), ...pidsMax.above, ...bandwidths.above];
    const own = [memoryMax?.own, pidsMax.own, ...bandwidths.files, ...singles.map(({ file }) => file)];
    const isDue = ({ slow, rare }: Tick): boolean => rare || (slow && own.every((file) => file?.isOpenedAnew !== true));
    return {
      request(add, tick) {
        if (isDue(tick)) for (const file of own) add(file);
      },
      collect({ sample }, tick) {
        if (!isDue(tick)) return;
        if (memoryMax !== undefined) sample[FIELD.memoryLimitBytes] = smallest(memoryMax);
        sample[FIELD.pidsLimit] = smallest(pidsMax);
        const all = bandwidths.read();
        sample[FIELD.cpuQuotaMicros] = all[0]?.quotaMicros ?? Number.NaN;
        sample[FIELD.cpuPeriodMicros] = all[0]?.periodMicros ?? Number.NaN;
        sample[FIELD.cpuLimitCores] = all.reduce(
          (least, { quotaMicros, periodMicros }) =>
            lesser(least, quotaMicros === Infinity ? Infinity : quotaMicros / periodMicros),
          Number.NaN,
        );
        for (const { field, file, parse } of singles) sample[FIELD[field]] = parse(file?.read());
      },
      beside: above,
      quick: () => NO_NUMBERS,
    };
  },
};
