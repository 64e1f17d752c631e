import { z } from 'zod';
import type { DevicesAnswer, DevicesRequest } from './device-wire.ts';

/** The socket.io namespace of a dashboard that agents dial. */
export const AGENT_NAMESPACE = '/agent';

/** Version of this contract; a dashboard refuses another one with a sentence. */
export const AGENT_WIRE_VERSION = 1;

/**
 * Columns of a frame's container block, in this order. Counters are cumulative and rates are made by the reader; a value
 * that could not be read is NaN, never 0.
 */
export const CONTAINER_COLUMNS = [
  'cpuUsageSeconds',
  'cpuThrottledSeconds',
  'memoryUsageBytes',
  'memoryWorkingSetBytes',
  'blockReadBytes',
  'blockWriteBytes',
  'pidsCurrent',
] as const;

/**
 * Columns of a frame's `extra` block after version 1's own, in this order; the inventory names those that an agent sends, so
 * that a dashboard finds each by its name and later agents may add some.
 */
export const CONTAINER_EXTRA_COLUMNS = [
  'cpuUserSeconds',
  'cpuSystemSeconds',
  'cpuPeriods',
  'cpuThrottledPeriods',
  'memoryRssBytes',
  'memoryCacheBytes',
  'memoryShmemBytes',
  'memorySlabBytes',
  'memoryKernelBytes',
  'memorySwapBytes',
  'memoryPeakBytes',
  'memoryFailures',
  'oomKills',
  'pageFaults',
  'majorPageFaults',
  'blockReads',
  'blockWrites',
  'networkReceiveBytes',
  'networkReceivePackets',
  'networkReceiveErrors',
  'networkReceiveDropped',
  'networkTransmitBytes',
  'networkTransmitPackets',
  'networkTransmitErrors',
  'networkTransmitDropped',
  'cpuWaitingSeconds',
  'cpuStalledSeconds',
  'memoryWaitingSeconds',
  'memoryStalledSeconds',
  'ioWaitingSeconds',
  'ioStalledSeconds',
  'hugePagesBytes',
] as const;

/** The host's part of a frame's `extra` block, in this order, after the containers' columns. */
export const HOST_EXTRA_COLUMNS = [
  'load5',
  'load15',
  'cpuUserSeconds',
  'cpuSystemSeconds',
  'cpuIowaitSeconds',
  'cpuStealSeconds',
  'cpuIdleSeconds',
  'swapTotalBytes',
  'swapFreeBytes',
  'cpuWaitingSeconds',
  'memoryWaitingSeconds',
  'memoryStalledSeconds',
  'ioWaitingSeconds',
  'ioStalledSeconds',
  'diskReadBytes',
  'diskWrittenBytes',
  'networkReceiveBytes',
  'networkTransmitBytes',
  'rootSizeBytes',
  'rootAvailableBytes',
  'fullestSizeBytes',
  'fullestAvailableBytes',
] as const;

/** Values of a frame's host block, in this order; NaN where unavailable. */
export const HOST_COLUMNS = ['cpuBusySeconds', 'memoryTotalBytes', 'memoryAvailableBytes', 'load1'] as const;

/** Names and labels are others' to choose: half a surrogate pair is no character, and no address can be made of it. */
const text = (most: number) =>
  z
    .string()
    .max(most)
    .overwrite((given) => given.toWellFormed());
const name = text(256);
/** Longer paths of mounts are cut. */
export const MAX_MOUNT = 1024;
/** A word of a list that may grow: readers show one they do not know as it is. */
const word = text(32);
const tags = z.record(text(128), text(256));
const exitCode = z.number().int();
/** What JavaScript has dates for. A number beyond is no time: it fits no column of a database, and no date can be made of it. */
const unixMs = z.number().min(0).max(8.64e15);
/** What cannot be a time is not known; the rest of what is said stays. */
const maybeUnixMs = unixMs.optional().catch(undefined);
const maybeDurationMs = z.number().nonnegative().max(8.64e15).optional().catch(undefined);

