import { batch, computed, signal } from '@preact/signals';
import type {
  AlertsMessage,
  AlertView,
  ContainerView,
  DevicesMessage,
  FrameMessage,
  HistoryMessage,
  HostView,
  InventoryMessage,
} from '../wire.ts';
import { learnServerTime } from './clock.ts';
import {
  decodeContainerBlock,
  decodeDetails,
  decodeHostBlock,
  patchBlock,
  withRows,
  type Block,
  type ContainerBlock,
  type DetailBlocks,
  type HostBlock,
} from './columns.ts';
import { rowIds } from './row-ids.ts';
import { stampRows, type RowStamps } from './row-stamps.ts';
import { loadSeries, recordSeries, retainSeries } from './sparkline-series.ts';
import { alertTransitions } from './transitions.ts';

/** The values as they were last told; a block is absent when the view is not sent it. */
export interface LastFrame {
  readonly timeUnixMs: number;
  readonly containers: ContainerBlock | undefined;
  readonly hosts: HostBlock | undefined;
  readonly details?: DetailBlocks | undefined;
}

/** The same, with what tells which rows changed. */
interface LiveFrame extends LastFrame {
  readonly containerStamps: RowStamps;
  readonly hostStamps: RowStamps;
}

export const inventory = signal<InventoryMessage | undefined>(undefined);
/** Moves on once a second: for whatever is made of many hosts, which would never stand still otherwise, and for lines. */
export const lastFrame = signal<LastFrame | undefined>(undefined);
/** Moves on with each animation frame that has news: for a row, whose numbers change when its host told them. */
export const liveFrame = signal<LiveFrame | undefined>(undefined);
export const alertsMessage = signal<AlertsMessage | undefined>(undefined);

/** Interfaces and block devices of what a container's page shows. */
export const devices = signal<DevicesMessage | undefined>(undefined);

/** The sentences that the live region reads; replaced at each change of an alert's state. */
export const announcement = signal('');

const NO_HOSTS: readonly HostView[] = [];
const NO_CONTAINERS: readonly ContainerView[] = [];
const NO_ALERTS: readonly AlertView[] = [];

/** Whether any values came: before, a table would be drawn twice. */
export const hasFrame = computed(() => lastFrame.value !== undefined);

export const hosts = computed(() => inventory.value?.hosts ?? NO_HOSTS);
export const containers = computed(() => inventory.value?.containers ?? NO_CONTAINERS);
export const alerts = computed(() => alertsMessage.value?.alerts ?? NO_ALERTS);

/** What each row of the frame's blocks is known by. */
export const idOfRow = computed(() => rowIds(containers.value));
/** Row of each container in the frame's blocks. */
export const rowOfContainer = computed(() => new Map(idOfRow.value.map((id, row) => [id, row])));
export const hostOfNode = computed(() => new Map(hosts.value.map((host) => [host.nodeId, host])));

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
  retainSeries({
    ids: new Set(rowIds(message.containers)),
    nodes: new Set(message.hosts.map(({ nodeId }) => nodeId)),
  });
  batch(() => {
    const before = inventory.value;
    inventory.value = message;
    if (before === undefined || newest === undefined) return;
    newest = reindexed(newest, before, message);
    calmAtMs = -Infinity;
    publish();
  });
}

