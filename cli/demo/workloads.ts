import type { BlockDevice } from './block-device.ts';

/** How fast a container may write to one disk. */
export interface DiskLimit {
  readonly device: BlockDevice;
  readonly writeBytesPerSecond: number;
}

/** What a container does and how much it may take. */
export interface Workload {
  readonly name: string;
  /** A script for busybox sh. */
  readonly script: string;
  readonly memoryLimitBytes?: number;
  readonly cpuLimitCores?: number;
  readonly diskLimit?: DiskLimit | undefined;
  /** Folders of the host that it sees, by place inside; `writable` ones are its own. */
  readonly mounts: readonly { readonly source: string; readonly destination: string; readonly writable: boolean }[];
}

export interface WorkloadSettings {
  /** Hosts of the whole cluster: they share the machine's cores and memory. */
  readonly hosts: number;
  /** From 1. */
  readonly hostNumber: number;
  readonly cores: number;
  /** Folder with the pages that the web server serves. */
  readonly pagesFolder: string;
  /** Folder on disk that the disk writer writes to. */
  readonly diskFolder: string;
  /** The disk under `diskFolder`; `undefined` where there is none of its own (a memory or layered file system). */
  readonly disk: BlockDevice | undefined;
  /** Overlay address of the web server on another host (on this one when there is only one). */
  readonly peerWebAddress: string;
}

const MIB = 1024 * 1024;
/** The part of the machine that all CPU waves together may take. */
const CPU_WAVE_SHARE = 0.35;
const HOT_SECONDS = 20;
const CALM_SECONDS = 20;
const MEMORY_STEPS = 16;

/** Size of the large page, bytes. */
export const LARGE_PAGE_BYTES = 1.5 * MIB;

const web = ({ pagesFolder }: WorkloadSettings): Workload => ({
  name: 'web',
  script: 'exec httpd -f -p 80 -h /www',
  memoryLimitBytes: 32 * MIB,
  mounts: [{ source: pagesFolder, destination: '/www', writable: false }],
});

const idle = (name: string): Workload => ({ name, script: 'exec sleep 2147483647', mounts: [] });

const client = ({ peerWebAddress }: WorkloadSettings): Workload => ({
  name: 'client',
  // Not wget's own -T: Debian's static busybox crashes on it.
  script: `n=0
while :; do
  timeout 3 wget -q -O /dev/null http://${peerWebAddress}/
  n=$(( (n + 1) % 10 ))
  [ $n -eq 0 ] && timeout 5 wget -q -O /dev/null http://${peerWebAddress}/large.bin
  sleep 1
done`,
  mounts: [],
});

/** Busy for a while at its whole quota, then calm for a while. Hosts start at different points, so that the curves differ. */
function cpuWave({ hosts, hostNumber, cores }: WorkloadSettings): Workload {
  const quota = Math.min(0.4, Math.max(0.03, (CPU_WAVE_SHARE * cores) / hosts));
  return {
    name: 'cpu-wave',
    script: `sleep ${((hostNumber - 1) * 7) % (HOT_SECONDS + CALM_SECONDS)}
while :; do
  timeout ${HOT_SECONDS} sh -c 'while :; do :; done'
  sleep ${CALM_SECONDS}
done`,
    cpuLimitCores: Math.round(quota * 100) / 100,
    mounts: [],
  };
}

/** Fills a file in memory step by step to about 80 % of its limit, then lets it go. */
function memoryWave({ hosts }: WorkloadSettings): Workload {
  const stepMib = hosts > 4 ? 1 : 3;
  return {
    name: 'memory-wave',
    script: `while :; do
  i=0
  while [ $i -lt ${MEMORY_STEPS} ]; do
    dd if=/dev/zero of=/tmp/$i bs=1M count=${stepMib} 2>/dev/null
    i=$((i + 1))
    sleep 1
  done
  sleep 5
  rm -f /tmp/*
  sleep 5
done`,
    memoryLimitBytes: Math.ceil((MEMORY_STEPS * stepMib) / 0.8) * MIB,
    mounts: [],
  };
}

/**
 * One MiB every two seconds into the same file; past the page cache where the file system can, so that it is counted as its
 * own. Since Linux 6.10 cgroup version 1 counts a container's I/O on a disk only where it has a limit.
 */
const diskWriter = ({ diskFolder, disk }: WorkloadSettings): Workload => ({
  name: 'disk-writer',
  script: `while :; do
  dd if=/dev/zero of=/data/block bs=64k count=16 oflag=direct conv=fsync 2>/dev/null ||
    dd if=/dev/zero of=/data/block bs=64k count=16 conv=fsync 2>/dev/null
  sleep 2
done`,
  memoryLimitBytes: 32 * MIB,
  diskLimit: disk === undefined ? undefined : { device: disk, writeBytesPerSecond: 16 * MIB },
  mounts: [{ source: diskFolder, destination: '/data', writable: true }],
});

/** The containers of one host, the web server first: it gets the first address after the gateway. */
export function workloadsOf(settings: WorkloadSettings, load: boolean): Workload[] {
  if (!load) return [web(settings), idle('idle-1'), idle('idle-2')];
  return [web(settings), client(settings), cpuWave(settings), memoryWave(settings), diskWriter(settings)];
}
