import { z } from 'zod';

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

/** Values of a frame's host block, in this order; NaN where unavailable. */
export const HOST_COLUMNS = ['cpuBusySeconds', 'memoryTotalBytes', 'memoryAvailableBytes', 'load1'] as const;

const name = z.string().max(256);

/** What an agent says of itself when it dials; the handshake's `auth`. */
export const agentHandshakeSchema = z.object({
  v: z.number().int(),
  token: z.string().max(512),
  nodeId: z.string().min(1).max(64),
  hostname: z.string().max(253),
});

export type AgentHandshake = z.infer<typeof agentHandshakeSchema>;

/** Bounds every string that a container's owner controls. */
export const containerInventorySchema = z.object({
  /** Stable for the life of the cgroup: `<runtime>:<id>`. */
  key: z.string().min(1).max(512),
  id: z.string().max(256),
  name,
  runtime: z.string().max(32),
  image: name.optional(),
  labels: z.record(z.string().max(128), z.string().max(256)),
  cgroupPath: z.string().max(4096),
  startedAtUnixMs: z.number().optional(),
  /** Effective limit over all ancestors; absent when there is none. */
  memoryLimitBytes: z.number().positive().optional(),
  /** Cores the quota allows, such as 0.5; absent when there is none. */
  cpuLimitCores: z.number().positive().optional(),
  pidsLimit: z.number().positive().optional(),
});

export type ContainerInventory = z.infer<typeof containerInventorySchema>;

export const hostInventorySchema = z.object({
  nodeId: z.string().min(1).max(64),
  hostname: z.string().max(253),
  agentVersion: z.string().max(64),
  kernel: z.string().max(256),
  cgroupMode: z.enum(['v1', 'hybrid', 'v2']),
  cpuCores: z.number().int().positive(),
  memoryTotalBytes: z.number().positive(),
  bootTimeUnixMs: z.number().optional(),
  intervalMs: z.number().positive(),
  /** `ADDRESS:PORT` of the agent's status server, or absent when it is off. */
  statusListen: z.string().optional(),
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
});

export type Inventory = z.infer<typeof inventorySchema>;

/** One tick. Both blocks are little-endian Float64. */
export const frameSchema = z.object({
  v: z.literal(AGENT_WIRE_VERSION),
  /** Grows by one each tick of this agent process, also for frames that were dropped on the way. */
  seq: z.number().int().nonnegative(),
  timeUnixMs: z.number(),
  /** Monotonic clock next to the read, for exact rates; restarts with the agent. */
  monotonicMs: z.number(),
  tableVersion: z.number().int().nonnegative(),
  /** {@link CONTAINER_COLUMNS} one after the other, each with one value per container of the table. */
  containers: z.instanceof(Uint8Array),
  /** {@link HOST_COLUMNS}. */
  host: z.instanceof(Uint8Array),
});

export type Frame = z.infer<typeof frameSchema>;

/** The end of a container, sent once, reliably. */
export const containerExitSchema = z.object({
  v: z.literal(AGENT_WIRE_VERSION),
  key: z.string().max(512),
  atUnixMs: z.number(),
  oomKilled: z.boolean().optional(),
});

export type ContainerExit = z.infer<typeof containerExitSchema>;

/** Frames in one back-fill: each carries two blocks, and socket.io ends a connection that sends more than ten in a message. */
export const MAX_BACKFILL_FRAMES = 5;

export interface AgentToDashboard {
  inventory(inventory: Inventory): void;
  /** Volatile: dropped when the connection is slow. */
  frame(frame: Frame): void;
  /** Frames that were taken while the connection was away, oldest first, at most {@link MAX_BACKFILL_FRAMES} a call. */
  backfill(frames: readonly Frame[]): void;
  exit(exit: ContainerExit): void;
}

export interface DashboardToAgent {
  /** Asks for a fresh inventory: a frame named a table that the dashboard does not have. */
  resync(): void;
}

/** Reads a block of the frame as Float64 columns; `undefined` when its length does not fit the shape. */
export function float64Columns(block: Uint8Array, columns: number, rows: number): Float64Array | undefined {
  if (block.byteLength !== columns * rows * 8) return undefined;
  const copy = new Uint8Array(block.byteLength);
  copy.set(block);
  return new Float64Array(copy.buffer);
}