/** What an agent says of itself when it dials; the handshake's `auth`. */
export const agentHandshakeSchema = z.object({
  v: z.number().int(),
  token: text(512),
  nodeId: text(64).min(1),
  hostname: text(253),
});

export type AgentHandshake = z.infer<typeof agentHandshakeSchema>;

/** Bounds every string that a container's owner controls. */
export const containerInventorySchema = z.object({
  /** Stable for the life of the cgroup: `<runtime>:<id>`. */
  key: text(512).min(1),
  id: text(256),
  name,
  runtime: word,
  /** `container`, `sandbox` (holds a pod's namespaces), `build`, `machine` (LXC, nspawn), `vm` or `service`; absent is `container`. */
  kind: word.optional(),
  /** `running`, `paused` or `exited`; absent when it cannot be told. */
  state: word.optional(),
  /** Key of the container that this one runs in; the outer one's numbers include it. */
  parent: text(512).optional(),
  image: name.optional(),
  /** What it belongs to: `compose_project`, `kube_namespace`, `kube_pod`, `nomad_job`, … */
  tags: tags.optional(),
  createdAtUnixMs: maybeUnixMs,
  /** How often its runtime started it again. */
  restartCount: z.number().int().nonnegative().optional(),
  /** `starting`, `healthy` or `unhealthy`; absent without a health check. */
  health: word.optional(),
  labels: z.record(text(128), text(256)),
  cgroupPath: text(4096),
  startedAtUnixMs: maybeUnixMs,
  /** Effective limit over all ancestors; absent when there is none. */
  memoryLimitBytes: z.number().positive().optional(),
  /** Cores the quota allows, such as 0.5; absent when there is none. */
  cpuLimitCores: z.number().positive().optional(),
  pidsLimit: z.number().positive().optional(),
  /** CPUs that its cpuset allows; absent when they are all of the host's. */
  cpusetCpus: z.number().int().positive().optional(),
  /** Whose network counters it shows. `host`: none, since they are the host's; absent: not known (yet). */
  network: z.enum(['own', 'shared', 'host']).optional(),
  /** Containers with the same number share one network namespace, and show the same counters. */
  netnsInode: z.number().optional(),
});

export type ContainerInventory = z.infer<typeof containerInventorySchema>;

/** How a container ended; what nobody tells is absent. */
export const exitFactsSchema = z.object({
  atUnixMs: unixMs,
  /** As the runtime wrote it: 128 and the signal's number after a signal. */
  exitCode: exitCode.optional(),
  oomKilled: z.boolean().optional(),
  ranForMs: maybeDurationMs,
});

export type ExitInventory = z.infer<typeof exitFactsSchema>;

/** A container that ended lately; it has no row in frames. */
export const exitedContainerSchema = containerInventorySchema.extend({ exit: exitFactsSchema });

export type ExitedInventory = z.infer<typeof exitedContainerSchema>;

export const hostInventorySchema = z.object({
  nodeId: text(64).min(1),
  hostname: text(253),
  agentVersion: text(64),
  kernel: text(256),
  cgroupMode: z.enum(['v1', 'hybrid', 'v2']),
  cpuCores: z.number().int().positive(),
  memoryTotalBytes: z.number().positive(),
  bootTimeUnixMs: maybeUnixMs,
  intervalMs: z.number().positive(),
  /** `ADDRESS:PORT` of the agent's status server, or absent when it is off. */
  statusListen: z.string().optional(),
  /** What the operator says of this host: `--tag zone=a`. */
  tags: tags.optional(),
  /** Requests with an answer that this agent knows: {@link DEVICES_REQUEST}; absent from agents that know none. */
  answers: z.array(word).max(16).optional(),
});

export type HostInventory = z.infer<typeof hostInventorySchema>;

/** Sent once after connecting and again whenever the set of containers, or what is said of one, changes. */
export const inventorySchema = z.object({
  v: z.literal(AGENT_WIRE_VERSION),
  /** Grows by one with each inventory; frames name the one that their rows follow. */
  tableVersion: z.number().int().nonnegative(),
  host: hostInventorySchema,
  /** Row order of the frames with this table version. */
  containers: z.array(containerInventorySchema).max(20_000),
  /** What the frames' `extra` blocks hold; absent from agents that send none. */
  extraColumns: z.array(text(64)).max(256).optional(),
  hostExtraColumns: z.array(text(64)).max(256).optional(),
  /** Containers that ended lately, oldest first; bounded in count and age by the agent. */
  exited: z.array(exitedContainerSchema).max(1000).optional(),
});

