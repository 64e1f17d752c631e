import { CONTAINER_DETAIL_COLUMNS, HOST_DETAIL_COLUMNS } from '../../view-wire.ts';

/** What a series is of. */
export type SeriesKind = 'container' | 'host';

/** Columns kept of a container, in this order. Shares of a limit are made from them with the limit of the day. */
export const CONTAINER_HISTORY_COLUMNS = [
  'cpuCores',
  'cpuThrottledRatio',
  'memoryWorkingSetBytes',
  'blockReadBytesPerSecond',
  'blockWriteBytesPerSecond',
  'networkReceiveBytesPerSecond',
  'networkTransmitBytesPerSecond',
  'pidsCurrent',
] as const;

/** Columns kept of a host, in this order. */
export const HOST_HISTORY_COLUMNS = [
  'cpuCores',
  'memoryUsedBytes',
  'load1',
  'diskReadBytesPerSecond',
  'diskWriteBytesPerSecond',
  'networkReceiveBytesPerSecond',
  'networkTransmitBytesPerSecond',
] as const;

/** Columns that are kept for longer than the seconds are. */
export const COLUMNS_OF: Readonly<Record<SeriesKind, readonly string[]>> = {
  container: CONTAINER_HISTORY_COLUMNS,
  host: HOST_HISTORY_COLUMNS,
};

/** All columns of a line by the second, those that are kept first. What else there is of it is a matter of the last minutes. */
export const SECOND_COLUMNS_OF: Readonly<Record<SeriesKind, readonly string[]>> = {
  container: [...CONTAINER_HISTORY_COLUMNS, ...CONTAINER_DETAIL_COLUMNS],
  host: [...HOST_HISTORY_COLUMNS, ...HOST_DETAIL_COLUMNS],
};
