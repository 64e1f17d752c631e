import type { ContainerInventory } from '../../statsd/wire.ts';
import { CONTAINER_COLUMNS } from '../../statsd/wire.ts';
import { VIEW_COLUMNS, type ViewColumn } from '../wire.ts';
import type { HistoryRing } from './history.ts';
import { ratePerSecond, sane } from './rates.ts';

/** One reading of a container's counters, in the order of {@link CONTAINER_COLUMNS}. */
export type Counters = Float64Array;

/** A container as the dashboard holds it: what is said of it, its last values, its last quarter of an hour. */
export interface ContainerRow {
  /** `<nodeId>/<container key>`. */
  readonly key: string;
  readonly nodeId: string;
  inventory: ContainerInventory;
  /** In the order of {@link VIEW_COLUMNS}; NaN where unknown. */
  readonly values: Float64Array;
  /** The counters that `values` were made from; `undefined` before the first frame. */
  counters: Counters | undefined;
  /** `undefined` when the budget for rings is used up. */
  readonly history: HistoryRing | undefined;
}

const AT: Readonly<Record<ViewColumn, number>> = {
  cpuCores: 0,
  cpuOfLimitRatio: 1,
  memoryWorkingSetBytes: 2,
  memoryOfLimitRatio: 3,
  blockReadBytesPerSecond: 4,
  blockWriteBytesPerSecond: 5,
  pidsCurrent: 6,
};

const CPU_USAGE = CONTAINER_COLUMNS.indexOf('cpuUsageSeconds');
const WORKING_SET = CONTAINER_COLUMNS.indexOf('memoryWorkingSetBytes');
const BLOCK_READ = CONTAINER_COLUMNS.indexOf('blockReadBytes');
const BLOCK_WRITE = CONTAINER_COLUMNS.indexOf('blockWriteBytes');
const PIDS = CONTAINER_COLUMNS.indexOf('pidsCurrent');

/** The place of a column in a row's values. */
export function columnIndex(column: ViewColumn): number {
  return AT[column];
}

export function emptyValues(): Float64Array {
  return new Float64Array(VIEW_COLUMNS.length).fill(Number.NaN);
}

/** Copies one row out of a frame's column-major block. */
export function countersOfRow(block: Float64Array, row: number, rows: number): Counters {
  const counters = new Float64Array(CONTAINER_COLUMNS.length);
  for (let column = 0; column < CONTAINER_COLUMNS.length; column += 1) {
    counters[column] = sane(block[column * rows + row]);
  }
  return counters;
}

export interface Reading {
  readonly previous: Counters | undefined;
  readonly current: Counters;
  /** Between the two readings, milliseconds; NaN when no rate can be made. */
  readonly elapsedMs: number;
  /** What 100 % of CPU means where the container has no quota. */
  readonly hostCpuCores: number;
}

function rateOf(reading: Reading, column: number): number {
  return ratePerSecond(
    reading.previous?.[column] ?? Number.NaN,
    reading.current[column] ?? Number.NaN,
    reading.elapsedMs,
  );
}

/** Derives the view's values from counters into `target`, in the order of {@link VIEW_COLUMNS}. */
export function deriveValues(target: Float64Array, inventory: ContainerInventory, reading: Reading): void {
  const { current } = reading;
  const cpuCores = rateOf(reading, CPU_USAGE);
  const workingSet = current[WORKING_SET] ?? Number.NaN;
  target[AT.cpuCores] = cpuCores;
  target[AT.cpuOfLimitRatio] = cpuCores / (inventory.cpuLimitCores ?? reading.hostCpuCores);
  target[AT.memoryWorkingSetBytes] = workingSet;
  target[AT.memoryOfLimitRatio] = workingSet / (inventory.memoryLimitBytes ?? Number.NaN);
  target[AT.blockReadBytesPerSecond] = rateOf(reading, BLOCK_READ);
  target[AT.blockWriteBytesPerSecond] = rateOf(reading, BLOCK_WRITE);
  target[AT.pidsCurrent] = current[PIDS] ?? Number.NaN;
}
