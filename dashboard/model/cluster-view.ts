import type { ContainerView, HistoryMessage, HostView, InventoryMessage, OverlayView, ServerView } from '../wire.ts';
import { HOST_VIEW_COLUMNS, VIEW_COLUMNS } from '../view-wire.ts';
import type { Cluster, ClusterHost } from './cluster.ts';
import { ownLine, type ContainerRow } from './container-row.ts';
import { CONTAINER_HISTORY_COLUMNS, HOST_HISTORY_COLUMNS } from './history/columns.ts';

/** One container with the host it runs on. */
export interface PlacedRow {
  readonly host: ClusterHost;
  readonly row: ContainerRow;
}

/** The order of rows in an inventory and in the frames that follow it. */
export interface RowOrder {
  readonly hosts: readonly ClusterHost[];
  readonly containers: readonly PlacedRow[];
}

/** Hosts by name, containers by host and name; ties by key, so that equal names keep their places. */
export function rowOrder(cluster: Cluster): RowOrder {
  const hosts = [...cluster.hosts.values()].sort((a, b) => byText(a.name, b.name) || byText(a.nodeId, b.nodeId));
  const containers = hosts.flatMap((host) =>
    [...host.feed.rows.values()]
      .map((row) => ({ host, row }))
      .sort((a, b) => byText(a.row.inventory.name, b.row.inventory.name) || byText(a.row.key, b.row.key)),
  );
  return { hosts, containers };
}

/** How many of an order's containers are on each node. */
export function containersByNode({ containers }: RowOrder): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { row } of containers) counts.set(row.nodeId, (counts.get(row.nodeId) ?? 0) + 1);
  return counts;
}

function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export interface ViewStamp {
  readonly inventoryVersion: number;
  readonly nowUnixMs: number;
  /** Whether etcd answers; without it nothing is said of the overlay's presence. */
  readonly server: ServerView;
}

function overlayView(host: ClusterHost, etcd: ServerView['etcd']): OverlayView | undefined {
  if (host.overlay === undefined) return undefined;
  const { presence, present } = host.overlay;
  return {
    subnet: presence.subnet,
    publicIp: presence.publicIp,
    vtepMac: presence.vtepMac,
    vni: presence.vni,
    mtu: presence.mtu,
    backendType: presence.backendType,
    present: etcd === 'connected' ? present : undefined,
  };
}

export function hostView(host: ClusterHost, etcd: ServerView['etcd']): HostView {
  const facts = host.feed.host;
  return {
    nodeId: host.nodeId,
    name: host.name,
    state: host.state,
    lastFrameUnixMs: host.feed.lastReceived?.nowUnixMs,
    kernel: facts?.kernel,
    cgroupMode: facts?.cgroupMode,
    cpuCores: facts?.cpuCores,
    memoryTotalBytes: facts?.memoryTotalBytes,
    agentVersion: facts?.agentVersion,
    bootTimeUnixMs: facts?.bootTimeUnixMs,
    tags: facts?.tags ?? {},
    fullestMount: host.feed.fullestMount,
    containers: host.feed.rows.size,
    overlay: overlayView(host, etcd),
  };
}

/** What it is doing; of a silent host's nobody knows. */
export function containerState({ host, row }: PlacedRow): ContainerView['state'] {
  if (host.state === 'stale') return 'stale';
  return row.inventory.state === 'paused' ? 'paused' : 'running';
}

export function containerView({ host, row }: PlacedRow): ContainerView {
  const { inventory } = row;
  return {
    key: row.key,
    series: row.line?.key,
    nodeId: row.nodeId,
    hostName: host.name,
    name: inventory.name,
    runtime: inventory.runtime,
    image: inventory.image,
    labels: inventory.labels,
    state: containerState({ host, row }),
    startedAtUnixMs: inventory.startedAtUnixMs,
    memoryLimitBytes: inventory.memoryLimitBytes,
    cpuLimitCores: inventory.cpuLimitCores,
    pidsLimit: inventory.pidsLimit,
    health: inventory.health,
    restartCount: inventory.restartCount,
    network: inventory.network,
  };
}

/** Rows and what is said of them. All of them are the view unless `totalContainers` says that there are more. */
export function inventoryMessage(
  order: RowOrder,
  stamp: ViewStamp,
  totalContainers: number = order.containers.length,
): InventoryMessage {
  return {
    inventoryVersion: stamp.inventoryVersion,
    timeUnixMs: stamp.nowUnixMs,
    server: stamp.server,
    hosts: order.hosts.map((host) => hostView(host, stamp.server.etcd)),
    containers: order.containers.map(containerView),
    totalContainers,
  };
}

