import type { ContainerInventory } from '../../statsd/wire.ts';
import { VIEW_COLUMNS, type ViewColumn } from '../view-wire.ts';
import { COUNTERS, type CounterName, type Counters } from './frame-layout.ts';
import { CONTAINER_HISTORY_COLUMNS } from './history/columns.ts';
import type { Series } from './history/series.ts';
import { ratePerSecond } from './rates.ts';

/** A container as the dashboard holds it: what is said of it, its last values, its line of history. */
export interface ContainerRow {
  /** `<nodeId>/<container key>`. */
  readonly key: string;
  readonly nodeId: string;
  inventory: ContainerInventory;
  /** In the order of {@link VIEW_COLUMNS}; NaN where unknown. */
  readonly values: Float64Array;
  /** The counters that `values` were made from; `undefined` before the first frame. */
  counters: Counters | undefined;
  /** The line that this container continues; `undefined` when there was no room for one. */
  line: Series | undefined;
}

const AT = Object.fromEntries(VIEW_COLUMNS.map((name, index) => [name, index])) as Readonly<Record<ViewColumn, number>>;

const COUNTER_AT = Object.fromEntries(COUNTERS.map((name, index) => [name, index])) as Readonly<
  Record<CounterName, number>
>;

/** The place of a column in a row's values. */
export function columnIndex(column: ViewColumn): number {
  return AT[column];
}

export function emptyValues(): Float64Array {
  return new Float64Array(VIEW_COLUMNS.length).fill(Number.NaN);
}

/** The row's line, if it is this container's: two containers of one name share a line, and only the one that started last writes it. */
export function ownLine({ line, inventory }: ContainerRow): Series | undefined {
  return line?.owner?.containerId === inventory.key ? line : undefined;
}

export interface Reading {
  readonly previous: Counters | undefined;
  readonly current: Counters;
  /** Between the two readings, milliseconds; NaN when no rate can be made. */
  readonly elapsedMs: number;
  /** What 100 % of CPU means where the container has no quota. */
  readonly hostCpuCores: number;
}

/** What a counter grew by in a second; NaN when that cannot be told. */
export function rateOf(reading: Reading, name: CounterName): number {
  const at = COUNTER_AT[name];
  return ratePerSecond(reading.previous?.[at] ?? Number.NaN, reading.current[at] ?? Number.NaN, reading.elapsedMs);
}

/** The share of CPU periods in which the container was held back; 0 in a time without any. */
function throttledRatio(reading: Reading): number {
  const periods = rateOf(reading, 'cpuPeriods');
  const throttled = rateOf(reading, 'cpuThrottledPeriods');
  return periods === 0 ? throttled : throttled / periods;
}

/** Derives the view's values from counters into `target`, in the order of {@link VIEW_COLUMNS}. */
export function deriveValues(target: Float64Array, inventory: ContainerInventory, reading: Reading): void {
  const { current } = reading;
  const cpuCores = rateOf(reading, 'cpuUsageSeconds');
  const workingSet = current[COUNTER_AT.memoryWorkingSetBytes] ?? Number.NaN;
  target[AT.cpuCores] = cpuCores;
  target[AT.cpuOfLimitRatio] = cpuCores / (inventory.cpuLimitCores ?? reading.hostCpuCores);
  target[AT.memoryWorkingSetBytes] = workingSet;
  target[AT.memoryOfLimitRatio] = workingSet / (inventory.memoryLimitBytes ?? Number.NaN);
  target[AT.blockReadBytesPerSecond] = rateOf(reading, 'blockReadBytes');
  target[AT.blockWriteBytesPerSecond] = rateOf(reading, 'blockWriteBytes');
  target[AT.pidsCurrent] = current[COUNTER_AT.pidsCurrent] ?? Number.NaN;
  target[AT.cpuThrottledRatio] = throttledRatio(reading);
  target[AT.networkReceiveBytesPerSecond] = rateOf(reading, 'networkReceiveBytes');
  target[AT.networkTransmitBytesPerSecond] = rateOf(reading, 'networkTransmitBytes');
}

/** A value that is no counter; NaN where unknown. */
export function gaugeOf({ current }: Reading, name: CounterName): number {
  return current[COUNTER_AT[name]] ?? Number.NaN;
}

const HISTORY_AT = CONTAINER_HISTORY_COLUMNS.map(columnIndex);

/** What of a row's values its history keeps. */
export function historyValues(values: Float64Array): number[] {
  return HISTORY_AT.map((at) => values[at] ?? Number.NaN);
}
