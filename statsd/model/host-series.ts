import { emptyDetails, valueOf, type ContainerDetails } from './details.ts';
import { seriesLabels, type Series } from './exposition.ts';
import type { DiskCounters, HostReading } from './host-reading.ts';
import { emptySample, FIELD, type Field } from './reading.ts';

function cpuFields({ cpu }: HostReading): Partial<Record<Field, number>> {
  if (cpu === undefined) return {};
  const { user, nice, system, irq, softirq, steal } = cpu.total;
  return {
    cpuUsageSeconds: user + nice + system + irq + softirq + steal,
    cpuUserSeconds: user + nice,
    cpuSystemSeconds: system + irq + softirq,
    startTimeUnixSeconds: cpu.bootTimeUnixSeconds,
  };
}

function memoryFields({ memory, vmstat }: HostReading): Partial<Record<Field, number>> {
  const value = (key: string): number => valueOf(memory, key);
  const usage = value('MemTotal') - value('MemFree');
  return {
    memoryUsageBytes: usage,
    memoryWorkingSetBytes: Math.max(0, usage - value('Inactive(file)')),
    memoryCacheBytes: value('Cached') + value('Buffers'),
    memoryRssBytes: value('AnonPages'),
    memorySwapBytes: value('SwapTotal') - value('SwapFree'),
    memoryMappedFileBytes: value('Mapped'),
    memoryActiveFileBytes: value('Active(file)'),
    memoryInactiveFileBytes: value('Inactive(file)'),
    memoryDirtyBytes: value('Dirty'),
    memoryWritebackBytes: value('Writeback'),
    memoryLimitBytes: value('MemTotal'),
    pageFaults: valueOf(vmstat, 'pgfault'),
    majorPageFaults: valueOf(vmstat, 'pgmajfault'),
    oomKillsTotal: valueOf(vmstat, 'oom_kill'),
  };
}

function diskFields({ disks }: HostReading): Partial<Record<Field, number>> {
  if (disks === undefined) return {};
  const total = (value: (disk: DiskCounters) => number): number => disks.reduce((sum, disk) => sum + value(disk), 0);
  return {
    blockReadBytes: total(({ readBytes }) => readBytes),
    blockWriteBytes: total(({ writtenBytes }) => writtenBytes),
    blockReads: total(({ reads }) => reads),
    blockWrites: total(({ writes }) => writes),
  };
}

function pressureFields({ pressure }: HostReading): Partial<Record<Field, number>> {
  if (pressure === undefined) return {};
  const { cpuWaitingSeconds, memoryWaitingSeconds, memoryStalledSeconds, ioWaitingSeconds, ioStalledSeconds } =
    pressure;
  return { cpuWaitingSeconds, memoryWaitingSeconds, memoryStalledSeconds, ioWaitingSeconds, ioStalledSeconds };
}

function detailsOf({ interfaces }: HostReading): ContainerDetails {
  if (interfaces === undefined) return emptyDetails();
  const own = interfaces.filter(({ name }) => name !== 'lo').map((each, ifindex) => ({ ...each, ifindex }));
  return {
    ...emptyDetails(),
    network: { kind: 'own', netnsInode: Number.NaN, sharedBy: 1, interfaces: own },
  };
}

/** The machine as cAdvisor's root cgroup, `id="/"`: from the host's own files, since v2's root has no memory files. */
export function hostSeries(host: HostReading, nowUnixSeconds: number): Series {
  const sample = emptySample();
  const fields = {
    ...cpuFields(host),
    ...memoryFields(host),
    ...diskFields(host),
    ...pressureFields(host),
    lastSeenUnixSeconds: nowUnixSeconds,
  };
  for (const [field, value] of Object.entries(fields)) sample[FIELD[field as Field]] = value;
  return {
    ...seriesLabels('id="/",name="",image=""', ''),
    sample,
    details: detailsOf(host),
    health: undefined,
    restartCount: undefined,
  };
}
