import type {
  ContainerView,
  FrameMessage,
  HistoryMessage,
  HostView,
  InventoryMessage,
  OverlayView,
  ServerView,
} from '../wire.ts';
import { HOST_VIEW_COLUMNS, VIEW_COLUMNS } from '../wire.ts';
import type { Cluster, ClusterHost } from './cluster.ts';
import type { ContainerRow } from './container-row.ts';
import { HISTORY_COLUMNS, HOST_HISTORY_COLUMNS } from './history.ts';

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
    containers: host.feed.rows.size,
    overlay: overlayView(host, etcd),
  };
}

export function containerView({ host, row }: PlacedRow): ContainerView {
  const { inventory } = row;
  return {
    key: row.key,
    nodeId: row.nodeId,
    hostName: host.name,
    name: inventory.name,
    runtime: inventory.runtime,
    image: inventory.image,
    labels: inventory.labels,
    state: host.state === 'stale' ? 'stale' : 'running',
    startedAtUnixMs: inventory.startedAtUnixMs,
    memoryLimitBytes: inventory.memoryLimitBytes,
    cpuLimitCores: inventory.cpuLimitCores,
    pidsLimit: inventory.pidsLimit,
  };
}

export function inventoryMessage(order: RowOrder, stamp: ViewStamp): InventoryMessage {
  return {
    inventoryVersion: stamp.inventoryVersion,
    timeUnixMs: stamp.nowUnixMs,
    server: stamp.server,
    hosts: order.hosts.map((host) => hostView(host, stamp.server.etcd)),
    containers: order.containers.map(containerView),
  };
}

function columnMajor(rows: readonly Float64Array[], columns: number): Uint8Array {
  const block = new Float32Array(rows.length * columns);
  for (const [index, values] of rows.entries()) {
    for (let column = 0; column < columns; column += 1) {
      block[column * rows.length + index] = values[column] ?? Number.NaN;
    }
  }
  return new Uint8Array(block.buffer);
}

/** One second of every row, as the page shows it. */
export function frameMessage(
  order: RowOrder,
  stamp: { readonly seq: number; readonly nowUnixMs: number; readonly inventoryVersion: number },
): FrameMessage {
  return {
    seq: stamp.seq,
    timeUnixMs: stamp.nowUnixMs,
    inventoryVersion: stamp.inventoryVersion,
    containers: columnMajor(
      order.containers.map(({ row }) => row.values),
      VIEW_COLUMNS.length,
    ),
    hosts: columnMajor(
      order.hosts.map((host) => host.feed.values),
      HOST_VIEW_COLUMNS.length,
    ),
  };
}

/** Five minutes in 60 points: what a sparkline can show. */
export const HISTORY_POINTS = 60;
export const HISTORY_STEP_MS = 5000;

/** The seconds up to which each point of a history reaches, oldest first. */
function pointEnds(endSecond: number): number[] {
  const stepSeconds = HISTORY_STEP_MS / 1000;
  return Array.from({ length: HISTORY_POINTS }, (_, point) => endSecond - (HISTORY_POINTS - 1 - point) * stepSeconds);
}

/** Sums over the hosts that told something at that time; NaN when none did. */
function clusterBlock({ hosts }: RowOrder, ends: readonly number[]): Uint8Array {
  const block = new Float32Array(HOST_HISTORY_COLUMNS.length * HISTORY_POINTS);
  for (let column = 0; column < HOST_HISTORY_COLUMNS.length; column += 1) {
    for (const [point, end] of ends.entries()) {
      const known = hosts
        .map(({ feed }) => feed.history.mean(column, end, HISTORY_STEP_MS / 1000))
        .filter((mean) => !Number.isNaN(mean));
      const sum = known.reduce((total, mean) => total + mean, 0);
      block[column * HISTORY_POINTS + point] = known.length === 0 ? Number.NaN : sum;
    }
  }
  return new Uint8Array(block.buffer);
}

/** The sparklines' past, ending with the current second. */
export function historyMessage(
  order: RowOrder,
  stamp: { readonly nowUnixMs: number; readonly inventoryVersion: number },
): HistoryMessage {
  const stepSeconds = HISTORY_STEP_MS / 1000;
  const endSecond = Math.floor(stamp.nowUnixMs / 1000);
  const ends = pointEnds(endSecond);
  const rows = order.containers.length;
  const block = new Float32Array(HISTORY_COLUMNS.length * rows * HISTORY_POINTS).fill(Number.NaN);
  for (const [index, { row }] of order.containers.entries()) {
    if (row.history === undefined) continue;
    for (let column = 0; column < HISTORY_COLUMNS.length; column += 1) {
      const start = (column * rows + index) * HISTORY_POINTS;
      for (const [point, end] of ends.entries()) block[start + point] = row.history.mean(column, end, stepSeconds);
    }
  }
  return {
    inventoryVersion: stamp.inventoryVersion,
    stepMs: HISTORY_STEP_MS,
    points: HISTORY_POINTS,
    endUnixMs: (endSecond + 1) * 1000,
    block: new Uint8Array(block.buffer),
    cluster: clusterBlock(order, ends),
  };
}