export type Inventory = z.infer<typeof inventorySchema>;

/** One tick. Both blocks are little-endian Float64. */
export const frameSchema = z.object({
  v: z.literal(AGENT_WIRE_VERSION),
  /** Grows by one each tick of this agent process, also for frames that were dropped on the way. */
  seq: z.number().int().nonnegative(),
  timeUnixMs: unixMs,
  /** Monotonic clock next to the read, for exact rates; restarts with the agent. */
  monotonicMs: z.number(),
  tableVersion: z.number().int().nonnegative(),
  /** {@link CONTAINER_COLUMNS} one after the other, each with one value per container of the table. */
  containers: z.instanceof(Uint8Array),
  /** {@link HOST_COLUMNS}. */
  host: z.instanceof(Uint8Array),
  /** The inventory's `extraColumns`, laid out as `containers`, then its `hostExtraColumns`. */
  extra: z.instanceof(Uint8Array).optional(),
  /** Where the file system is mounted that `fullestSizeBytes` and `fullestAvailableBytes` are of; absent from agents that send none. */
  fullestMount: text(MAX_MOUNT).optional().catch(undefined),
});

export type Frame = z.infer<typeof frameSchema>;

/** The end of a container, sent once, reliably. */
export const containerExitSchema = z.object({
  v: z.literal(AGENT_WIRE_VERSION),
  key: text(512),
  atUnixMs: unixMs,
  oomKilled: z.boolean().optional(),
  /** Known when the runtime wrote it before this was sent; else it follows with the inventory's `exited`. */
  exitCode: exitCode.optional(),
  ranForMs: maybeDurationMs,
});

export type ContainerExit = z.infer<typeof containerExitSchema>;

/** Frames that a dashboard takes in one back-fill. */
export const MAX_BACKFILL_FRAMES = 5;

/** Frames that an agent sends in one: each carries three blocks, and socket.io ends a connection that sends more than ten in a message. */
export const BACKFILL_FRAMES = 3;

export interface AgentToDashboard {
  inventory(inventory: Inventory): void;
  /** Volatile: dropped when the connection is slow. */
  frame(frame: Frame): void;
  /** Frames that were taken while the connection was away, oldest first, at most {@link MAX_BACKFILL_FRAMES} a call. */
  backfill(frames: readonly Frame[]): void;
  exit(exit: ContainerExit): void;
}

/** How long an agent may be asked to wait between two frames at most, milliseconds: a dashboard cannot silence it. */
export const MAX_PACE_MS = 10_000;

/** How often a dashboard wants frames. */
export const paceSchema = z.object({
  /** Time between two frames, milliseconds; 0 for every frame that is taken. */
  everyMs: z.number().int().nonnegative().max(MAX_PACE_MS),
});

export type PaceRequest = z.infer<typeof paceSchema>;

export interface DashboardToAgent {
  /**
   * Nobody looks: fewer frames will do; or somebody does, and the frames that were kept back are sent as `backfill`. Frames with news (an end, a kill for memory) are
   * sent at once all the same. Agents of before send every frame.
   */
  pace(request: PaceRequest): void;
  /** Asks for a fresh inventory: a frame named a table that the dashboard does not have. */
  resync(): void;
  /** Asks what frames do not carry; answered after the next tick. Only agents whose inventory `answers` it know it. */
  devices(request: DevicesRequest, answer: (answer: DevicesAnswer) => void): void;
}

/** Reads a block of the frame as Float64 columns; `undefined` when its length does not fit the shape. */
export function float64Columns(block: Uint8Array, columns: number, rows: number): Float64Array | undefined {
  if (block.byteLength !== columns * rows * 8) return undefined;
  const copy = new Uint8Array(block.byteLength);
  copy.set(block);
  return new Float64Array(copy.buffer);
}
