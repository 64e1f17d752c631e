import type { OwnMetric } from './exposition.ts';
import { escapeLabelValue } from './exposition.ts';
import { ownCounter as counter, ownGauge as gauge } from './own-metric.ts';
import { intakeMetrics, pushMetrics, type IntakeFacts, type PushFacts } from './statsd-metrics.ts';

/** Durations and failures of one collector since the start. */
export interface CollectorCount {
  seconds: number;
  lastSeconds: number;
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
  /** Of the last tick, how long nothing else could run: parsing and publishing. */
  lastHeldSeconds: number;
  /** The parsing part of that. */
  lastTakeSeconds: number;
  /** How late the last tick began: how long something else held the event loop. */
  lastTickLateSeconds: number;
  maxTickLateSeconds: number;
  births: number;
  deaths: number;
  rescans: number;
  rescanErrors: number;
  lastRescanFailed: boolean;
  /** By how much the CPU budget stretches the interval; 1 is not at all. */
  stretch: number;
  /** Kills for memory, of living and dead containers. */
  oomKills: number;
  oomKillsOfEnded: number;
  readonly collectors: Map<string, CollectorCount>;
}

export function newOwnCounts(collectors: readonly string[]): OwnCounts {
  return {
    ticks: 0,
    missedTicks: 0,
    tickSeconds: 0,
    lastTickSeconds: Number.NaN,
    lastHeldSeconds: Number.NaN,
    lastTakeSeconds: Number.NaN,
    lastTickLateSeconds: Number.NaN,
    maxTickLateSeconds: Number.NaN,
    births: 0,
    deaths: 0,
    rescans: 0,
    rescanErrors: 0,
    lastRescanFailed: false,
    stretch: 1,
    oomKills: 0,
    oomKillsOfEnded: 0,
    collectors: new Map(
      collectors.map((name) => [name, { seconds: 0, lastSeconds: Number.NaN, failures: 0, lastSuccess: 1 }]),
    ),
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

/** What became of clients that keep an answer open. */
export interface StreamCount {
  readonly open: number;
  readonly refused: number;
  readonly framesDropped: number;
  readonly clientsDropped: number;
}

export interface OwnFacts {
  readonly version: string;
  /** Of the host, as dashboards are told. */
  readonly hostname: string;
  readonly nodeId: string;
  readonly kernel: string;
  readonly cpuCores: number;
  readonly memoryTotalBytes: number;
  readonly containers: number;
  readonly directories: number;
  readonly keptDescriptors: number;
  readonly intervalSeconds: number;
  readonly links: readonly LinkCount[];
  /** Series left out of all scrapes so far. */
  readonly droppedSeries: number;
  /** `undefined` when no StatsD daemon is told. */
  readonly push: PushFacts | undefined;
  /** `undefined` when no StatsD is taken. */
  readonly intake: IntakeFacts | undefined;
  /** By what the stream gives. */
  readonly streams: Readonly<Record<string, StreamCount>>;
  readonly process: ProcessFacts;
}

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

function streamMetrics(streams: OwnFacts['streams']): OwnMetric[] {
  const per = (value: (count: StreamCount) => number): OwnMetric['values'] =>
    Object.entries(streams).map(([stream, count]) => [`stream="${stream}"`, value(count)] as const);
  const counters: [string, string, (count: StreamCount) => number][] = [
    ['streams_refused', 'Streams refused because too many were open.', (count) => count.refused],
    ['stream_frames_dropped', 'Frames not sent because a client was slow.', (count) => count.framesDropped],
    ['stream_clients_dropped', 'Clients let go because they took nothing.', (count) => count.clientsDropped],
  ];
  return [
    {
      name: 'weft_statsd_streams_open',
      help: 'Clients that keep an answer open.',
      type: 'gauge',
      values: per((count) => count.open),
    },
    ...counters.map(([name, help, value]): OwnMetric => ({
      name: `weft_statsd_${name}_total`,
      help,
      type: 'counter',
      values: per(value),
    })),
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
      name: 'weft_statsd_collector_last_seconds',
      help: 'Time that the last run of each collector took.',
      type: 'gauge',
      values: per((count) => count.lastSeconds),
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
    {
      name: 'weft_statsd_host_info',
      help: 'Constant 1: what the host is called in the dashboard, to join with.',
      type: 'gauge',
      values: [[`host="${escapeLabelValue(facts.hostname)}",node_id="${escapeLabelValue(facts.nodeId)}"`, 1]],
    },
    gauge('weft_statsd_containers', 'Living containers.', facts.containers),
    gauge('weft_statsd_cgroup_directories', 'Cgroup directories that are known.', facts.directories),
    gauge('weft_statsd_kept_descriptors', 'Cgroup files kept open.', facts.keptDescriptors),
    gauge('weft_statsd_interval_seconds', 'Time between two ticks.', facts.intervalSeconds),
    gauge(
      'weft_statsd_interval_stretch',
      'By how much the CPU budget stretches the time between two ticks; 1 is not at all.',
      counts.stretch,
    ),
    counter('weft_statsd_oom_kills_total', 'Kills for memory in containers, dead ones included.', counts.oomKills),
    counter('weft_statsd_ticks_total', 'Ticks held.', counts.ticks),
    counter('weft_statsd_missed_ticks_total', 'Ticks that could not be held in time.', counts.missedTicks),
    counter('weft_statsd_tick_seconds_total', 'Time spent in ticks.', counts.tickSeconds),
    gauge('weft_statsd_tick_seconds', 'Duration of the last tick.', counts.lastTickSeconds),
    gauge(
      'weft_statsd_tick_held_seconds',
      'How long the last tick held the event loop; the rest of it was waiting for the kernel on another thread.',
      counts.lastHeldSeconds,
    ),
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
    counter(
      'weft_statsd_series_dropped_total',
      'Series of containers left out of /metrics because of --metrics-max-series, at each scrape.',
      facts.droppedSeries,
    ),
    ...streamMetrics(facts.streams),
    ...pushMetrics(facts.push),
    ...intakeMetrics(facts.intake),
    counter('process_cpu_seconds_total', 'CPU time of this process.', facts.process.cpuSeconds),
    gauge('process_resident_memory_bytes', 'Resident memory of this process.', facts.process.residentBytes),
    gauge('process_open_fds', 'Open descriptors of this process.', facts.process.openDescriptors),
    gauge('process_start_time_seconds', 'Unix time at which this process started.', facts.process.startUnixSeconds),
  ];
}
