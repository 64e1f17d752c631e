import type { AlertView } from '../wire.ts';
import type { PastAnswer } from './chart/past.ts';
import type { LineLimits } from './chart/panels.ts';
import type { SeriesView } from './series.ts';

/** Which share of which limit a metric is of. */
type LimitName = 'cpu' | 'memory' | 'pids';

interface Column {
  /** Of the line of history that shows how the metric came to where it is. */
  readonly column: string;
  readonly of?: LimitName;
  /** The line has what is used, and the metric is what is left of it. */
  readonly isLeft?: true;
}

/** Metrics that have a past; what counts kills, ends or yes and no has none. */
const COLUMNS: Readonly<Record<string, Column>> = {
  cpuCores: { column: 'cpuCores' },
  cpuOfLimitRatio: { column: 'cpuCores', of: 'cpu' },
  memoryWorkingSetBytes: { column: 'memoryWorkingSetBytes' },
  memoryOfLimitRatio: { column: 'memoryWorkingSetBytes', of: 'memory' },
  blockReadBytesPerSecond: { column: 'blockReadBytesPerSecond' },
  blockWriteBytesPerSecond: { column: 'blockWriteBytesPerSecond' },
  cpuThrottledRatio: { column: 'cpuThrottledRatio' },
  networkReceiveBytesPerSecond: { column: 'networkReceiveBytesPerSecond' },
  networkTransmitBytesPerSecond: { column: 'networkTransmitBytesPerSecond' },
  pidsCurrent: { column: 'pidsCurrent' },
  pidsOfLimitRatio: { column: 'pidsCurrent', of: 'pids' },
  hostCpuRatio: { column: 'cpuCores', of: 'cpu' },
  hostMemoryRatio: { column: 'memoryUsedBytes', of: 'memory' },
  hostDiskAvailableRatio: { column: 'rootUsedRatio', isLeft: true },
};

/** The value because of which something needs attention, as a line of history has it. */
export interface Watched extends Column {
  readonly line: string;
  readonly nodeId: string;
  readonly kind: 'container' | 'host';
  /** In the metric's unit. */
  readonly threshold: number;
}

/** `undefined` for an alert whose value has no line: the line is gone, or the metric has no past. */
export function watchedOf({ metric, series, nodeId, threshold }: AlertView): Watched | undefined {
  const column = COLUMNS[metric];
  const isHost = metric.startsWith('host');
  const line = isHost ? nodeId : series;
  if (column === undefined || line === undefined || nodeId === undefined) return undefined;
  return { ...column, line, nodeId, kind: isHost ? 'host' : 'container', threshold };
}

/** The threshold in the unit of the line; `undefined` where its limit is not known. */
export function thresholdOf({ of, threshold }: Watched, limits: LineLimits | undefined): number | undefined {
  if (of === undefined) return threshold;
  const limit = {
    cpu: limits?.cpuLimitCores ?? limits?.hostCores,
    memory: limits?.memoryBytes,
    pids: limits?.pids,
  }[of];
  return limit === undefined ? undefined : threshold * limit;
}

const unique = (texts: readonly string[]): string[] => [...new Set(texts)].sort();

/** What to ask of the past; `undefined` when nothing is watched. */
export function watchedPath(watched: readonly Watched[]): string | undefined {
  if (watched.length === 0) return undefined;
  const params = new URLSearchParams({ from: '-15m', step: '15s' });
  for (const line of unique(watched.map((each) => each.line))) params.append('series', line);
  params.set('columns', unique(watched.map(({ column }) => column)).join(','));
  return `/history?${params.toString()}`;
}

/** The line of a watched value; `undefined` while it is not known. */
export function watchedSeries(watched: Watched, past: PastAnswer | undefined): SeriesView | undefined {
  const values = past?.series.find(({ key }) => key === watched.line)?.columns[watched.column]?.avg;
  if (values === undefined) return undefined;
  return {
    points: values.length,
    at: (index) => {
      const value = values[index] ?? Number.NaN;
      return watched.isLeft === true ? 1 - value : value;
    },
  };
}
