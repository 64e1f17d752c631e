import type { ViewColumn } from '../../view-wire.ts';
import { columnIndex } from '../container-row.ts';
import type { ClusterHost } from '../cluster.ts';
import { COUNTERS, type CounterName, type HostReading } from '../frame-layout.ts';
import type { ContainerLife } from './lifecycle.ts';
import type { AlertTarget, Subject } from './target.ts';

export type Unit = 'ratio' | 'cores' | 'bytes' | 'bytesPerSecond' | 'seconds' | 'count' | 'yes';

interface Metric {
  readonly subject: Subject;
  readonly unit: Unit;
  /** A cumulative counter: only `rate` and `increase` mean something. */
  readonly counter?: true;
  /** Is known also of a host that does not report. */
  readonly alwaysKnown?: true;
  readonly read: (target: AlertTarget) => number;
}

const column =
  (name: ViewColumn) =>
  ({ row }: AlertTarget): number =>
    row?.values[columnIndex(name)] ?? Number.NaN;

const counter =
  (name: CounterName) =>
  ({ row }: AlertTarget): number =>
    row?.counters?.[COUNTERS.indexOf(name)] ?? Number.NaN;

const ofHost =
  (read: (host: ClusterHost) => number) =>
  ({ host }: AlertTarget): number =>
    host === undefined ? Number.NaN : read(host);

const ofLife =
  (read: (life: ContainerLife) => number) =>
  ({ life }: AlertTarget): number =>
    life === undefined ? Number.NaN : read(life);

const ofSelf =
  (name: string) =>
  ({ self }: AlertTarget): number =>
    self?.metric === name ? self.value : Number.NaN;

/** How much smaller a host's overlay MTU is than that of its VNI's other hosts; filled in by the targets of a pass. */
const mtuGap = ({ mtuGapBytes }: AlertTarget): number => mtuGapBytes ?? Number.NaN;

function hostCpuRatio({ feed }: ClusterHost): number {
  return (feed.values[0] ?? Number.NaN) / (feed.host?.cpuCores ?? Number.NaN);
}

function hostMemoryRatio({ feed }: ClusterHost): number {
  return (feed.values[1] ?? Number.NaN) / (feed.host?.memoryTotalBytes ?? Number.NaN);
}

const hostReading =
  (name: keyof HostReading) =>
  ({ host }: AlertTarget): number =>
    host?.feed.reading?.[name] ?? Number.NaN;

function diskRatio({ feed: { reading } }: ClusterHost): number {
  return (reading?.rootAvailableBytes ?? Number.NaN) / (reading?.rootSizeBytes ?? Number.NaN);
}

function overlayAbsent({ overlay }: ClusterHost): number {
  return overlay === undefined ? Number.NaN : Number(!overlay.present);
}

const METRICS = {
  cpuCores: { subject: 'container', unit: 'cores', read: column('cpuCores') },
  cpuOfLimitRatio: { subject: 'container', unit: 'ratio', read: column('cpuOfLimitRatio') },
  cpuUsageSeconds: { subject: 'container', unit: 'seconds', counter: true, read: counter('cpuUsageSeconds') },
  cpuThrottledSeconds: { subject: 'container', unit: 'seconds', counter: true, read: counter('cpuThrottledSeconds') },
  memoryWorkingSetBytes: { subject: 'container', unit: 'bytes', read: column('memoryWorkingSetBytes') },
  memoryOfLimitRatio: { subject: 'container', unit: 'ratio', read: column('memoryOfLimitRatio') },
  blockReadBytesPerSecond: { subject: 'container', unit: 'bytesPerSecond', read: column('blockReadBytesPerSecond') },
  blockWriteBytesPerSecond: { subject: 'container', unit: 'bytesPerSecond', read: column('blockWriteBytesPerSecond') },
  cpuThrottledRatio: { subject: 'container', unit: 'ratio', read: column('cpuThrottledRatio') },
  networkReceiveBytesPerSecond: {
    subject: 'container',
    unit: 'bytesPerSecond',
    read: column('networkReceiveBytesPerSecond'),
  },
  networkTransmitBytesPerSecond: {
    subject: 'container',
    unit: 'bytesPerSecond',
    read: column('networkTransmitBytesPerSecond'),
  },
  pidsCurrent: { subject: 'container', unit: 'count', read: column('pidsCurrent') },
  pidsOfLimitRatio: {
    subject: 'container',
    unit: 'ratio',
    read: ({ row }: AlertTarget) =>
      (row?.values[columnIndex('pidsCurrent')] ?? Number.NaN) / (row?.inventory.pidsLimit ?? Number.NaN),
  },
  hostUnreachable: {
    subject: 'host',
    unit: 'yes',
    alwaysKnown: true,
    // A host that only its overlay announces has no stats agent to miss.
    read: ofHost(({ state, feed, expected }) =>
      feed.lastReceived === undefined && !expected ? Number.NaN : Number(state === 'stale'),
    ),
  },
  hostCpuRatio: { subject: 'host', unit: 'ratio', read: ofHost(hostCpuRatio) },
  hostMemoryRatio: { subject: 'host', unit: 'ratio', read: ofHost(hostMemoryRatio) },
  hostMemoryStalledSeconds: {
    subject: 'host',
    unit: 'seconds',
    counter: true,
    read: hostReading('memoryStalledSeconds'),
  },
  hostDiskAvailableBytes: {
    subject: 'host',
    unit: 'bytes',
    read: hostReading('rootAvailableBytes'),
  },
  hostDiskAvailableRatio: { subject: 'host', unit: 'ratio', read: ofHost(diskRatio) },
  overlayAbsent: { subject: 'host', unit: 'yes', alwaysKnown: true, read: ofHost(overlayAbsent) },
  overlayMtuGapBytes: { subject: 'host', unit: 'bytes', alwaysKnown: true, read: mtuGap },
  oomKills: { subject: 'life', unit: 'count', counter: true, read: ofLife(({ oomKills }) => oomKills) },
  restarts: { subject: 'life', unit: 'count', counter: true, read: ofLife(({ restarts }) => restarts) },
  unexpectedExits: { subject: 'life', unit: 'count', counter: true, read: ofLife((life) => life.unexpectedExits) },
  unhealthy: { subject: 'life', unit: 'yes', read: ofLife(({ unhealthy }) => unhealthy) },
  ruleFailing: { subject: 'self', unit: 'yes', alwaysKnown: true, read: ofSelf('ruleFailing') },
  channelBroken: { subject: 'self', unit: 'yes', alwaysKnown: true, read: ofSelf('channelBroken') },
} as const satisfies Readonly<Record<string, Metric>>;

export type AlertMetric = keyof typeof METRICS;

export const ALERT_METRICS: readonly AlertMetric[] = Object.keys(METRICS).filter(isMetric);

export function isMetric(name: string): name is AlertMetric {
  return Object.hasOwn(METRICS, name);
}

/** What is known of a metric: whose it is, its unit, how it is read. */
export function metricInfo(name: AlertMetric): Metric {
  return METRICS[name];
}
