import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { basename } from 'node:path';
import { deviceNumber } from '../collectors/block-io.ts';
import { parseMeminfo } from '../collectors/host.ts';

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
  const meminfo = readFileSync(`${procfs}/meminfo`);
  const bootSeconds = /^btime (\d+)$/m.exec(stat)?.[1];
  return {
    kernel: release(),
    cpuCores: cpuCount(stat),
    memoryTotalBytes: parseMeminfo(meminfo, meminfo.length).totalBytes,
    bootTimeUnixMs: bootSeconds === undefined ? undefined : Number(bootSeconds) * 1000,
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

/** Open descriptors of this process; NaN when procfs does not tell. */
export function openDescriptors(procfs: string): number {
  try {
    return readdirSync(`${procfs}/self/fd`).length;
  } catch {
    return Number.NaN;
  }
}
