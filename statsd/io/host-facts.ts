import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, hostname, machine, release, type, version } from 'node:os';
import { basename } from 'node:path';
import { deviceNumber } from '../model/block-devices.ts';
import { valueOf } from '../model/details.ts';
import { parseMeminfo } from '../model/host-text.ts';
import type { HostNames } from '../model/host-families.ts';

export interface HostFacts {
  readonly kernel: string;
  readonly cpuCores: number;
  /** NaN when /proc/meminfo cannot be read. */
  readonly memoryTotalBytes: number;
  readonly bootTimeUnixMs: number | undefined;
}

/** CPUs in /proc/stat: what is online on the machine, not what this process may use. */
function cpuCount(stat: string): number {
  return stat.match(/^cpu\d+ /gm)?.length ?? availableParallelism();
}

/** What does not change while the machine runs. @throws when procfs is not what it says. */
export function readHostFacts(procfs: string): HostFacts {
  const stat = readFileSync(`${procfs}/stat`, 'utf8');
  const path = `${procfs}/meminfo`;
  const meminfo = readFileSync(path);
  const bootSeconds = /^btime (\d+)$/m.exec(stat)?.[1];
  return {
    kernel: release(),
    cpuCores: cpuCount(stat),
    memoryTotalBytes: valueOf(parseMeminfo({ bytes: meminfo, start: 0, end: meminfo.length, path }), 'MemTotal'),
    bootTimeUnixMs: bootSeconds === undefined ? undefined : Number(bootSeconds) * 1000,
  };
}

/** What uname(2) tells. */
export function hostNames(procfs: string): HostNames {
  let domainname = '(none)';
  try {
    domainname = readFileSync(`${procfs}/sys/kernel/domainname`, 'utf8').trim();
  } catch {
    // as a host without one
  }
  return {
    sysname: type(),
    release: release(),
    version: version(),
    machine: machine(),
    nodename: hostname(),
    domainname,
  };
}

/** Which block devices lie under another (dm, md), from sysfs; each device is asked once, since a stack does not change under use. */
export function blockStack(sysfs: string): (device: number) => readonly number[] {
  const known = new Map<number, readonly number[]>();
  const numberOf = (path: string): number | undefined => {
    const [major, minor] = readFileSync(path, 'utf8').trim().split(':').map(Number);
    return major === undefined || minor === undefined ? undefined : deviceNumber(major, minor);
  };
  const read = (device: number): number[] => {
    const name = `${Math.floor(device / 2 ** 20)}:${device % 2 ** 20}`;
    try {
      const folder = `${sysfs}/dev/block/${name}`;
      return readdirSync(`${folder}/slaves`).flatMap(
        (slave) => numberOf(`${folder}/slaves/${basename(slave)}/dev`) ?? [],
      );
    } catch {
      return []; // a partition has no slaves folder; a device may be gone
    }
  };
  return (device) => {
    const slaves = known.get(device) ?? read(device);
    known.set(device, slaves);
    return slaves;
  };
}

/** Sizes of huge pages that the kernel has, in the words of its cgroup files: `2MB`, `1GB`, `64KB`. */
export function hugePageSizes(sysfs: string): string[] {
  let names: string[];
  try {
    names = readdirSync(`${sysfs}/kernel/mm/hugepages`);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const kilobytes = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1]);
    if (Number.isNaN(kilobytes)) return [];
    if (kilobytes >= 2 ** 20) return [`${kilobytes / 2 ** 20}GB`];
    return [kilobytes >= 1024 ? `${kilobytes / 1024}MB` : `${kilobytes}KB`];
  });
}
