import { HOST_COLUMNS, HOST_EXTRA_COLUMNS } from '../wire.ts';
import { valueOf } from './details.ts';
import type { Fullest } from './fullest.ts';
import type { CpuSeconds, HostReading } from './host-reading.ts';

type Column = (typeof HOST_COLUMNS)[number] | (typeof HOST_EXTRA_COLUMNS)[number];

const BUSY = ['user', 'nice', 'system', 'irq', 'softirq', 'steal'] as const;

/** Adds up; NaN only where the list is unknown. */
function sumOf<T>(list: readonly T[] | undefined, value: (each: T) => number): number {
  return list === undefined ? Number.NaN : list.reduce((sum, each) => sum + (value(each) || 0), 0);
}

/** Disks that lie on others would be counted twice. */
const isStacked = (device: string): boolean => /^(?:dm-|md)/.test(device);

type Values = Partial<Record<Column, number>>;

function ofCpu(total: CpuSeconds): Values {
  return {
    // Guest time is in user, and a host that waits for a disk is idle.
    cpuBusySeconds: BUSY.reduce((sum, mode) => sum + (total[mode] || 0), 0),
    cpuUserSeconds: total.user + total.nice,
    cpuSystemSeconds: total.system,
    cpuIowaitSeconds: total.iowait,
    cpuStealSeconds: total.steal,
    cpuIdleSeconds: total.idle,
  };
}

function valuesOf(reading: HostReading, fullest: Fullest | undefined): Values {
  const { cpu, memory, load, pressure, disks, filesystems, interfaces } = reading;
  const root = filesystems?.find(({ mountPoint }) => mountPoint === '/')?.space;
  const own = disks?.filter(({ device }) => !isStacked(device));
  const outside = interfaces?.filter(({ name }) => name !== 'lo');
  return {
    ...load,
    ...pressure,
    ...(cpu === undefined ? {} : ofCpu(cpu.total)),
    memoryTotalBytes: valueOf(memory, 'MemTotal'),
    memoryAvailableBytes: valueOf(memory, 'MemAvailable'),
    swapTotalBytes: valueOf(memory, 'SwapTotal'),
    swapFreeBytes: valueOf(memory, 'SwapFree'),
    diskReadBytes: sumOf(own, ({ readBytes }) => readBytes),
    diskWrittenBytes: sumOf(own, ({ writtenBytes }) => writtenBytes),
    networkReceiveBytes: sumOf(outside, ({ receiveBytes }) => receiveBytes),
    networkTransmitBytes: sumOf(outside, ({ transmitBytes }) => transmitBytes),
    ...(root === undefined ? {} : { rootSizeBytes: root.sizeBytes, rootAvailableBytes: root.availableBytes }),
    ...(fullest === undefined
      ? {}
      : { fullestSizeBytes: fullest.space.sizeBytes, fullestAvailableBytes: fullest.space.availableBytes }),
  };
}

const COLUMNS: readonly Column[] = [...HOST_COLUMNS, ...HOST_EXTRA_COLUMNS];

/** Fills the host's row of a frame (see `emptyHostRow`) with what was last read. */
export function fillHostRow(row: Float64Array, reading: HostReading, fullest: Fullest | undefined): void {
  const values = valuesOf(reading, fullest);
  for (const [index, column] of COLUMNS.entries()) row[index] = values[column] ?? Number.NaN;
}
