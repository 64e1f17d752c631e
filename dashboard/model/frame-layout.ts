import { CONTAINER_COLUMNS, float64Columns, HOST_COLUMNS, type Frame, type Inventory } from '../../statsd/wire.ts';
import { sane } from './rates.ts';

/** Counters that are read of an agent that sends them, by name, after the wire's own columns. */
const EXTRA_COUNTERS = [
  'cpuPeriods',
  'cpuThrottledPeriods',
  'networkReceiveBytes',
  'networkTransmitBytes',
  'oomKills',
  'memoryRssBytes',
  'memoryCacheBytes',
  'memoryShmemBytes',
  'memorySlabBytes',
  'cpuWaitingSeconds',
  'memoryWaitingSeconds',
  'ioWaitingSeconds',
] as const;

/** One reading of a container's counters, in the order of {@link COUNTERS}; NaN where unknown. */
export type Counters = Float64Array;

/** {@link CONTAINER_COLUMNS}, then what agents send beyond them. */
export const COUNTERS = [...CONTAINER_COLUMNS, ...EXTRA_COUNTERS] as const;

export type CounterName = (typeof COUNTERS)[number];

/** One reading of a host; NaN where the agent does not tell. */
export interface HostReading {
  readonly cpuBusySeconds: number;
  readonly memoryUsedBytes: number;
  readonly load1: number;
  readonly diskReadBytes: number;
  readonly diskWrittenBytes: number;
  readonly networkReceiveBytes: number;
  readonly networkTransmitBytes: number;
  readonly memoryStalledSeconds: number;
  readonly rootSizeBytes: number;
  readonly rootAvailableBytes: number;
  readonly fullestSizeBytes: number;
  readonly fullestAvailableBytes: number;
  readonly cpuUserSeconds: number;
  readonly cpuSystemSeconds: number;
  readonly cpuIowaitSeconds: number;
  readonly cpuStealSeconds: number;
  readonly swapTotalBytes: number;
  readonly swapFreeBytes: number;
  readonly cpuWaitingSeconds: number;
  readonly memoryWaitingSeconds: number;
  readonly ioWaitingSeconds: number;
}

/** How the frames that name one table are laid out. */
export interface FrameLayout {
  /** Keys of the rows. */
  readonly keys: readonly string[];
  readonly extraWidth: number;
  readonly hostExtraWidth: number;
  /** Column of each of {@link EXTRA_COUNTERS} in the extra block, or -1. */
  readonly extraAt: readonly number[];
  readonly hostExtraAt: ReadonlyMap<string, number>;
}

/** A frame that fits its table. */
export interface FrameReading {
  readonly keys: readonly string[];
  countersOf(row: number): Counters;
  readonly host: HostReading;
}

export function layoutOf({ containers, extraColumns = [], hostExtraColumns = [] }: Inventory): FrameLayout {
  return {
    keys: containers.map(({ key }) => key),
    extraWidth: extraColumns.length,
    hostExtraWidth: hostExtraColumns.length,
    extraAt: EXTRA_COUNTERS.map((name) => extraColumns.indexOf(name)),
    hostExtraAt: new Map(hostExtraColumns.map((name, index) => [name, index])),
  };
}

/** Reads a frame's blocks; `undefined` when one of them does not have the layout's length. A frame without an extra block is whole. */
export function readFrame(frame: Frame, layout: FrameLayout): FrameReading | undefined {
  const { keys, extraWidth, hostExtraWidth, extraAt, hostExtraAt } = layout;
  const rows = keys.length;
  const block = float64Columns(frame.containers, CONTAINER_COLUMNS.length, rows);
  const hostBlock = float64Columns(frame.host, HOST_COLUMNS.length, 1);
  const hostStart = extraWidth * rows;
  const extra =
    frame.extra === undefined ? new Float64Array(0) : float64Columns(frame.extra, 1, hostStart + hostExtraWidth);
  if (block === undefined || hostBlock === undefined || extra === undefined) return undefined;
  const hostExtra = (name: string): number => {
    const at = hostExtraAt.get(name);
    return at === undefined ? Number.NaN : sane(extra[hostStart + at]);
  };
  const [cpuBusySeconds, memoryTotalBytes, memoryAvailableBytes, load1] = [...hostBlock].map(sane);
  return {
    keys,
    countersOf: (row) => {
      const counters = new Float64Array(COUNTERS.length);
      for (let column = 0; column < CONTAINER_COLUMNS.length; column += 1)
        counters[column] = sane(block[column * rows + row]);
      for (const [index, column] of extraAt.entries())
        counters[CONTAINER_COLUMNS.length + index] = column < 0 ? Number.NaN : sane(extra[column * rows + row]);
      return counters;
    },
    host: {
      cpuBusySeconds: sane(cpuBusySeconds),
      memoryUsedBytes: sane((memoryTotalBytes ?? Number.NaN) - (memoryAvailableBytes ?? Number.NaN)),
      load1: sane(load1),
      diskReadBytes: hostExtra('diskReadBytes'),
      diskWrittenBytes: hostExtra('diskWrittenBytes'),
      networkReceiveBytes: hostExtra('networkReceiveBytes'),
      networkTransmitBytes: hostExtra('networkTransmitBytes'),
      memoryStalledSeconds: hostExtra('memoryStalledSeconds'),
      rootSizeBytes: hostExtra('rootSizeBytes'),
      rootAvailableBytes: hostExtra('rootAvailableBytes'),
      fullestSizeBytes: hostExtra('fullestSizeBytes'),
      fullestAvailableBytes: hostExtra('fullestAvailableBytes'),
      cpuUserSeconds: hostExtra('cpuUserSeconds'),
      cpuSystemSeconds: hostExtra('cpuSystemSeconds'),
      cpuIowaitSeconds: hostExtra('cpuIowaitSeconds'),
      cpuStealSeconds: hostExtra('cpuStealSeconds'),
      swapTotalBytes: hostExtra('swapTotalBytes'),
      swapFreeBytes: hostExtra('swapFreeBytes'),
      cpuWaitingSeconds: hostExtra('cpuWaitingSeconds'),
      memoryWaitingSeconds: hostExtra('memoryWaitingSeconds'),
      ioWaitingSeconds: hostExtra('ioWaitingSeconds'),
    },
  };
}
