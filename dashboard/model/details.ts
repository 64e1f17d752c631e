import {
  CONTAINER_DETAIL_COLUMNS,
  HOST_DETAIL_COLUMNS,
  type ContainerDetailColumn,
  type HostDetailColumn,
} from '../view-wire.ts';
import { gaugeOf, rateOf, type Reading } from './container-row.ts';
import type { HostReading } from './frame-layout.ts';
import { ratePerSecond } from './rates.ts';

/** Of what the page of one container shows beyond the row of a table, in the order of {@link CONTAINER_DETAIL_COLUMNS}. */
export function containerDetails(reading: Reading): number[] {
  const shmem = gaugeOf(reading, 'memoryShmemBytes');
  const details: Readonly<Record<ContainerDetailColumn, number>> = {
    memoryAnonBytes: gaugeOf(reading, 'memoryRssBytes'),
    memoryShmemBytes: shmem,
    // The kernel counts shared memory as cache.
    memoryCacheBytes: gaugeOf(reading, 'memoryCacheBytes') - shmem,
    memorySlabBytes: gaugeOf(reading, 'memorySlabBytes'),
    cpuWaitingRatio: rateOf(reading, 'cpuWaitingSeconds'),
    memoryWaitingRatio: rateOf(reading, 'memoryWaitingSeconds'),
    ioWaitingRatio: rateOf(reading, 'ioWaitingSeconds'),
  };
  return CONTAINER_DETAIL_COLUMNS.map((column) => details[column]);
}

/** The same of a host, in the order of {@link HOST_DETAIL_COLUMNS}. */
export function hostDetails(previous: HostReading | undefined, current: HostReading, elapsedMs: number): number[] {
  const rate = (name: keyof HostReading): number =>
    ratePerSecond(previous?.[name] ?? Number.NaN, current[name], elapsedMs);
  const details: Readonly<Record<HostDetailColumn, number>> = {
    cpuUserCores: rate('cpuUserSeconds'),
    cpuSystemCores: rate('cpuSystemSeconds'),
    cpuIowaitCores: rate('cpuIowaitSeconds'),
    cpuStealCores: rate('cpuStealSeconds'),
    swapUsedBytes: current.swapTotalBytes - current.swapFreeBytes,
    cpuWaitingRatio: rate('cpuWaitingSeconds'),
    memoryWaitingRatio: rate('memoryWaitingSeconds'),
    ioWaitingRatio: rate('ioWaitingSeconds'),
    rootUsedRatio: 1 - current.rootAvailableBytes / current.rootSizeBytes,
  };
  return HOST_DETAIL_COLUMNS.map((column) => details[column]);
}
