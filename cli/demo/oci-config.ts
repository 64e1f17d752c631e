import type { DiskLimit, Workload } from './workloads.ts';

const CPU_PERIOD_MICROSECONDS = 100_000;
const PIDS_LIMIT = 32;

/** Enough to serve port 80 and to ping. */
const CAPABILITIES = ['CAP_NET_RAW', 'CAP_NET_BIND_SERVICE'];

/** No registry has this root file system: it is Debian's package, and the page says so. */
const IMAGE = 'debian/busybox-static';

const NAMESPACES = ['pid', 'ipc', 'uts', 'mount', 'network'];

const MASKED = ['/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/timer_list', '/proc/sched_debug', '/sys/firmware'];
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

function mountsOf(workload: Workload): object[] {
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=64k'] },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
    { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777', 'size=128m'] },
    ...workload.mounts.map(({ source, destination, writable }) => ({
      destination,
      source,
      type: 'bind',
      options: ['bind', 'nosuid', 'nodev', writable ? 'rw' : 'ro'],
    })),
  ];
}

function blockIoOf({ device, writeBytesPerSecond }: DiskLimit): object {
  return { throttleWriteBpsDevice: [{ ...device, rate: writeBytesPerSecond }] };
}

function resourcesOf({ memoryLimitBytes, cpuLimitCores, diskLimit }: Workload): object {
  return {
    devices: [{ allow: false, access: 'rwm' }],
    pids: { limit: PIDS_LIMIT },
    ...(diskLimit === undefined ? {} : { blockIO: blockIoOf(diskLimit) }),
    ...(memoryLimitBytes === undefined ? {} : { memory: { limit: memoryLimitBytes } }),
    ...(cpuLimitCores === undefined
      ? {}
      : { cpu: { period: CPU_PERIOD_MICROSECONDS, quota: Math.round(cpuLimitCores * CPU_PERIOD_MICROSECONDS) } }),
  };
}

export interface OciPlace {
  /** Folder with the busybox root file system; mounted read-only. */
  readonly rootfs: string;
  /** Absolute within each cgroup hierarchy, such as `/weft-demo/weft-h1/web`. */
  readonly cgroup: string;
}

/** The `config.json` of a bundle, for runc and crun. @see OCI runtime specification 1.0.2 */
export function ociConfig(workload: Workload, place: OciPlace): object {
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: ['/bin/sh', '-c', workload.script],
      env: ['PATH=/bin', 'HOME=/'],
      cwd: '/',
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
      noNewPrivileges: true,
    },
    root: { path: place.rootfs, readonly: true },
    hostname: workload.name,
    mounts: mountsOf(workload),
    annotations: { 'org.opencontainers.image.ref.name': IMAGE },
    linux: {
      cgroupsPath: place.cgroup,
      resources: resourcesOf(workload),
      namespaces: NAMESPACES.map((type) => ({ type })),
      maskedPaths: MASKED,
      readonlyPaths: READ_ONLY,
    },
  };
}
