import type { ContainerInventory, Frame, HostInventory, Inventory } from '../../statsd/wire.ts';
import { HOST_VIEW_COLUMNS } from '../view-wire.ts';
import {
  columnIndex,
  deriveValues,
  emptyValues,
  historyValues,
  ownLine,
  type ContainerRow,
  type Reading,
} from './container-row.ts';
import { containerDetails, hostDetails } from './details.ts';
import {
  layoutOf,
  readFrame,
  type Counters,
  type FrameLayout,
  type FrameReading,
  type HostReading,
} from './frame-layout.ts';
import type { HistoryBook } from './history/book.ts';
import type { MarkedExit, Series } from './history/series.ts';
import { rateWindowMs, ratePerSecond, sameRun, type FrameTime } from './rates.ts';

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
  readonly host: HostReading;
  readonly counters: ReadonlyMap<string, Counters>;
}

/** The end of a container as it was told. */
export interface ContainerEnd {
  readonly timeUnixMs: number;
  /** `undefined` while nobody told how it ended. */
  readonly exit: MarkedExit | undefined;
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
  /** The host's own line of history; `undefined` when there was no room for one. */
  line: Series | undefined;
  host: HostInventory | undefined;
  lastReceived: Received | undefined;
  /** Where its fullest file system is mounted; `undefined` where the agent does not tell. */
  fullestMount: string | undefined;
  readonly #book: HistoryBook;
  readonly #tables = new Map<number, FrameLayout>();
  #lastTime: FrameTime | undefined;
  #lastHost: HostReading | undefined;
  #past: PastChain | undefined;
  #clockOffsetMs = 0;
  /** Time between frames that was asked for, milliseconds. */
  #paceMs = 0;
  /** The same for the frame to come, which may have been sent before the last change. */
  #nextPaceMs = 0;

  constructor(nodeId: string, book: HistoryBook) {
    this.nodeId = nodeId;
    this.#book = book;
  }

