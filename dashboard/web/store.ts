import { batch, computed, signal } from '@preact/signals';
import type {
  AlertsMessage,
  AlertView,
  ContainerView,
  FrameMessage,
  HistoryMessage,
  HostView,
  InventoryMessage,
} from '../wire.ts';
import { learnServerTime } from './clock.ts';
import {
  decodeClusterHistory,
  decodeContainerBlock,
  decodeHistory,
  decodeHostBlock,
  valueAt,
  withRows,
  type ContainerBlock,
  type HostBlock,
} from './columns.ts';
import { clusterUsage, CPU_USAGE, MEMORY_USAGE } from './host-facts.ts';
import { SeriesTable, sinceFirstValue } from './series.ts';
import { alertTransitions } from './transitions.ts';

/** One second as it was last told; a block is absent when the view is not sent it. */
export interface LastFrame {
  readonly timeUnixMs: number;
  readonly containers: ContainerBlock | undefined;
  readonly hosts: HostBlock | undefined;
}

export const inventory = signal<InventoryMessage | undefined>(undefined);
export const lastFrame = signal<LastFrame | undefined>(undefined);
export const alertsMessage = signal<AlertsMessage | undefined>(undefined);

/** The sentences that the live region reads; replaced at each change of an alert's state. */
export const announcement = signal('');

const NO_HOSTS: readonly HostView[] = [];
const NO_CONTAINERS: readonly ContainerView[] = [];
const NO_ALERTS: readonly AlertView[] = [];

export const hosts = computed(() => inventory.value?.hosts ?? NO_HOSTS);
export const containers = computed(() => inventory.value?.containers ?? NO_CONTAINERS);
export const alerts = computed(() => alertsMessage.value?.alerts ?? NO_ALERTS);

/** Row of each container in the frame's blocks. */
export const rowOfContainer = computed(() => new Map(containers.value.map(({ key }, row) => [key, row])));
export const hostOfNode = computed(() => new Map(hosts.value.map((host) => [host.nodeId, host])));

/** The five minutes that a sparkline shows. */
const SPARKLINE_MS = 5 * 60_000;
const DEFAULT_STEP_MS = 5_000;

const shapeOf = (stepMs: number): { stepMs: number; points: number } => ({
  stepMs,
  points: Math.max(2, Math.round(SPARKLINE_MS / stepMs)),
});

let cpuHistory = new SeriesTable(shapeOf(DEFAULT_STEP_MS));
let memoryHistory = new SeriesTable(shapeOf(DEFAULT_STEP_MS));
let clusterSeries = new SeriesTable(shapeOf(DEFAULT_STEP_MS));
/** The line of a cluster that was just started is not squeezed into its last pixel. */
const LEAST_CLUSTER_POINTS = 6;

export const CLUSTER_CPU = 'cpuCores';
export const CLUSTER_MEMORY = 'memoryUsedBytes';

export const cpuSeries = (key: string): ReturnType<SeriesTable['view']> => cpuHistory.view(key);
export const memorySeries = (key: string): ReturnType<SeriesTable['view']> => memoryHistory.view(key);
/** Sums over the hosts of the last five minutes. */
export const clusterHistory = (id: string): ReturnType<SeriesTable['view']> =>
  sinceFirstValue(clusterSeries.view(id), LEAST_CLUSTER_POINTS);

/** How long after its start a server may know no host because their agents are still on the way back. */
const AGENTS_RETURN_MS = 10_000;

let heldBack: ReturnType<typeof setTimeout> | undefined;

/** A server that just started and knows nobody yet says nothing against the hosts that are on the page. */
function isBlankStart({ hosts: told, server, timeUnixMs }: InventoryMessage): boolean {
  return told.length === 0 && hosts.value.length > 0 && timeUnixMs - server.startedAtUnixMs < AGENTS_RETURN_MS;
}

/** The rows of the frames to come. */
export function applyInventory(message: InventoryMessage): void {
  clearTimeout(heldBack);
  if (isBlankStart(message)) heldBack = setTimeout(takeInventory, AGENTS_RETURN_MS, message);
  else takeInventory(message);
}

function takeInventory(message: InventoryMessage): void {
  learnServerTime(message.timeUnixMs);
  const keys = new Set(message.containers.map(({ key }) => key));
  cpuHistory.retain(keys);
  memoryHistory.retain(keys);
  batch(() => {
    const before = inventory.value;
    const frame = lastFrame.value;
    inventory.value = message;
    if (before !== undefined && frame !== undefined) lastFrame.value = reindexed(frame, before, message);
  });
}

