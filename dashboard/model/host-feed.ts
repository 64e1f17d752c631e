import {
  CONTAINER_COLUMNS,
  float64Columns,
  HOST_COLUMNS,
  type ContainerInventory,
  type Frame,
  type HostInventory,
  type Inventory,
} from '../../statsd/wire.ts';
import { HOST_VIEW_COLUMNS } from '../wire.ts';
import {
  columnIndex,
  countersOfRow,
  deriveValues,
  emptyValues,
  type ContainerRow,
  type Counters,
} from './container-row.ts';
import { HistoryRing, type RingBudget } from './history.ts';
import { rateWindowMs, ratePerSecond, sane, sameRun, type FrameTime } from './rates.ts';

/** What became of a frame: shown as live values, kept for the sparklines only, or refused. */
export type FrameVerdict = 'live' | 'history' | 'unknown-table' | 'wrong-length';

/** When the dashboard received something, by its own clocks. */
export interface Received {
  readonly nowUnixMs: number;
  readonly nowMonotonicMs: number;
}

/** Tables that are remembered, so that frames on their way (or in a back-fill) can still be read after a change. */
const TABLES_KEPT = 16;

/** Labels of one container that are kept; more is not shown anyway. */
const LABELS_KEPT = 32;

/** An agent's clock may differ by this much before its stamps are shifted to ours, milliseconds. */
const CLOCK_OFFSET_SLACK_MS = 2000;

/** Frames that came before ones already seen: their rates are made among themselves. */
interface PastChain {
  readonly time: FrameTime;
  readonly cpuBusySeconds: number;
  readonly counters: ReadonlyMap<string, Counters>;
}

/**
 * Everything one stats agent told: its tables, its containers, their last values. Invariant: `rows` holds exactly the
 * containers of the last inventory, less those whose end was told since.
 */
export class HostFeed {
  readonly nodeId: string;
  readonly rows = new Map<string, ContainerRow>();
  /** In the order of {@link HOST_VIEW_COLUMNS}; NaN where unknown. */
  readonly values = new Float64Array(HOST_VIEW_COLUMNS.length).fill(Number.NaN);
  /** {@link HOST_HISTORY_COLUMNS}. */
  readonly history = new HistoryRing();
  host: HostInventory | undefined;
  lastReceived: Received | undefined;
  readonly #rings: RingBudget;
  readonly #tables = new Map<number, readonly string[]>();
  #lastTime: FrameTime | undefined;
  #cpuBusySeconds = Number.NaN;
  #past: PastChain | undefined;
  #clockOffsetMs = 0;

  constructor(nodeId: string, rings: RingBudget) {
    this.nodeId = nodeId;
    this.#rings = rings;
  }

  /** A new connection: its table numbers may start anew. Values and history stay. */
  forgetTables(): void {
    this.#tables.clear();
    this.#past = undefined;
  }

