import type { KeyedValues } from './details.ts';

/** CPU time by mode in seconds, in this order; the first line of /proc/stat and one line for each CPU. */
export const CPU_MODES = [
  'user',
  'nice',
  'system',
  'idle',
  'iowait',
  'irq',
  'softirq',
  'steal',
  'guest',
  'guest_nice',
] as const;

export type CpuSeconds = Readonly<Record<(typeof CPU_MODES)[number], number>>;

/** The host at one moment. A section is `undefined` while its file cannot be read; within one, NaN is unknown. */
export interface HostReading {
  cpu: HostCpu | undefined;
  /** /proc/meminfo in bytes; keys as the kernel writes them, such as `Active(anon)`. HugePages_* are counts. */
  memory: KeyedValues | undefined;
  /** /proc/vmstat, counts. */
  vmstat: KeyedValues | undefined;
  load: { readonly load1: number; readonly load5: number; readonly load15: number } | undefined;
  pressure: HostPressure | undefined;
  disks: readonly DiskCounters[] | undefined;
  filesystems: readonly FilesystemReading[] | undefined;
  /** Without veth and other interfaces of containers. */
  interfaces: readonly HostInterface[] | undefined;
  /** /proc/net/sockstat and sockstat6 as `TCP_inuse`, `sockets_used`; pages of `mem` also as `mem_bytes`. */
  sockstat: KeyedValues | undefined;
  /** /proc/net/netstat and snmp as `TcpExt_ListenDrops`, `Udp_InDatagrams`. */
  netstat: KeyedValues | undefined;
  fileDescriptors: { readonly allocated: number; readonly maximum: number } | undefined;
  conntrack: { readonly entries: number; readonly limit: number } | undefined;
  softnet: readonly CpuQueue[] | undefined;
  /** `undefined` on kernels without CONFIG_SCHEDSTATS. */
  schedstat: readonly CpuRunQueue[] | undefined;
  entropy: { readonly availableBits: number; readonly poolBits: number } | undefined;
  /** Neighbours of IPv4 by device. */
  arp: ReadonlyMap<string, number> | undefined;
  clock: HostClock | undefined;
  udpQueues: { readonly v4: UdpQueues | undefined; readonly v6: UdpQueues | undefined } | undefined;
  sensors: HostSensors | undefined;
}

/** One input of a hardware monitor, /sys/class/hwmon. */
export interface HwmonInput {
  /** Bus and device, such as `platform_coretemp_0`. */
  readonly chip: string;
  /** The driver's name for it, such as `coretemp`. */
  readonly chipName: string;
  /** `temp1`, `fan2`. */
  readonly sensor: string;
  readonly kind: 'temp' | 'fan';
  readonly label: string | undefined;
  /** `input`, `max`, `crit`, `crit_hyst`: thousandths of a degree, or rounds a minute; NaN where it has none. */
  readonly values: Readonly<Record<string, number>>;
}

/** What sysfs tells of the hardware; empty lists on most virtual machines. Numbers are NaN where they are not known. */
export interface HostSensors {
  readonly inputs: readonly HwmonInput[];
  /** /sys/class/thermal: how far each is on, of how much it can. */
  readonly coolingDevices: readonly {
    readonly name: string;
    readonly type: string;
    readonly current: number;
    readonly most: number;
  }[];
  /** /sys/class/power_supply: 1 while it gives power. */
  readonly powerSupplies: readonly { readonly name: string; readonly online: number }[];
  /** cpufreq: at which rate each CPU runs, and between which it may. */
  readonly frequencies: readonly {
    readonly cpu: number;
    readonly hertz: number;
    readonly leastHertz: number;
    readonly mostHertz: number;
  }[];
}

/** One line of /proc/net/softnet_stat: packets that a CPU took from the network. */
export interface CpuQueue {
  readonly cpu: number;
  readonly processed: number;
  /** No room in its backlog. */
  readonly dropped: number;
  /** Work was left when its time was over. */
  readonly timesSqueezed: number;
  /** Times it was woken for packets of another CPU. */
  readonly receivedRps: number;
  readonly flowLimits: number;
}

/** A CPU's line of /proc/schedstat. */
export interface CpuRunQueue {
  readonly cpu: number;
  readonly runningSeconds: number;
  /** For which tasks that could run had to wait. */
  readonly waitingSeconds: number;
  readonly timeslices: number;
}