/** The last values under the new rows, so that a container that comes or goes does not blank all others for a second. */
function reindexed(frame: LastFrame, before: InventoryMessage, after: InventoryMessage): LastFrame {
  const containerRows = new Map(before.containers.map(({ key }, row) => [key, row]));
  const hostRows = new Map(before.hosts.map(({ nodeId }, row) => [nodeId, row]));
  return {
    timeUnixMs: frame.timeUnixMs,
    containers: withRows(
      frame.containers,
      after.containers.map(({ key }) => containerRows.get(key) ?? -1),
    ),
    hosts: withRows(
      frame.hosts,
      after.hosts.map(({ nodeId }) => hostRows.get(nodeId) ?? -1),
    ),
  };
}

/** The past of the sparklines. */
export function applyHistory(message: HistoryMessage): void {
  const known = inventory.value;
  if (known?.inventoryVersion !== message.inventoryVersion) return;
  const past = decodeHistory(message, known.containers.length);
  cpuHistory = new SeriesTable(shapeOf(message.stepMs));
  memoryHistory = new SeriesTable(shapeOf(message.stepMs));
  loadCluster(message);
  if (past === undefined) return;
  known.containers.forEach(({ key }, row) => {
    const [from, to] = [row * message.points, (row + 1) * message.points];
    cpuHistory.load(key, past.cpuOfLimitRatio.subarray(from, to), message.endUnixMs);
    memoryHistory.load(key, past.memoryWorkingSetBytes.subarray(from, to), message.endUnixMs);
  });
}

function loadCluster(message: HistoryMessage): void {
  const sums = decodeClusterHistory(message);
  clusterSeries = new SeriesTable(shapeOf(message.stepMs));
  if (sums === undefined) return;
  clusterSeries.load(CLUSTER_CPU, sums.cpuCores, message.endUnixMs);
  clusterSeries.load(CLUSTER_MEMORY, sums.memoryUsedBytes, message.endUnixMs);
}

/** One second of values; dropped when its inventory is not the one that is known. */
export function applyFrame(message: FrameMessage): void {
  const known = inventory.value;
  if (known?.inventoryVersion !== message.inventoryVersion) return;
  const frame: LastFrame = {
    timeUnixMs: message.timeUnixMs,
    containers: decodeContainerBlock(message.containers, known.containers.length),
    hosts: decodeHostBlock(message.hosts, known.hosts.length),
  };
  recordContainers(known, frame);
  recordCluster(known, frame);
  batch(() => {
    learnServerTime(message.timeUnixMs);
    lastFrame.value = frame;
  });
}

function recordContainers(known: InventoryMessage, { timeUnixMs, containers: block }: LastFrame): void {
  if (block === undefined) return;
  cpuHistory.advanceTo(timeUnixMs);
  memoryHistory.advanceTo(timeUnixMs);
  known.containers.forEach((container, row) => {
    // What a stale host last said is not what its containers use now: the line ends.
    if (container.state === 'stale') return;
    cpuHistory.set(container.key, valueAt(block, 'cpuOfLimitRatio', row));
    memoryHistory.set(container.key, valueAt(block, 'memoryWorkingSetBytes', row));
  });
}

function recordCluster(known: InventoryMessage, { timeUnixMs, hosts: block }: LastFrame): void {
  if (block === undefined) return;
  clusterSeries.advanceTo(timeUnixMs);
  clusterSeries.set(CLUSTER_CPU, clusterUsage(known.hosts, block, CPU_USAGE).used);
  clusterSeries.set(CLUSTER_MEMORY, clusterUsage(known.hosts, block, MEMORY_USAGE).used);
}

export function applyAlerts(message: AlertsMessage): void {
  batch(() => {
    // The first message after opening the page is what already is; only what changes afterwards is announced.
    const news = alertsMessage.value === undefined ? [] : alertTransitions(alerts.value, message.alerts);
    alertsMessage.value = message;
    if (news.length > 0) announcement.value = news.join(' ');
  });
}

/** Forgets everything, after logging out. */
export function clearStore(): void {
  clearTimeout(heldBack);
  batch(() => {
    inventory.value = undefined;
    lastFrame.value = undefined;
    alertsMessage.value = undefined;
    announcement.value = '';
  });
}