  /** Takes a new set of containers; `false` when two of them share a key. Values of those that stay are kept. */
  applyInventory(inventory: Inventory): boolean {
    const keys = inventory.containers.map((container) => container.key);
    const present = new Set(keys);
    if (present.size !== keys.length) return false;
    this.host = inventory.host;
    this.#tables.set(inventory.tableVersion, keys);
    for (const version of this.#tables.keys()) {
      if (this.#tables.size <= TABLES_KEPT) break;
      this.#tables.delete(version);
    }
    for (const key of this.rows.keys()) if (!present.has(key)) this.removeContainer(key);
    for (const container of inventory.containers) this.#upsert(container);
    return true;
  }

  /** Forgets a container whose end was told. */
  removeContainer(key: string): boolean {
    this.#rings.release(this.rows.get(key)?.history);
    return this.rows.delete(key);
  }

  /** Gives back everything; the host is forgotten. */
  clear(): void {
    for (const key of this.rows.keys()) this.removeContainer(key);
  }

  /** Takes one frame, live or from a back-fill; the order does not matter. */
  applyFrame(frame: Frame, received: Received): FrameVerdict {
    const keys = this.#tables.get(frame.tableVersion);
    if (keys === undefined || this.host === undefined) return 'unknown-table';
    const block = float64Columns(frame.containers, CONTAINER_COLUMNS.length, keys.length);
    const hostBlock = float64Columns(frame.host, HOST_COLUMNS.length, 1);
    if (block === undefined || hostBlock === undefined) return 'wrong-length';
    const past = this.#lastTime !== undefined && sameRun(this.#lastTime, frame) && frame.seq <= this.#lastTime.seq;
    if (past) {
      this.#applyPast(frame, keys, { block, hostBlock });
      return 'history';
    }
    this.#clockOffsetMs = offsetOf(frame.timeUnixMs, received.nowUnixMs);
    const elapsedMs = rateWindowMs(this.#lastTime, frame, this.host.intervalMs);
    for (const [index, key] of keys.entries()) {
      const row = this.rows.get(key);
      if (row === undefined) continue;
      const current = countersOfRow(block, index, keys.length);
      this.#derive(row, row.values, { previous: row.counters, current, elapsedMs });
      row.counters = current;
      this.#record(row, row.values, frame.timeUnixMs);
    }
    this.#applyHost(hostBlock, frame.timeUnixMs, elapsedMs);
    this.#lastTime = timeOf(frame);
    this.lastReceived = received;
    return 'live';
  }

  #applyPast(
    frame: Frame,
    keys: readonly string[],
    { block, hostBlock }: { readonly block: Float64Array; readonly hostBlock: Float64Array },
  ): void {
    const elapsedMs = rateWindowMs(this.#past?.time, frame, this.host?.intervalMs ?? Number.NaN);
    const counters = new Map<string, Counters>();
    const values = emptyValues();
    for (const [index, key] of keys.entries()) {
      const row = this.rows.get(key);
      if (row === undefined) continue;
      const current = countersOfRow(block, index, keys.length);
      this.#derive(row, values, { previous: this.#past?.counters.get(key), current, elapsedMs });
      counters.set(key, current);
      this.#record(row, values, frame.timeUnixMs);
    }
    const host = readHost(hostBlock);
    const cpuCores = ratePerSecond(this.#past?.cpuBusySeconds ?? Number.NaN, host.cpuBusySeconds, elapsedMs);
    this.history.write(frame.timeUnixMs + this.#clockOffsetMs, [cpuCores, host.memoryUsedBytes]);
    this.#past = { time: timeOf(frame), counters, cpuBusySeconds: host.cpuBusySeconds };
  }

  #derive(
    row: ContainerRow,
    target: Float64Array,
    reading: { readonly previous: Counters | undefined; readonly current: Counters; readonly elapsedMs: number },
  ): void {
    deriveValues(target, row.inventory, { ...reading, hostCpuCores: this.host?.cpuCores ?? Number.NaN });
  }

  #record(row: ContainerRow, values: Float64Array, timeUnixMs: number): void {
    row.history?.write(timeUnixMs + this.#clockOffsetMs, [
      values[columnIndex('cpuOfLimitRatio')] ?? Number.NaN,
      values[columnIndex('memoryWorkingSetBytes')] ?? Number.NaN,
    ]);
  }

  #applyHost(block: Float64Array, timeUnixMs: number, elapsedMs: number): void {
    const { cpuBusySeconds, memoryUsedBytes } = readHost(block);
    let containersCpuCores = 0;
    let containersMemoryBytes = 0;
    for (const row of this.rows.values()) {
      containersCpuCores += orZero(row.values[columnIndex('cpuCores')]);
      containersMemoryBytes += orZero(row.values[columnIndex('memoryWorkingSetBytes')]);
    }
    const cpuCores = ratePerSecond(this.#cpuBusySeconds, cpuBusySeconds, elapsedMs);
    this.values.set([cpuCores, memoryUsedBytes, containersCpuCores, containersMemoryBytes]);
    this.history.write(timeUnixMs + this.#clockOffsetMs, [cpuCores, memoryUsedBytes]);
    this.#cpuBusySeconds = cpuBusySeconds;
  }

  #upsert(container: ContainerInventory): void {
    const inventory = { ...container, labels: firstLabels(container.labels) };
    const known = this.rows.get(container.key);
    if (known !== undefined) {
      known.inventory = inventory;
      return;
    }
    this.rows.set(container.key, {
      key: `${this.nodeId}/${container.key}`,
      nodeId: this.nodeId,
      inventory,
      values: emptyValues(),
      counters: undefined,
      history: this.#rings.take(),
    });
  }
}

/** NaN where the host block does not tell. */
function readHost(block: Float64Array): { cpuBusySeconds: number; memoryUsedBytes: number } {
  const [cpuBusySeconds = Number.NaN, memoryTotalBytes = Number.NaN, memoryAvailableBytes = Number.NaN] = [
    ...block,
  ].map(sane);
  return { cpuBusySeconds, memoryUsedBytes: sane(memoryTotalBytes - memoryAvailableBytes) };
}

function timeOf(frame: Frame): FrameTime {
  return { seq: frame.seq, monotonicMs: frame.monotonicMs, timeUnixMs: frame.timeUnixMs };
}

function offsetOf(agentUnixMs: number, nowUnixMs: number): number {
  const offset = nowUnixMs - agentUnixMs;
  return Math.abs(offset) <= CLOCK_OFFSET_SLACK_MS ? 0 : offset;
}

/** A sum over containers leaves out the ones that are not known yet. */
function orZero(value: number | undefined): number {
  return value === undefined || Number.isNaN(value) ? 0 : value;
}

function firstLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(labels);
  return entries.length <= LABELS_KEPT ? labels : Object.fromEntries(entries.slice(0, LABELS_KEPT));
}
