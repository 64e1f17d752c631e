import type { Content } from '../model/cgroup-text.ts';
import {
  parseDiskstats,
  parseLoadAverage,
  parseMeminfo,
  parseNetDev,
  parseNetstat,
  parseNumbers,
  parseProcStat,
  parseSockstat,
} from '../model/host-text.ts';
import type { KeyedValues } from '../model/details.ts';
import { KeyedText } from '../model/keyed-text.ts';
import { parsePressure } from '../model/pressure.ts';
import type { KernelFile } from '../model/reading.ts';
import { section, type HostCollector, type HostFileOpener } from '../model/host-section.ts';

export interface HostCollectorParts {
  readonly open: HostFileOpener;
  readonly pageBytes: number;
  /** Whether interfaces come from netlink, so that /proc/net/dev is not needed. */
  readonly hasNetlink: boolean;
}

const PRESSURE_FILES = ['pressure/cpu', 'pressure/memory', 'pressure/io', 'pressure/irq'] as const;

function pressureSection(open: HostFileOpener): HostCollector {
  const files = PRESSURE_FILES.map((name) => open.single(name));
  const totals = (file: KernelFile | undefined): { some: number; full: number } => {
    const content = file?.read();
    if (content === undefined) return { some: Number.NaN, full: Number.NaN };
    const { someSeconds, fullSeconds } = parsePressure(content);
    return { some: someSeconds, full: fullSeconds };
  };
  return {
    name: 'host_pressure',
    pace: 'tick',
    files,
    collect(reading) {
      const [cpu, memory, io, irq] = [totals(files[0]), totals(files[1]), totals(files[2]), totals(files[3])];
      const known = [cpu, memory, io].some(({ some }) => !Number.isNaN(some));
      reading.pressure = known
        ? {
            cpuWaitingSeconds: cpu.some,
            memoryWaitingSeconds: memory.some,
            memoryStalledSeconds: memory.full,
            ioWaitingSeconds: io.some,
            ioStalledSeconds: io.full,
            irqStalledSeconds: irq.full,
          }
        : undefined;
    },
    clear(reading) {
      reading.pressure = undefined;
    },
  };
}

/** Several files with keys of their own, put together. */
function joined(files: readonly KernelFile[], parse: (content: Content) => KeyedValues): KeyedValues | undefined {
  const found = files.flatMap((file) => {
    const content = file.read();
    return content === undefined ? [] : [parse(content)];
  });
  if (found.length === 0) return undefined;
  return {
    keys: found.flatMap(({ keys }) => keys),
    values: Float64Array.from(found.flatMap(({ values }) => [...values])),
  };
}

function networkCounts(parts: HostCollectorParts): HostCollector[] {
  const { open, pageBytes } = parts;
  const sockstat = ['net/sockstat', 'net/sockstat6'].map((name) => open.records(name));
  const netstat = ['net/netstat', 'net/snmp'].map((name) => open.records(name));
  return [
    {
      name: 'host_sockstat',
      pace: 'slow',
      files: [],
      collect: (reading) => (reading.sockstat = joined(sockstat, (content) => parseSockstat(content, pageBytes))),
      clear: (reading) => (reading.sockstat = undefined),
    },
    {
      name: 'host_netstat',
      pace: 'slow',
      files: [],
      collect: (reading) => (reading.netstat = joined(netstat, parseNetstat)),
      clear: (reading) => (reading.netstat = undefined),
    },
  ];
}

function counts(open: HostFileOpener): HostCollector[] {
  const [entries, limit] = ['count', 'max'].map((name) => open.single(`sys/net/netfilter/nf_conntrack_${name}`));
  return [
    section(
      { name: 'fileDescriptors', pace: 'slow', file: open.single('sys/fs/file-nr'), fetched: false },
      (content) => {
        const [allocated = Number.NaN, , maximum = Number.NaN] = parseNumbers(content);
        return { allocated, maximum };
      },
    ),
    {
      name: 'host_conntrack',
      pace: 'slow',
      files: [],
      collect(reading) {
        const [count, max] = [entries, limit].map((file) => {
          const content = file?.read();
          return content === undefined ? undefined : parseNumbers(content)[0];
        });
        reading.conntrack = count === undefined ? undefined : { entries: count, limit: max ?? Number.NaN };
      },
      clear: (reading) => (reading.conntrack = undefined),
    },
  ];
}

/** What is read of the host below procfs, section by section, so that a file that cannot be understood costs its own section only. */
export function hostCollectors(parts: HostCollectorParts): readonly HostCollector[] {
  const { open } = parts;
  const vmstat = new KeyedText();
  return [
    section({ name: 'cpu', pace: 'tick', file: open.single('stat'), fetched: true }, parseProcStat),
    section({ name: 'memory', pace: 'tick', file: open.single('meminfo'), fetched: true }, parseMeminfo),
    section({ name: 'load', pace: 'tick', file: open.single('loadavg'), fetched: true }, parseLoadAverage),
    pressureSection(open),
    section({ name: 'disks', pace: 'tick', file: open.records('diskstats'), fetched: false }, parseDiskstats),
    ...(parts.hasNetlink
      ? []
      : [section({ name: 'interfaces', pace: 'tick', file: open.records('net/dev'), fetched: false }, parseNetDev)]),
    section({ name: 'vmstat', pace: 'slow', file: open.records('vmstat'), fetched: false }, (content) =>
      vmstat.read(content),
    ),
    ...networkCounts(parts),
    ...counts(open),
  ];
}
