import type { ChartSpec } from './chart-spec.ts';
import { wholeOf, type Capacity, type CpuMode } from './cpu-mode.ts';
import {
  CPU_SPLIT,
  MEMORY_SPLIT,
  PRESSURE,
  ROOT,
  SWAP,
  chartOf,
  columnOf,
  CONTAINER_DISK,
  HOST_DISK,
  HOST_MEMORY,
  LOAD,
  MEMORY,
  NETWORK,
  PIDS,
  THROTTLED,
  type Metric,
} from './metrics.ts';
import { scaled, type PastLine } from './past.ts';
import { formatSet } from '../format.ts';

/** What a line's values are held against. */
export interface LineLimits extends Capacity {
  readonly memoryBytes: number | undefined;
  readonly pids: number | undefined;
}

const limitOf = (value: number | undefined, name = 'limit'): ChartSpec['limit'] =>
  value === undefined ? undefined : { name, value };

function cpuTitle(whole: ReturnType<typeof wholeOf>): string {
  return whole === undefined ? 'CPU, cores in use' : `CPU, % of ${whole.of} (${formatSet(whole.cores)} cores)`;
}

/** CPU of one line, in cores or as a share of what it may use. */
export function cpuChart(line: PastLine, mode: CpuMode, limits: Capacity): ChartSpec {
  const whole = wholeOf(mode, limits);
  const cores = columnOf(line, 'cpuCores');
  const used = whole === undefined ? cores : scaled(cores, 1 / whole.cores);
  const limit =
    whole === undefined
      ? limitOf(limits.cpuLimitCores)
      : limitOf(1, whole.of === 'limit' ? 'limit' : 'all of the host');
  return {
    id: 'cpu',
    title: cpuTitle(whole),
    unit: whole === undefined ? 'cores' : 'ratio',
    lines: [{ name: 'in use', column: used }],
    limit,
    note: mode === 'limit' && whole?.of === 'host' && line.kind === 'container' ? 'no limit is set' : undefined,
  };
}

/** Everything that is drawn of one container. */
export function containerCharts(line: PastLine, mode: CpuMode, limits: LineLimits): ChartSpec[] {
  return [
    cpuChart(line, mode, limits),
    chartOf(line, MEMORY, limitOf(limits.memoryBytes)),
    chartOf(line, MEMORY_SPLIT, limitOf(limits.memoryBytes)),
    chartOf(line, THROTTLED),
    chartOf(line, PRESSURE),
    chartOf(line, CONTAINER_DISK),
    chartOf(line, NETWORK),
    chartOf(line, PIDS, limitOf(limits.pids)),
  ];
}

/** Everything that is drawn of one host. */
export function hostCharts(line: PastLine, mode: CpuMode, limits: LineLimits): ChartSpec[] {
  return [
    cpuChart(line, mode === 'cores' ? 'cores' : 'host', limits),
    chartOf(line, HOST_MEMORY, limitOf(limits.memoryBytes, 'total')),
    chartOf(line, CPU_SPLIT, limitOf(limits.hostCores, 'all')),
    chartOf(line, PRESSURE),
    chartOf(line, LOAD, limitOf(limits.hostCores, 'cores')),
    chartOf(line, SWAP),
    chartOf(line, ROOT, limitOf(1, 'full')),
    chartOf(line, HOST_DISK),
    chartOf(line, NETWORK),
  ];
}

interface Compared {
  readonly line: PastLine;
  /** Unlike those of the others. */
  readonly name: string;
  readonly limits: LineLimits;
}

/** The column of a metric in a line of either kind. */
const COMPARED_COLUMNS: readonly (Pick<Metric, 'id' | 'title' | 'unit'> & {
  readonly container: string | undefined;
  readonly host: string | undefined;
})[] = [
  {
    id: 'memory',
    title: 'Memory: working set, or used by the host',
    unit: 'bytes',
    container: 'memoryWorkingSetBytes',
    host: 'memoryUsedBytes',
  },
  { id: 'throttled', title: THROTTLED.title, unit: 'ratio', container: 'cpuThrottledRatio', host: undefined },
  {
    id: 'read',
    title: 'Disk read',
    unit: 'bytesPerSecond',
    container: 'blockReadBytesPerSecond',
    host: 'diskReadBytesPerSecond',
  },
  {
    id: 'written',
    title: 'Disk written',
    unit: 'bytesPerSecond',
    container: 'blockWriteBytesPerSecond',
    host: 'diskWriteBytesPerSecond',
  },
  {
    id: 'received',
    title: 'Network received',
    unit: 'bytesPerSecond',
    container: 'networkReceiveBytesPerSecond',
    host: 'networkReceiveBytesPerSecond',
  },
  {
    id: 'sent',
    title: 'Network sent',
    unit: 'bytesPerSecond',
    container: 'networkTransmitBytesPerSecond',
    host: 'networkTransmitBytesPerSecond',
  },
  { id: 'pids', title: PIDS.title, unit: 'count', container: 'pidsCurrent', host: undefined },
];

const COMPARED_CPU: Readonly<Record<CpuMode, string>> = {
  limit: 'CPU, % of the limit, or of the host where there is none',
  host: 'CPU, % of the host',
  cores: 'CPU, cores in use',
};

/** One chart for each metric with all lines on the same axes. */
export function compareCharts(compared: readonly Compared[], mode: CpuMode): ChartSpec[] {
  const cpu: ChartSpec = {
    id: 'cpu',
    title: COMPARED_CPU[mode],
    unit: mode === 'cores' ? 'cores' : 'ratio',
    lines: compared.map(({ line, name, limits }) => {
      const whole = wholeOf(mode, limits);
      const cores = columnOf(line, 'cpuCores');
      return { name, column: mode === 'cores' ? cores : scaled(cores, 1 / (whole?.cores ?? Number.NaN)) };
    }),
  };
  const others = COMPARED_COLUMNS.flatMap(({ id, title, unit, ...columns }): ChartSpec[] => {
    const lines = compared.flatMap(({ line, name }) => {
      const column = columns[line.kind];
      return column === undefined ? [] : [{ name, column: columnOf(line, column) }];
    });
    return lines.length === 0 ? [] : [{ id, title, unit, lines }];
  });
  return [cpu, ...others];
}
