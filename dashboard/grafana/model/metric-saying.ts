import type { AlertMetric } from '../../model/alert/metric.ts';

/** What of a target its series carry, and thus what has to be joined to know whose they are. */
export type Carrier =
  /** Series of cAdvisor's names: `id`, `name` and `image`; the rest is in `container_info`. */
  | 'container'
  /** Series of the stats agent that name a container by themselves, and outlive it. */
  | 'life'
  /** Series of the stats agent about its host. */
  | 'statsd'
  /** Series of the overlay agent about its host. */
  | 'flannel'
  /** Whether the stats or the overlay agent answers: its host is what it said of itself before. */
  | 'statsd-up'
  | 'flannel-up'
  /** Series of the dashboard about itself. */
  | 'self';

/** One metric of the live rules in PromQL. */
export type Saying = { readonly carrier: Carrier } & (
  | { readonly kind: 'series'; readonly metric: string }
  /** Made of several series at one moment. */
  | { readonly kind: 'formula'; readonly expression: string }
  /** Exists over a time only: what the live rules see from second to second. */
  | { readonly kind: 'rate'; readonly over: (window: string) => string }
  /** `without`: a label whose series are added up. */
  | { readonly kind: 'counter'; readonly selector: string; readonly without?: string }
  /** Whole numbers from the beginning of what they count on: their growth is exact. */
  | { readonly kind: 'events'; readonly metric: string }
);

const container = { carrier: 'container' } as const;
const life = { carrier: 'life' } as const;
const statsd = { carrier: 'statsd' } as const;

const summedRate =
  (metric: string, without: string) =>
  (window: string): string =>
    `sum without (${without}) (rate(${metric}[${window}]))`;

const containerCpu = summedRate('container_cpu_usage_seconds_total', 'cpu');
const CONTAINER_QUOTA = 'container_spec_cpu_quota / container_spec_cpu_period';

/** A share of the quota, and of the host's CPUs where there is none. */
function cpuOfLimit(window: string): string {
  const used = containerCpu(window);
  return `${used} / (${CONTAINER_QUOTA} or ${used} * 0 + on (job, instance) group_left () machine_cpu_cores)`;
}

const BUSY = 'mode=~"user|nice|system|irq|softirq|steal"';

function hostCpu(window: string): string {
  return `sum without (cpu, mode) (rate(node_cpu_seconds_total{${BUSY}}[${window}])) / machine_cpu_cores`;
}

const throttled = (window: string): string =>
  `rate(container_cpu_cfs_throttled_periods_total[${window}]) / (rate(container_cpu_cfs_periods_total[${window}]) > 0)`;

const ROOT = 'mountpoint="/"';
const AVAILABLE = `node_filesystem_avail_bytes{${ROOT}}`;

/** Of each host that has an overlay, with the network that it is in. */
const OVERLAY_MTU =
  '(weft_flannel_mtu_bytes > 0) * on (job, instance) group_left (backend, vni) weft_flannel_host_info';

/** Each metric of the live rules as the agents' `/metrics` tell it. */
export const SAYINGS: Readonly<Record<AlertMetric, Saying>> = {
  cpuCores: { ...container, kind: 'rate', over: containerCpu },
  cpuOfLimitRatio: { ...container, kind: 'rate', over: cpuOfLimit },
  cpuUsageSeconds: {
    ...container,
    kind: 'counter',
    selector: 'container_cpu_usage_seconds_total',
    without: 'cpu',
  },
  cpuThrottledSeconds: { ...container, kind: 'counter', selector: 'container_cpu_cfs_throttled_seconds_total' },
  memoryWorkingSetBytes: { ...container, kind: 'series', metric: 'container_memory_working_set_bytes' },
  memoryOfLimitRatio: {
    ...container,
    kind: 'formula',
    expression: 'container_memory_working_set_bytes / (container_spec_memory_limit_bytes > 0)',
  },
  blockReadBytesPerSecond: {
    ...container,
    kind: 'rate',
    over: summedRate('container_fs_reads_bytes_total', 'device'),
  },
  blockWriteBytesPerSecond: {
    ...container,
    kind: 'rate',
    over: summedRate('container_fs_writes_bytes_total', 'device'),
  },
  cpuThrottledRatio: { ...container, kind: 'rate', over: throttled },
  networkReceiveBytesPerSecond: {
    ...container,
    kind: 'rate',
    over: summedRate('container_network_receive_bytes_total', 'interface'),
  },
  networkTransmitBytesPerSecond: {
    ...container,
    kind: 'rate',
    over: summedRate('container_network_transmit_bytes_total', 'interface'),
  },
  pidsCurrent: { ...container, kind: 'series', metric: 'container_threads' },
  pidsOfLimitRatio: {
    ...container,
    kind: 'formula',
    expression: 'container_threads / (container_threads_max > 0)',
  },
  hostUnreachable: { carrier: 'statsd-up', kind: 'formula', expression: '1 - up' },
  hostCpuRatio: { ...statsd, kind: 'rate', over: hostCpu },
  hostMemoryRatio: {
    ...statsd,
    kind: 'formula',
    expression: '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes',
  },
  hostMemoryStalledSeconds: { ...statsd, kind: 'counter', selector: 'node_pressure_memory_stalled_seconds_total' },
  hostDiskAvailableBytes: { ...statsd, kind: 'series', metric: AVAILABLE },
  hostDiskAvailableRatio: {
    ...statsd,
    kind: 'formula',
    expression: `${AVAILABLE} / node_filesystem_size_bytes{${ROOT}}`,
  },
  // Its key in etcd runs out when the agent has gone, and when it does not reach etcd.
  overlayAbsent: {
    carrier: 'flannel-up',
    kind: 'formula',
    expression: '1 - (weft_flannel_etcd_connected or on (job, instance) up)',
  },
  overlayMtuGapBytes: {
    carrier: 'flannel',
    kind: 'formula',
    expression: `-(${OVERLAY_MTU} - on (backend, vni) group_left () max by (backend, vni) (${OVERLAY_MTU}))`,
  },
  oomKills: { ...life, kind: 'events', metric: 'weft_statsd_container_oom_kills_total' },
  restarts: { ...life, kind: 'events', metric: 'weft_statsd_container_restarts_total' },
  unexpectedExits: { ...life, kind: 'events', metric: 'weft_statsd_container_unexpected_exits_total' },
  unhealthy: { ...life, kind: 'series', metric: 'weft_statsd_container_unhealthy' },
  ruleFailing: { carrier: 'self', kind: 'series', metric: 'weft_dashboard_rule_failing' },
  channelBroken: { carrier: 'self', kind: 'series', metric: 'weft_dashboard_channel_broken' },
};