/** How the kernel keeps its clock; adjtimex(2). The `pps` fields are of a pulse-per-second signal, 0 without one. */
export interface HostClock {
  readonly synchronised: boolean;
  /** What is still to be corrected. */
  readonly offsetSeconds: number;
  /** How fast the clock is made to run; 1 is as the hardware does. */
  readonly frequencyRatio: number;
  readonly maxErrorSeconds: number;
  readonly estimatedErrorSeconds: number;
  /** The kernel's STA_ bits. */
  readonly status: number;
  readonly loopTimeConstant: number;
  readonly tickSeconds: number;
  readonly ppsFrequencyHertz: number;
  readonly ppsJitterSeconds: number;
  readonly ppsShiftSeconds: number;
  readonly ppsStabilityHertz: number;
  readonly ppsJitterExceeded: number;
  readonly ppsCalibrations: number;
  readonly ppsErrors: number;
  readonly ppsStabilityExceeded: number;
  readonly taiOffsetSeconds: number;
}

export interface UdpQueues {
  readonly transmitBytes: number;
  readonly receiveBytes: number;
}

export interface HostCpu {
  /** All CPUs together. */
  readonly total: CpuSeconds;
  /** One row for each CPU that is online, with its number. */
  readonly cpus: readonly { readonly cpu: number; readonly seconds: CpuSeconds }[];
  readonly contextSwitches: number;
  readonly interrupts: number;
  readonly forks: number;
  readonly processesRunning: number;
  readonly processesBlocked: number;
  readonly bootTimeUnixSeconds: number;
}

/** Seconds for which some (`waiting`) or all (`stalled`) tasks had to wait; /proc/pressure. */
export interface HostPressure {
  readonly cpuWaitingSeconds: number;
  readonly memoryWaitingSeconds: number;
  readonly memoryStalledSeconds: number;
  readonly ioWaitingSeconds: number;
  readonly ioStalledSeconds: number;
  readonly irqStalledSeconds: number;
}

/** One line of /proc/diskstats; partitions, loop and ram disks are left out. */
export interface DiskCounters {
  readonly device: string;
  readonly reads: number;
  readonly readsMerged: number;
  readonly readBytes: number;
  readonly readSeconds: number;
  readonly writes: number;
  readonly writesMerged: number;
  readonly writtenBytes: number;
  readonly writeSeconds: number;
  readonly inFlight: number;
  readonly ioSeconds: number;
  readonly ioWeightedSeconds: number;
  readonly discards: number;
  readonly discardsMerged: number;
  readonly discardedSectors: number;
  readonly discardSeconds: number;
  readonly flushes: number;
  readonly flushSeconds: number;
}

export interface FilesystemReading {
  readonly device: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly readOnly: boolean;
  /** `undefined` where the file system did not answer, such as a network file system whose server is away. */
  readonly space: FilesystemSpace | undefined;
}

export interface FilesystemSpace {
  readonly sizeBytes: number;
  readonly freeBytes: number;
  /** What is left for everybody but root. */
  readonly availableBytes: number;
  readonly files: number;
  readonly filesFree: number;
}

/** One line of /proc/net/dev, in its order. */
export const INTERFACE_COLUMNS = [
  'receiveBytes',
  'receivePackets',
  'receiveErrors',
  'receiveDropped',
  'receiveFifo',
  'receiveFrame',
  'receiveCompressed',
  'receiveMulticast',
  'transmitBytes',
  'transmitPackets',
  'transmitErrors',
  'transmitDropped',
  'transmitFifo',
  'transmitCollisions',
  'transmitCarrier',
  'transmitCompressed',
] as const;

export type HostInterface = Readonly<Record<(typeof INTERFACE_COLUMNS)[number], number>> & { readonly name: string };

export function emptyHostReading(): HostReading {
  return {
    cpu: undefined,
    memory: undefined,
    vmstat: undefined,
    load: undefined,
    pressure: undefined,
    disks: undefined,
    filesystems: undefined,
    interfaces: undefined,
    sockstat: undefined,
    netstat: undefined,
    fileDescriptors: undefined,
    conntrack: undefined,
    softnet: undefined,
    schedstat: undefined,
    entropy: undefined,
    arp: undefined,
    clock: undefined,
    udpQueues: undefined,
    sensors: undefined,
  };
}