  /** Frames are to be expected this far apart, milliseconds. */
  get intervalMs(): number {
    return Math.max(this.host?.intervalMs ?? 1000, this.#nextPaceMs);
  }

  setPace(everyMs: number): void {
    this.#nextPaceMs = Math.max(everyMs, this.#nextPaceMs);
    this.#paceMs = everyMs;
  }

  /** What the host's last frame said of it. */
  get reading(): HostReading | undefined {
    return this.#lastHost;
  }

  /** A new connection: its table numbers may start anew. Values and history stay. */
  forgetTables(): void {
    this.#tables.clear();
    this.#past = undefined;
  }

  /** Takes a new set of containers; `false` when two of them share a key. Values of those that stay are kept. */
  applyInventory(inventory: Inventory, nowUnixMs: number): boolean {
    const layout = layoutOf(inventory);
    const present = new Set(layout.keys);
    if (present.size !== layout.keys.length) return false;
    this.host = { ...inventory.host, tags: firstLabels(inventory.host.tags ?? {}) };
    this.#tables.set(inventory.tableVersion, layout);
    for (const version of this.#tables.keys()) {
      if (this.#tables.size <= TABLES_KEPT) break;
      this.#tables.delete(version);
    }
    const end = { timeUnixMs: nowUnixMs, exit: undefined };
    for (const key of this.rows.keys()) if (!present.has(key)) this.removeContainer(key, end);
    const opening = { nodeId: this.nodeId, host: inventory.host.hostname, nowUnixMs };
    this.line = this.#book.openHost(opening);
    for (const container of inventory.containers) {
      const row = this.#upsert(container);
      row.line = this.#book.openContainer(row.inventory, opening);
    }
    return true;
  }

  /** Forgets a container that ended. */
  removeContainer(key: string, end: ContainerEnd): boolean {
    const line = this.rows.get(key)?.line;
    if (line !== undefined) this.#book.closeContainer(line, key, end);
    return this.rows.delete(key);
  }

  /** The host is forgotten; what became of its containers nobody knows. */
  clear(): void {
    for (const [key, { line }] of this.rows) if (line !== undefined) this.#book.releaseContainer(line, key);
    this.rows.clear();
  }

  /** Takes one frame, live or from a back-fill; the order does not matter. */
  applyFrame(frame: Frame, received: Received): FrameVerdict {
    const layout = this.#tables.get(frame.tableVersion);
    if (layout === undefined || this.host === undefined) return 'unknown-table';
    const reading = readFrame(frame, layout);
    if (reading === undefined) return 'wrong-length';
    const past = this.#lastTime !== undefined && sameRun(this.#lastTime, frame) && frame.seq <= this.#lastTime.seq;
    if (past) {
      // What was taken before the last frame cannot be of a time after it, whoever says so.
      if (frame.timeUnixMs <= (this.#lastTime?.timeUnixMs ?? 0)) this.#applyPast(frame, reading);
      return 'history';
    }
    this.#clockOffsetMs = offsetOf(frame.timeUnixMs, received.nowUnixMs);
    const elapsedMs = rateWindowMs(this.#lastTime, frame, this.intervalMs);
    for (const [index, key] of reading.keys.entries()) {
      const row = this.rows.get(key);
      if (row === undefined) continue;
      const current = reading.countersOf(index);
      const change = this.#derive(row, row.values, { previous: row.counters, current, elapsedMs });
      row.counters = current;
      this.#record(row, frame.timeUnixMs, [...historyValues(row.values), ...containerDetails(change)]);
    }
    this.#applyHost(reading.host, frame.timeUnixMs, elapsedMs);
    this.fullestMount = frame.fullestMount;
    this.#lastTime = timeOf(frame);
    this.lastReceived = received;
    this.#nextPaceMs = this.#paceMs;
    return 'live';
  }

  #applyPast(frame: Frame, reading: FrameReading): void {
    const elapsedMs = rateWindowMs(this.#past?.time, frame, this.host?.intervalMs ?? Number.NaN);
    const counters = new Map<string, Counters>();
    const values = emptyValues();
    for (const [index, key] of reading.keys.entries()) {
      const row = this.rows.get(key);
      if (row === undefined) continue;
      const current = reading.countersOf(index);
      const change = this.#derive(row, values, { previous: this.#past?.counters.get(key), current, elapsedMs });
      counters.set(key, current);
      this.#record(row, frame.timeUnixMs, [...historyValues(values), ...containerDetails(change)]);
    }
    this.line?.write(frame.timeUnixMs + this.#clockOffsetMs, [
      ...hostValues(this.#past?.host, reading.host, elapsedMs),
      ...hostDetails(this.#past?.host, reading.host, elapsedMs),
    ]);
    this.#past = { time: timeOf(frame), counters, host: reading.host };
  }

  #derive(row: ContainerRow, target: Float64Array, change: Omit<Reading, 'hostCpuCores'>): Reading {
    const reading = { ...change, hostCpuCores: this.host?.cpuCores ?? Number.NaN };
    deriveValues(target, row.inventory, reading);
    return reading;
  }

  #record(row: ContainerRow, timeUnixMs: number, values: readonly number[]): void {
    ownLine(row)?.write(timeUnixMs + this.#clockOffsetMs, values);
  }

  #applyHost(reading: HostReading, timeUnixMs: number, elapsedMs: number): void {
    let containersCpuCores = 0;
    let containersMemoryBytes = 0;
    for (const row of this.rows.values()) {
      containersCpuCores += orZero(row.values[columnIndex('cpuCores')]);
      containersMemoryBytes += orZero(row.values[columnIndex('memoryWorkingSetBytes')]);
    }
    const own = hostValues(this.#lastHost, reading, elapsedMs);
    const [cpuCores, memoryUsedBytes, ...rest] = own;
    this.values.set([cpuCores, memoryUsedBytes, containersCpuCores, containersMemoryBytes, ...rest, ...room(reading)]);
    this.line?.write(timeUnixMs + this.#clockOffsetMs, [...own, ...hostDetails(this.#lastHost, reading, elapsedMs)]);
    this.#lastHost = reading;
  }

  #upsert(container: ContainerInventory): ContainerRow {
    const inventory = { ...container, labels: firstLabels(container.labels) };
    const known = this.rows.get(container.key);
    if (known !== undefined) {
      known.inventory = inventory;
      return known;
    }
    const row: ContainerRow = {
      key: `${this.nodeId}/${container.key}`,
      nodeId: this.nodeId,
      inventory,
      values: emptyValues(),
      counters: undefined,
      line: undefined,
    };
    this.rows.set(container.key, row);
    return row;
  }
}

type HostValues = readonly [number, number, number, number, number, number, number];

/** In the order of {@link HOST_HISTORY_COLUMNS}, and of what {@link HOST_VIEW_COLUMNS} has around the containers' sums and before {@link room}. */
function hostValues(previous: HostReading | undefined, current: HostReading, elapsedMs: number): HostValues {
  const rate = (name: keyof HostReading): number =>
    ratePerSecond(previous?.[name] ?? Number.NaN, current[name], elapsedMs);
  return [
    rate('cpuBusySeconds'),
    current.memoryUsedBytes,
    current.load1,
    rate('diskReadBytes'),
    rate('diskWrittenBytes'),
    rate('networkReceiveBytes'),
    rate('networkTransmitBytes'),
  ];
}

/** What is left of a host, in the order in which {@link HOST_VIEW_COLUMNS} ends. */
function room(reading: HostReading): readonly [number, number, number] {
  const { swapTotalBytes, swapFreeBytes, fullestSizeBytes, fullestAvailableBytes } = reading;
  // A size of 0 is no file system: its share is NaN, and not that all of it is used.
  return [swapTotalBytes - swapFreeBytes, swapTotalBytes, 1 - fullestAvailableBytes / (fullestSizeBytes || Number.NaN)];
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