/** The same columns of several rows, column after column. */
export function columnMajor(
  rows: readonly Float64Array[],
  columns: number = rows[0]?.length ?? 0,
): Float32Array<ArrayBuffer> {
  const block = new Float32Array(rows.length * columns);
  for (const [index, values] of rows.entries()) {
    for (let column = 0; column < columns; column += 1) {
      block[column * rows.length + index] = values[column] ?? Number.NaN;
    }
  }
  return block;
}

/** The containers' values of now, column after column. */
export function containerBlock({ containers }: RowOrder): Float32Array<ArrayBuffer> {
  return columnMajor(
    containers.map(({ row }) => row.values),
    VIEW_COLUMNS.length,
  );
}

/** The hosts' values of now, column after column. */
export function hostBlock({ hosts }: RowOrder): Float32Array<ArrayBuffer> {
  return columnMajor(
    hosts.map((host) => host.feed.values),
    HOST_VIEW_COLUMNS.length,
  );
}

/** Five minutes in 60 points: what a sparkline can show. */
export const HISTORY_POINTS = 60;
export const HISTORY_STEP_MS = 5000;

/** The seconds up to which each point of a history reaches, oldest first. */
function pointEnds(endSecond: number): number[] {
  const stepSeconds = HISTORY_STEP_MS / 1000;
  return Array.from({ length: HISTORY_POINTS }, (_, point) => endSecond - (HISTORY_POINTS - 1 - point) * stepSeconds);
}

const HOST_LANES = [HOST_HISTORY_COLUMNS.indexOf('cpuCores'), HOST_HISTORY_COLUMNS.indexOf('memoryUsedBytes')];

const hostMean = ({ feed }: ClusterHost, lane: number, end: number): number =>
  feed.line?.seconds.mean(lane, end, HISTORY_STEP_MS / 1000) ?? Number.NaN;

/** CPU and then memory, host after host. */
function hostsBlock(hosts: readonly ClusterHost[], ends: readonly number[]): Uint8Array {
  const values = HOST_LANES.flatMap((lane) => hosts.flatMap((host) => ends.map((end) => hostMean(host, lane, end))));
  return new Uint8Array(Float32Array.from(values).buffer);
}

/** Sums over the hosts that told something at that time, CPU and then memory; NaN when none did. */
function clusterBlock({ hosts }: RowOrder, ends: readonly number[]): Uint8Array {
  const block = new Float32Array(HOST_LANES.length * HISTORY_POINTS);
  for (const [column, lane] of HOST_LANES.entries()) {
    for (const [point, end] of ends.entries()) {
      const known = hosts.map((host) => hostMean(host, lane, end)).filter((mean) => !Number.isNaN(mean));
      const sum = known.reduce((total, mean) => total + mean, 0);
      block[column * HISTORY_POINTS + point] = known.length === 0 ? Number.NaN : sum;
    }
  }
  return new Uint8Array(block.buffer);
}

const CPU_LANE = CONTAINER_HISTORY_COLUMNS.indexOf('cpuCores');
const MEMORY_LANE = CONTAINER_HISTORY_COLUMNS.indexOf('memoryWorkingSetBytes');

/** The sparklines' past, ending with the current second. Shares are of the limits of now. */
export function historyMessage(
  order: RowOrder,
  stamp: { readonly nowUnixMs: number; readonly inventoryVersion: number; readonly withHosts?: boolean },
): HistoryMessage {
  const stepSeconds = HISTORY_STEP_MS / 1000;
  const endSecond = Math.floor(stamp.nowUnixMs / 1000);
  const ends = pointEnds(endSecond);
  const rows = order.containers.length;
  const block = new Float32Array(2 * rows * HISTORY_POINTS).fill(Number.NaN);
  for (const [index, { host, row }] of order.containers.entries()) {
    const seconds = ownLine(row)?.seconds;
    if (seconds === undefined) continue;
    const limitCores = row.inventory.cpuLimitCores ?? host.feed.host?.cpuCores ?? Number.NaN;
    const cpu = index * HISTORY_POINTS;
    const memory = (rows + index) * HISTORY_POINTS;
    for (const [point, end] of ends.entries()) {
      block[cpu + point] = seconds.mean(CPU_LANE, end, stepSeconds) / limitCores;
      block[memory + point] = seconds.mean(MEMORY_LANE, end, stepSeconds);
    }
  }
  return {
    inventoryVersion: stamp.inventoryVersion,
    stepMs: HISTORY_STEP_MS,
    points: HISTORY_POINTS,
    endUnixMs: (endSecond + 1) * 1000,
    block: new Uint8Array(block.buffer),
    cluster: clusterBlock(order, ends),
    ...(stamp.withHosts === true ? { hosts: hostsBlock(order.hosts, ends) } : {}),
  };
}
