import type { ChartLine, ChartSpec } from './chart-spec.ts';
import type { PastColumn, PastLine } from './past.ts';

/** Where a line has no such column nothing of it is known. */
export function columnOf(line: PastLine, name: string): PastColumn {
  const known = line.columns[name];
  if (known !== undefined) return known;
  const points = Object.values(line.columns)[0]?.avg.length ?? 0;
  const none = Array.from({ length: points }, () => null);
  return { min: none, avg: none, max: none };
}

/** A chart of some of a line's columns as they are. */
export interface Metric extends Pick<ChartSpec, 'id' | 'title' | 'unit' | 'isStacked' | 'note'> {
  readonly columns: readonly (readonly [name: string, column: string])[];
}

export function linesOf(line: PastLine, { columns }: Pick<Metric, 'columns'>): ChartLine[] {
  return columns.map(([name, column]) => ({ name, column: columnOf(line, column) }));
}

export function chartOf(line: PastLine, metric: Metric, limit?: ChartSpec['limit']): ChartSpec {
  const { id, title, unit, isStacked, note } = metric;
  return { id, title, unit, lines: linesOf(line, metric), limit, note, ...(isStacked === true ? { isStacked } : {}) };
}

const CONTAINER_NETWORK = [
  ['received', 'networkReceiveBytesPerSecond'],
  ['sent', 'networkTransmitBytesPerSecond'],
] as const;

export const NETWORK: Metric = { id: 'network', title: 'Network', unit: 'bytesPerSecond', columns: CONTAINER_NETWORK };

export const CONTAINER_DISK: Metric = {
  id: 'disk',
  title: 'Block IO',
  unit: 'bytesPerSecond',
  columns: [
    ['read', 'blockReadBytesPerSecond'],
    ['written', 'blockWriteBytesPerSecond'],
  ],
};

export const HOST_DISK: Metric = {
  id: 'disk',
  title: 'Disk IO',
  unit: 'bytesPerSecond',
  columns: [
    ['read', 'diskReadBytesPerSecond'],
    ['written', 'diskWriteBytesPerSecond'],
  ],
};

export const PIDS: Metric = {
  id: 'pids',
  title: 'Processes and threads',
  unit: 'count',
  columns: [['PIDs', 'pidsCurrent']],
};

export const THROTTLED: Metric = {
  id: 'throttled',
  title: 'CPU throttled, % of periods',
  unit: 'ratio',
  columns: [['held back', 'cpuThrottledRatio']],
};

export const LOAD: Metric = { id: 'load', title: 'Load, 1 min', unit: 'load', columns: [['load1', 'load1']] };

export const MEMORY: Metric = {
  id: 'memory',
  title: 'Memory',
  unit: 'bytes',
  columns: [['working set', 'memoryWorkingSetBytes']],
};

export const HOST_MEMORY: Metric = {
  id: 'memory',
  title: 'Memory',
  unit: 'bytes',
  columns: [['used', 'memoryUsedBytes']],
};

const LAST_MINUTES = 'the last 15 minutes only';

export const PRESSURE: Metric = {
  id: 'pressure',
  title: 'Pressure, % of time in which something waited',
  unit: 'ratio',
  note: LAST_MINUTES,
  columns: [
    ['for CPU', 'cpuWaitingRatio'],
    ['for memory', 'memoryWaitingRatio'],
    ['for IO', 'ioWaitingRatio'],
  ],
};

export const MEMORY_SPLIT: Metric = {
  id: 'memory-split',
  title: 'Memory by kind',
  unit: 'bytes',
  isStacked: true,
  note: LAST_MINUTES,
  columns: [
    ['anonymous', 'memoryAnonBytes'],
    ['shared', 'memoryShmemBytes'],
    ['cache', 'memoryCacheBytes'],
    ['slab', 'memorySlabBytes'],
  ],
};

export const CPU_SPLIT: Metric = {
  id: 'cpu-split',
  title: 'CPU by mode, cores',
  unit: 'cores',
  isStacked: true,
  note: LAST_MINUTES,
  columns: [
    ['user', 'cpuUserCores'],
    ['system', 'cpuSystemCores'],
    ['waiting for IO', 'cpuIowaitCores'],
    ['stolen', 'cpuStealCores'],
  ],
};

export const SWAP: Metric = {
  id: 'swap',
  title: 'Swap',
  unit: 'bytes',
  note: LAST_MINUTES,
  columns: [['used', 'swapUsedBytes']],
};

export const ROOT: Metric = {
  id: 'root',
  title: 'Root file system, % used',
  unit: 'ratio',
  note: LAST_MINUTES,
  columns: [['used', 'rootUsedRatio']],
};
