/** Values of the contract that need nothing else, so that the page has them without the validator of `wire.ts`. */

/** The socket.io namespace of the browser; closed without a session cookie. */
export const UI_NAMESPACE = '/ui';

/**
 * Columns of a frame's container block, in this order: rates and gauges, as the page shows them. NaN where unavailable.
 * `cpuCores` is cores in use; `cpuOfLimitRatio` is of the quota, or of the host's cores where there is none; `cpuThrottledRatio` is of the periods.
 */
export const VIEW_COLUMNS = [
  'cpuCores',
  'cpuOfLimitRatio',
  'memoryWorkingSetBytes',
  'memoryOfLimitRatio',
  'blockReadBytesPerSecond',
  'blockWriteBytesPerSecond',
  'pidsCurrent',
  'cpuThrottledRatio',
  'networkReceiveBytesPerSecond',
  'networkTransmitBytesPerSecond',
] as const;

export type ViewColumn = (typeof VIEW_COLUMNS)[number];

/** Values per host in a frame's host block, in this order; NaN where unavailable. */
export const HOST_VIEW_COLUMNS = [
  'cpuCores',
  'memoryUsedBytes',
  'containersCpuCores',
  'containersMemoryBytes',
  'load1',
  'diskReadBytesPerSecond',
  'diskWriteBytesPerSecond',
  'networkReceiveBytesPerSecond',
  'networkTransmitBytesPerSecond',
  'swapUsedBytes',
  'swapTotalBytes',
  'fullestUsedRatio',
] as const;

export type HostViewColumn = (typeof HOST_VIEW_COLUMNS)[number];

/**
 * What is told beyond that of each container of a view of a few lines, in this order; NaN where unavailable. Cache is without shared memory; pressure is the share of
 * time in which something waited.
 */
export const CONTAINER_DETAIL_COLUMNS = [
  'memoryAnonBytes',
  'memoryShmemBytes',
  'memoryCacheBytes',
  'memorySlabBytes',
  'cpuWaitingRatio',
  'memoryWaitingRatio',
  'ioWaitingRatio',
] as const;

export type ContainerDetailColumn = (typeof CONTAINER_DETAIL_COLUMNS)[number];

/** The same of a host, in the views of one host or a few lines. */
export const HOST_DETAIL_COLUMNS = [
  'cpuUserCores',
  'cpuSystemCores',
  'cpuIowaitCores',
  'cpuStealCores',
  'swapUsedBytes',
  'cpuWaitingRatio',
  'memoryWaitingRatio',
  'ioWaitingRatio',
  'rootUsedRatio',
] as const;

export type HostDetailColumn = (typeof HOST_DETAIL_COLUMNS)[number];

/** Lines that are shown side by side at most. */
export const MAX_COMPARED = 8;

/** Characters at most of what a browser asks for; a filter's also of what suggestions are asked for. */
export const REQUEST_CHARACTERS = { host: 64, key: 600, filter: 1024, series: 1200 } as const;