/** The last values under the new rows, so that a container that comes or goes does not blank all others for a second. */
function reindexed(frame: LastFrame, before: InventoryMessage, after: InventoryMessage): LiveFrame {
  const containerRows = new Map(before.containers.map(({ key }, row) => [key, row]));
  const hostRows = new Map(before.hosts.map(({ nodeId }, row) => [nodeId, row]));
  stamp += 1;
  return {
    timeUnixMs: frame.timeUnixMs,
    containerStamps: stampRows(undefined, { rows: after.containers.length, stamp, changed: undefined }),
    hostStamps: stampRows(undefined, { rows: after.hosts.length, stamp, changed: undefined }),
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
  if (known?.inventoryVersion === message.inventoryVersion)
    loadSeries(message, { ids: idOfRow.value, hosts: known.hosts });
}

/** The frame that came last: a frame of changes is laid over the one just before it, and over no other. */
let shown: { readonly seq: number; readonly inventoryVersion: number } | undefined;

/** What came, and may not be shown before the next animation frame. */
let newest: LiveFrame | undefined;
let stamp = 0;

/** Lays a block of a frame over the one before. */
function overlaid<Column extends string>(
  before: Block<Column> | undefined,
  bytes: Uint8Array | ArrayBuffer,
  {
    changed,
    whole,
  }: { changed: FrameMessage['changed']; whole: (bytes: Uint8Array | ArrayBuffer) => Block<Column> | undefined },
): Block<Column> | undefined {
  if (changed === undefined) return whole(bytes);
  return before === undefined ? undefined : patchBlock(before, bytes, changed);
}

/** Whether a frame is whole, or changes the one that came last. */
function isApplicable({ changed, changedHosts, seq, inventoryVersion }: FrameMessage): boolean {
  if (changed === undefined && changedHosts === undefined) return true;
  return newest !== undefined && shown?.inventoryVersion === inventoryVersion && shown.seq + 1 === seq;
}

/** Values that changed; dropped when their inventory is not the one that is known. @returns `false` when a frame before it was missed, and a whole one is needed. */
export function applyFrame(message: FrameMessage): boolean {
  const known = inventory.value;
  if (known?.inventoryVersion !== message.inventoryVersion) return true;
  if (!isApplicable(message)) return false;
  const { changed, changedHosts } = message;
  const rows = { containers: known.containers.length, hosts: known.hosts.length };
  stamp += 1;
  newest = {
    timeUnixMs: message.timeUnixMs,
    containers: overlaid(newest?.containers, message.containers, {
      changed,
      whole: (bytes) => decodeContainerBlock(bytes, rows.containers),
    }),
    hosts: overlaid(newest?.hosts, message.hosts, {
      changed: changedHosts,
      whole: (bytes) => decodeHostBlock(bytes, rows.hosts),
    }),
    details: decodeDetails(message.details, rows),
    containerStamps: stampRows(newest?.containerStamps, { rows: rows.containers, stamp, changed }),
    hostStamps: stampRows(newest?.hostStamps, { rows: rows.hosts, stamp, changed: changedHosts }),
  };
  shown = { seq: message.seq, inventoryVersion: message.inventoryVersion };
  schedulePublish();
  return true;
}

/** A second, less what hosts' ticks are early at times: what one host tells each second is shown with its frame. */
const CALM_MS = 950;

let calmAtMs = -Infinity;
let calmTimer: ReturnType<typeof setTimeout> | undefined;
let isScheduled = false;

function schedulePublish(): void {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    publish();
  });
}

function publish(): void {
  batch(() => {
    liveFrame.value = newest;
    const waitMs = calmAtMs + CALM_MS - performance.now();
    clearTimeout(calmTimer);
    if (waitMs <= 0) publishCalm();
    else calmTimer = setTimeout(publishCalm, waitMs);
  });
}

/** Once a second: also the lines and this browser's idea of the server's clock. */
function publishCalm(): void {
  const known = inventory.value;
  const frame = newest;
  if (known === undefined || frame === undefined) return;
  calmAtMs = performance.now();
  recordSeries({ known, ids: idOfRow.value, frame });
  batch(() => {
    learnServerTime(frame.timeUnixMs);
    lastFrame.value = frame;
  });
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
  clearTimeout(calmTimer);
  newest = undefined;
  batch(() => {
    inventory.value = undefined;
    lastFrame.value = undefined;
    liveFrame.value = undefined;
    alertsMessage.value = undefined;
    devices.value = undefined;
    announcement.value = '';
  });
}
