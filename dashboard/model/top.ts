import type { ViewColumn } from '../view-wire.ts';

/** Something that the overview ranks containers by: the sum of its columns. */
export interface TopMeasure {
  readonly key: 'cpu' | 'memory' | 'network' | 'block' | 'throttled';
  readonly columns: readonly ViewColumn[];
}

export const TOP_MEASURES: readonly TopMeasure[] = [
  { key: 'cpu', columns: ['cpuCores'] },
  { key: 'memory', columns: ['memoryWorkingSetBytes'] },
  { key: 'network', columns: ['networkReceiveBytesPerSecond', 'networkTransmitBytesPerSecond'] },
  { key: 'block', columns: ['blockReadBytesPerSecond', 'blockWriteBytesPerSecond'] },
  { key: 'throttled', columns: ['cpuThrottledRatio'] },
];

/** Containers that are ranked for one measure. */
export const TOP_ROWS = 5;

export interface Ranked<Row> {
  readonly row: Row;
  readonly value: number;
}

/** The rows with the largest values above zero, largest first; equal ones in the order they came in. */
export function topOf<Row>(
  rows: readonly Row[],
  { columns }: TopMeasure,
  read: (row: Row, column: ViewColumn) => number,
): readonly Ranked<Row>[] {
  const best: Ranked<Row>[] = [];
  for (const row of rows) {
    const value = columns.reduce((sum, column) => sum + read(row, column), 0);
    const least = best.length < TOP_ROWS ? 0 : (best.at(-1)?.value ?? 0);
    if (!(value > least)) continue;
    const at = best.findIndex((other) => other.value < value);
    best.splice(at < 0 ? best.length : at, 0, { row, value });
    if (best.length > TOP_ROWS) best.pop();
  }
  return best;
}
