import type { BlockDevice, ContainerDetails, InterfaceCounters, NetworkReading } from './details.ts';
import type { DockerBlock, DockerCpu, DockerInterface, DockerReading } from './docker-stats.ts';
import { digits, MAX_UINT64 } from './docker-text.ts';
import { FIELD, type Field } from './reading.ts';

/** What is kept of a container to tell the time before from now; copies, since the live values are filled anew at each tick. */
export interface Moment {
  readonly atUnixMs: number;
  readonly monotonicMs: number;
  readonly sample: Float64Array;
  readonly perCpuSeconds: Float64Array | undefined;
  /** CPU time of the whole machine. */
  readonly systemCpuSeconds: number;
}

export interface DockerHostFacts {
  readonly cgroupVersion: 1 | 2;
  readonly onlineCpus: number;
  readonly memoryTotalBytes: number;
}

const NANOS = 1e9;

const fieldOf = (sample: Float64Array, name: Field): number => sample[FIELD[name]] ?? Number.NaN;

export function dockerCpuOf(moment: Moment, host: DockerHostFacts): DockerCpu {
  const { sample, perCpuSeconds } = moment;
  const nanos = (name: Field): string | undefined => digits(fieldOf(sample, name) * NANOS);
  return {
    total: nanos('cpuUsageSeconds'),
    perCpu: perCpuSeconds === undefined ? undefined : Array.from(perCpuSeconds, (each) => digits(each * NANOS) ?? '0'),
    kernel: nanos('cpuSystemSeconds'),
    user: nanos('cpuUserSeconds'),
    system: digits(moment.systemCpuSeconds * NANOS),
    onlineCpus: host.onlineCpus,
    periods: digits(fieldOf(sample, 'cpuPeriods')),
    throttledPeriods: digits(fieldOf(sample, 'cpuThrottledPeriods')),
    throttledNs: nanos('cpuThrottledSeconds'),
  };
}

type Counts = readonly (readonly [op: string, value: number])[];

function blockEntries(devices: readonly BlockDevice[], counts: (device: BlockDevice) => Counts): DockerBlock[] {
  return devices.flatMap((device) =>
    counts(device).flatMap(([op, value]) => {
      const text = digits(value);
      return text === undefined ? [] : [{ major: device.major, minor: device.minor, op, value: text }];
    }),
  );
}

const v1Bytes = (device: BlockDevice): Counts => [
  ['Read', device.readBytes],
  ['Write', device.writeBytes],
  ['Sync', device.syncBytes],
  ['Async', device.asyncBytes],
  ['Discard', device.discardBytes],
  ['Total', device.readBytes + device.writeBytes + (device.discardBytes || 0)],
];
const v1Operations = (device: BlockDevice): Counts => [
  ['Read', device.reads],
  ['Write', device.writes],
  ['Sync', device.syncs],
  ['Async', device.asyncs],
  ['Discard', device.discards],
  ['Total', device.reads + device.writes + (device.discards || 0)],
];
const v2Bytes = (device: BlockDevice): Counts => [
  ['read', device.readBytes],
  ['write', device.writeBytes],
];

const interfaceOf = (counters: InterfaceCounters): DockerInterface => ({
  name: counters.name,
  counts: [
    counters.receiveBytes,
    counters.receivePackets,
    counters.receiveErrors,
    counters.receiveDropped,
    counters.transmitBytes,
    counters.transmitPackets,
    counters.transmitErrors,
    counters.transmitDropped,
  ].map((value) => digits(value)),
});

const interfacesOf = (network: NetworkReading): readonly DockerInterface[] | undefined =>
  network.kind === 'own' ? network.interfaces.map(interfaceOf) : undefined;

/**
 * Page cache in the names of both versions. memory.stat is read more seldom than the usage, and clients subtract the one from the
 * other in unsigned arithmetic: a byte too much would be 16 EiB.
 */
const PAGE_CACHE: ReadonlySet<string> = new Set([
  'cache',
  'total_cache',
  'inactive_file',
  'total_inactive_file',
  'file',
]);

function memoryStatOf({ memoryStat }: ContainerDetails, usage: number): [string, string][] {
  return (memoryStat?.keys ?? []).flatMap((key, index): [string, string][] => {
    const value = memoryStat?.values[index] ?? Number.NaN;
    const text = digits(PAGE_CACHE.has(key) && value > usage ? usage : value);
    return text === undefined ? [] : [[key, text]];
  });
}

/** v1 leaves the limit out where there is none, v2 prints the largest uint64. */
function pidsLimitOf(limit: number, version: 1 | 2): string | undefined {
  if (limit !== Infinity) return digits(limit);
  return version === 2 ? MAX_UINT64 : undefined;
}

/** A container as docker's API shows it, in the numbers of one moment. What is not known is left out. */
export function dockerReadingOf(moment: Moment, details: ContainerDetails, host: DockerHostFacts): DockerReading {
  const { sample } = moment;
  const value = (name: Field): string | undefined => digits(fieldOf(sample, name));
  const v1 = host.cgroupVersion === 1;
  const devices = details.blockDevices ?? [];
  const limit = fieldOf(sample, 'memoryLimitBytes');
  return {
    cgroupVersion: host.cgroupVersion,
    atUnixMs: moment.atUnixMs,
    cpu: dockerCpuOf(moment, host),
    pids: value('pidsCurrent'),
    pidsLimit: pidsLimitOf(fieldOf(sample, 'pidsLimit'), host.cgroupVersion),
    blockBytes: blockEntries(devices, v1 ? v1Bytes : v2Bytes),
    blockOperations: v1 ? blockEntries(devices, v1Operations) : [],
    memoryUsage: value('memoryUsageBytes'),
    memoryMax: value('memoryPeakBytes'),
    memoryFailures: value(v1 ? 'memoryFailures' : 'memoryOomEvents'),
    memoryLimit: digits(limit < host.memoryTotalBytes ? limit : host.memoryTotalBytes),
    memoryStat: memoryStatOf(details, fieldOf(sample, 'memoryUsageBytes')),
    interfaces: interfacesOf(details.network),
  };
}
