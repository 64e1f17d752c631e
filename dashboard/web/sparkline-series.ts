import type { HistoryMessage, HostView, InventoryMessage } from '../wire.ts';
import {
  decodeClusterHistory,
  decodeHistory,
  decodeHostHistory,
  valueAt,
  type ContainerBlock,
  type HostBlock,
} from './columns.ts';
import { clusterUsage, CPU_USAGE, MEMORY_USAGE } from './host-facts.ts';
import { SeriesTable, sinceFirstValue } from './series.ts';

/** The five minutes that a sparkline shows. */
const SPARKLINE_MS = 5 * 60_000;
const DEFAULT_STEP_MS = 5_000;

const shapeOf = (stepMs: number): { stepMs: number; points: number } => ({
  stepMs,
  points: Math.max(2, Math.round(SPARKLINE_MS / stepMs)),
});

let cpuHistory = new SeriesTable(shapeOf(DEFAULT_STEP_MS));
let memoryHistory = new SeriesTable(shapeOf(DEFAULT_STEP_MS));
let hostCpuHistory = new SeriesTable(shapeOf(DEFAULT_STEP_MS));
let hostMemoryHistory = new SeriesTable(shapeOf(DEFAULT_STEP_MS));
let clusterSeries = new SeriesTable(shapeOf(DEFAULT_STEP_MS));
/** The line of a cluster that was just started is not squeezed into its last pixel. */
const LEAST_CLUSTER_POINTS = 6;

export const CLUSTER_CPU = 'cpuCores';
export const CLUSTER_MEMORY = 'memoryUsedBytes';

export const cpuSeries = (id: string): ReturnType<SeriesTable['view']> => cpuHistory.view(id);
export const memorySeries = (id: string): ReturnType<SeriesTable['view']> => memoryHistory.view(id);
/** Cores in use of a host, by its node. */
export const hostCpuSeries = (nodeId: string): ReturnType<SeriesTable['view']> => hostCpuHistory.view(nodeId);
export const hostMemorySeries = (nodeId: string): ReturnType<SeriesTable['view']> => hostMemoryHistory.view(nodeId);
/** Sums over the hosts of the last five minutes. */
export const clusterHistory = (id: string): ReturnType<SeriesTable['view']> =>
  sinceFirstValue(clusterSeries.view(id), LEAST_CLUSTER_POINTS);

/** Whose past a history message tells, in its order. */
interface Rows {
  readonly ids: readonly string[];
  readonly hosts: readonly HostView[];
}

/** The past of these rows. */
export function loadSeries(message: HistoryMessage, { ids, hosts }: Rows): void {
  const past = decodeHistory(message, ids.length);
  cpuHistory = new SeriesTable(shapeOf(message.stepMs));
  memoryHistory = new SeriesTable(shapeOf(message.stepMs));
  loadCluster(message);
  loadHosts(message, hosts);
  if (past === undefined) return;
  ids.forEach((id, row) => {
    const [from, to] = [row * message.points, (row + 1) * message.points];
    cpuHistory.load(id, past.cpuOfLimitRatio.subarray(from, to), message.endUnixMs);
    memoryHistory.load(id, past.memoryWorkingSetBytes.subarray(from, to), message.endUnixMs);
  });
}

function loadHosts(message: HistoryMessage, hosts: readonly HostView[]): void {
  const past = decodeHostHistory(message, hosts.length);
  hostCpuHistory = new SeriesTable(shapeOf(message.stepMs));
  hostMemoryHistory = new SeriesTable(shapeOf(message.stepMs));
  if (past === undefined) return;
  for (const [row, { nodeId }] of hosts.entries()) {
    const [from, to] = [row * message.points, (row + 1) * message.points];
    hostCpuHistory.load(nodeId, past.cpuCores.subarray(from, to), message.endUnixMs);
    hostMemoryHistory.load(nodeId, past.memoryUsedBytes.subarray(from, to), message.endUnixMs);
  }
}

function loadCluster(message: HistoryMessage): void {
  const sums = decodeClusterHistory(message);
  clusterSeries = new SeriesTable(shapeOf(message.stepMs));
  if (sums === undefined) return;
  clusterSeries.load(CLUSTER_CPU, sums.cpuCores, message.endUnixMs);
  clusterSeries.load(CLUSTER_MEMORY, sums.memoryUsedBytes, message.endUnixMs);
}

/** What the lines of rows that left are not needed for any more. */
export function retainSeries({
  ids,
  nodes,
}: {
  readonly ids: ReadonlySet<string>;
  readonly nodes: ReadonlySet<string>;
}): void {
  cpuHistory.retain(ids);
  memoryHistory.retain(ids);
  hostCpuHistory.retain(nodes);
  hostMemoryHistory.retain(nodes);
}

/** One second of the rows of an inventory. */
interface Second {
  readonly known: InventoryMessage;
  readonly ids: readonly string[];
  readonly frame: {
    readonly timeUnixMs: number;
    readonly containers: ContainerBlock | undefined;
    readonly hosts: HostBlock | undefined;
  };
}

/** Adds a second to all lines. */
export function recordSeries({ known, ids, frame: { timeUnixMs, containers, hosts } }: Second): void {
  if (containers !== undefined) {
    cpuHistory.advanceTo(timeUnixMs);
    memoryHistory.advanceTo(timeUnixMs);
    ids.forEach((id, row) => {
      // What a stale host last said is not what its containers use now: the line ends.
      if (known.containers[row]?.state === 'stale') return;
      cpuHistory.set(id, valueAt(containers, 'cpuOfLimitRatio', row));
      memoryHistory.set(id, valueAt(containers, 'memoryWorkingSetBytes', row));
    });
  }
  if (hosts === undefined) return;
  recordHosts(known.hosts, hosts, timeUnixMs);
  clusterSeries.advanceTo(timeUnixMs);
  clusterSeries.set(CLUSTER_CPU, clusterUsage(known.hosts, hosts, CPU_USAGE).used);
  clusterSeries.set(CLUSTER_MEMORY, clusterUsage(known.hosts, hosts, MEMORY_USAGE).used);
}

function recordHosts(known: readonly HostView[], block: HostBlock, timeUnixMs: number): void {
  hostCpuHistory.advanceTo(timeUnixMs);
  hostMemoryHistory.advanceTo(timeUnixMs);
  for (const [row, { nodeId, state }] of known.entries()) {
    if (state === 'stale') continue;
    hostCpuHistory.set(nodeId, valueAt(block, 'cpuCores', row));
    hostMemoryHistory.set(nodeId, valueAt(block, 'memoryUsedBytes', row));
  }
}
