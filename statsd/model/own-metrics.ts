import type { OwnMetric } from './exposition.ts';
import { escapeLabelValue } from './exposition.ts';

/** Durations and failures of one collector since the start. */
export interface CollectorCount {
  seconds: number;
  failures: number;
  /** 1 when no container failed at the last tick. */
  lastSuccess: 0 | 1;
}

/** What the agent counts of itself; one mutable record, rendered at each scrape. */
export interface OwnCounts {
  ticks: number;
  missedTicks: number;
  tickSeconds: number;
  lastTickSeconds: number;
  /** How late the last tick began: how long something else held the event loop. */
  lastTickLateSeconds: number;
  maxTickLateSeconds: number;
  births: number;
  deaths: number;
  rescans: number;
  rescanErrors: number;
  lastRescanFailed: boolean;
  readonly collectors: Map<string, CollectorCount>;
}

export function newOwnCounts(collectors: readonly string[]): OwnCounts {
  return {
    ticks: 0,
    missedTicks: 0,
    tickSeconds: 0,
    lastTickSeconds: Number.NaN,
    lastTickLateSeconds: Number.NaN,
    maxTickLateSeconds: Number.NaN,
    births: 0,
    deaths: 0,
    rescans: 0,
    rescanErrors: 0,
    lastRescanFailed: false,
    collectors: new Map(collectors.map((name) => [name, { seconds: 0, failures: 0, lastSuccess: 1 }])),
  };
}

export interface LinkCount {
  readonly url: string;
  readonly connected: boolean;
  readonly framesSent: number;
  readonly framesDropped: number;
  readonly framesBackfilled: number;
  readonly exitsDropped: number;
}

export interface ProcessFacts {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly openDescriptors: number;
  readonly startUnixSeconds: number;
}

export interface OwnFacts {
  readonly version: string;
  readonly kernel: string;
  readonly cpuCores: number;
  readonly memoryTotalBytes: number;
  readonly containers: number;
  readonly directories: number;
  readonly keptDescriptors: number;
  readonly intervalSeconds: number;
  readonly links: readonly LinkCount[];
  readonly process: ProcessFacts;
}

const gauge = (name: string, help: string, value: number): OwnMetric => ({
  name,
  help,
  type: 'gauge',
  values: [['', value]],
});
const counter = (name: string, help: string, value: number): OwnMetric => ({
  ...gauge(name, help, value),
  type: 'counter',
});

function linkMetrics(links: readonly LinkCount[]): OwnMetric[] {
  const per = (value: (link: LinkCount) => number): OwnMetric['values'] =>
    links.map((link) => [`dashboard="${escapeLabelValue(link.url)}"`, value(link)] as const);
  const counters: [string, string, (link: LinkCount) => number][] = [
    ['sent', 'Frames handed to the connection.', (link) => link.framesSent],
    ['dropped', 'Frames not sent because the connection was slow.', (link) => link.framesDropped],
    ['backfilled', 'Frames sent after the connection came back.', (link) => link.framesBackfilled],
  ];
  return [
    {
      name: 'weft_statsd_dashboard_connected',
      help: 'Whether the connection to a dashboard stands.',
      type: 'gauge',
      values: per((link) => Number(link.connected)),
    },
    ...counters.map(([word, help, value]): OwnMetric => ({
      name: `weft_statsd_frames_${word}_total`,
      help,
      type: 'counter',
      values: per(value),
    })),
    {
      name: 'weft_statsd_exits_dropped_total',
      help: 'Ends of containers that did not fit into the queue for an absent dashboard.',
      type: 'counter',
      values: per((link) => link.exitsDropped),
    },
  ];
}

function collectorMetrics(counts: OwnCounts): OwnMetric[] {
  const per = (value: (count: CollectorCount) => number): OwnMetric['values'] =>
    [...counts.collectors].map(([name, count]) => [`collector="${name}"`, value(count)] as const);
  return [
    {
      name: 'weft_statsd_collector_seconds_total',
      help: 'Time spent in each collector.',
      type: 'counter',
      values: per((count) => count.seconds),
    },
    {
      name: 'weft_statsd_collector_failures_total',
      help: 'Readings of one container that a collector could not understand.',
      type: 'counter',
      values: per((count) => count.failures),
    },
    {
      name: 'weft_statsd_collector_success',
      help: 'Whether a collector read every container at the last tick.',
      type: 'gauge',
      values: per((count) => count.lastSuccess),
    },
  ];
}

/** Everything on /metrics that is not about one container. */
export function ownMetrics(counts: OwnCounts, facts: OwnFacts): OwnMetric[] {
  const version = escapeLabelValue(facts.version);
  const kernel = escapeLabelValue(facts.kernel);
  return [
    {
      name: 'cadvisor_version_info',
      help: 'Constant 1; dashboards made for cAdvisor list their hosts by it.',
      type: 'gauge',
      // Without its labels in camelCase, which `promtool check metrics` refuses and no dashboard reads.
      values: [[`version="weft ${version}",kernel_version="${kernel}"`, 1]],
    },
    gauge('container_scrape_error', 'Whether the last search for containers failed.', Number(counts.lastRescanFailed)),
    gauge('machine_cpu_cores', 'CPUs that are online.', facts.cpuCores),
    gauge('machine_memory_bytes', 'Memory of the machine.', facts.memoryTotalBytes),
    { name: 'weft_statsd_build_info', help: 'Constant 1.', type: 'gauge', values: [[`version="${version}"`, 1]] },
    gauge('weft_statsd_containers', 'Living containers.', facts.containers),
    gauge('weft_statsd_cgroup_directories', 'Cgroup directories that are known.', facts.directories),
    gauge('weft_statsd_kept_descriptors', 'Cgroup files kept open.', facts.keptDescriptors),
    gauge('weft_statsd_interval_seconds', 'Time between two ticks.', facts.intervalSeconds),
    counter('weft_statsd_ticks_total', 'Ticks held.', counts.ticks),
    counter('weft_statsd_missed_ticks_total', 'Ticks that could not be held in time.', counts.missedTicks),
    counter('weft_statsd_tick_seconds_total', 'Time spent in ticks.', counts.tickSeconds),
    gauge('weft_statsd_tick_seconds', 'Duration of the last tick.', counts.lastTickSeconds),
    gauge('weft_statsd_tick_late_seconds', 'How late the last tick began.', counts.lastTickLateSeconds),
    gauge(
      'weft_statsd_tick_late_max_seconds',
      'How late the latest tick began since the start.',
      counts.maxTickLateSeconds,
    ),
    counter('weft_statsd_container_births_total', 'Containers that appeared.', counts.births),
    counter('weft_statsd_container_deaths_total', 'Containers that ended.', counts.deaths),
    counter('weft_statsd_scans_total', 'Full scans of the cgroup tree.', counts.rescans),
    counter('weft_statsd_scan_errors_total', 'Full scans that did not find the cgroup root.', counts.rescanErrors),
    ...collectorMetrics(counts),
    ...linkMetrics(facts.links),
    counter('process_cpu_seconds_total', 'CPU time of this process.', facts.process.cpuSeconds),
    gauge('process_resident_memory_bytes', 'Resident memory of this process.', facts.process.residentBytes),
    gauge('process_open_fds', 'Open descriptors of this process.', facts.process.openDescriptors),
    gauge('process_start_time_seconds', 'Unix time at which this process started.', facts.process.startUnixSeconds),
  ];
}
