import { clockMetrics } from './clock-families.ts';
import { hardwareMetrics } from './hardware-families.ts';
import { escapeLabelValue, type OwnMetric } from './exposition.ts';
import { hostMetric as metric } from './host-metric.ts';
import { hostTableMetrics } from './host-table-families.ts';
import type { KeyedValues } from './details.ts';
import {
  CPU_MODES,
  type DiskCounters,
  type FilesystemReading,
  type FilesystemSpace,
  type HostCpu,
  type HostPressure,
  type HostReading,
  type INTERFACE_COLUMNS,
} from './host-reading.ts';

/** What never changes while the host runs, for `node_uname_info`. */
export interface HostNames {
  readonly sysname: string;
  readonly release: string;
  readonly version: string;
  readonly machine: string;
  readonly nodename: string;
  readonly domainname: string;
}

type Values = OwnMetric['values'];

const one = (name: string, type: OwnMetric['type'], value: number | undefined): OwnMetric =>
  metric(name, type, value === undefined ? [] : [['', value]]);

const label = (name: string, value: string): string => `${name}="${escapeLabelValue(value)}"`;

function cpuMetrics(cpu: HostCpu): OwnMetric[] {
  const modes = CPU_MODES.filter((mode) => mode !== 'guest' && mode !== 'guest_nice');
  return [
    metric(
      'cpu_seconds_total',
      'counter',
      cpu.cpus.flatMap(({ cpu: number, seconds }) =>
        modes.map((mode): Values[number] => [`cpu="${number}",mode="${mode}"`, seconds[mode]]),
      ),
    ),
    metric(
      'cpu_guest_seconds_total',
      'counter',
      cpu.cpus.flatMap(({ cpu: number, seconds }): Values => [
        [`cpu="${number}",mode="user"`, seconds.guest],
        [`cpu="${number}",mode="nice"`, seconds.guest_nice],
      ]),
    ),
    one('boot_time_seconds', 'gauge', cpu.bootTimeUnixSeconds),
    one('context_switches_total', 'counter', cpu.contextSwitches),
    one('forks_total', 'counter', cpu.forks),
    one('intr_total', 'counter', cpu.interrupts),
    one('procs_running', 'gauge', cpu.processesRunning),
    one('procs_blocked', 'gauge', cpu.processesBlocked),
  ];
}

/** node_exporter's spelling of a field of /proc/meminfo: `Active(anon)` is `Active_anon`. */
export function meminfoName(key: string): string {
  const name = key.replace(/\(/g, '_').replace(/\)/g, '');
  return name.startsWith('HugePages_') ? `memory_${name}` : `memory_${name}_bytes`;
}

const keyed = (values: KeyedValues | undefined, make: (key: string, value: number) => OwnMetric): OwnMetric[] =>
  (values?.keys ?? []).map((key, index) => make(key, values?.values[index] ?? Number.NaN));

const PRESSURE: readonly (readonly [name: string, value: (pressure: HostPressure) => number])[] = [
  ['cpu_waiting', (pressure) => pressure.cpuWaitingSeconds],
  ['io_waiting', (pressure) => pressure.ioWaitingSeconds],
  ['io_stalled', (pressure) => pressure.ioStalledSeconds],
  ['memory_waiting', (pressure) => pressure.memoryWaitingSeconds],
  ['memory_stalled', (pressure) => pressure.memoryStalledSeconds],
  ['irq_stalled', (pressure) => pressure.irqStalledSeconds],
];

const DISKS: readonly (readonly [name: string, value: (disk: DiskCounters) => number])[] = [
  ['reads_completed_total', (disk) => disk.reads],
  ['reads_merged_total', (disk) => disk.readsMerged],
  ['read_bytes_total', (disk) => disk.readBytes],
  ['read_time_seconds_total', (disk) => disk.readSeconds],
  ['writes_completed_total', (disk) => disk.writes],
  ['writes_merged_total', (disk) => disk.writesMerged],
  ['written_bytes_total', (disk) => disk.writtenBytes],
  ['write_time_seconds_total', (disk) => disk.writeSeconds],
  ['io_time_seconds_total', (disk) => disk.ioSeconds],
  ['io_time_weighted_seconds_total', (disk) => disk.ioWeightedSeconds],
  ['discards_completed_total', (disk) => disk.discards],
  ['discards_merged_total', (disk) => disk.discardsMerged],
  ['discarded_sectors_total', (disk) => disk.discardedSectors],
  ['discard_time_seconds_total', (disk) => disk.discardSeconds],
  ['flush_requests_total', (disk) => disk.flushes],
  ['flush_requests_time_seconds_total', (disk) => disk.flushSeconds],
];

function diskMetrics(disks: readonly DiskCounters[]): OwnMetric[] {
  const per = (value: (disk: DiskCounters) => number): Values =>
    disks.map((disk) => [label('device', disk.device), value(disk)]);
  return [
    metric(
      'disk_io_now',
      'gauge',
      per((disk) => disk.inFlight),
    ),
    ...DISKS.map(([name, value]) => metric(`disk_${name}`, 'counter', per(value))),
  ];
}

const SPACES: readonly (readonly [name: string, value: (space: FilesystemSpace) => number])[] = [
  ['size_bytes', (space) => space.sizeBytes],
  ['free_bytes', (space) => space.freeBytes],
  ['avail_bytes', (space) => space.availableBytes],
  ['files', (space) => space.files],
  ['files_free', (space) => space.filesFree],
];

function filesystemMetrics(filesystems: readonly FilesystemReading[]): OwnMetric[] {
  // One mounted over another has the same labels: the last is the one that is seen.
  const seen = new Map(
    filesystems.map((each) => [
      [label('device', each.device), label('fstype', each.type), label('mountpoint', each.mountPoint)].join(','),
      each,
    ]),
  );
  const per = (value: (each: FilesystemReading) => number): Values =>
    [...seen].map(([labels, each]) => [labels, value(each)]);
  return [
    ...SPACES.map(([name, value]) =>
      metric(
        `filesystem_${name}`,
        'gauge',
        per(({ space }) => (space === undefined ? Number.NaN : value(space))),
      ),
    ),
    metric(
      'filesystem_readonly',
      'gauge',
      per(({ readOnly }) => Number(readOnly)),
    ),
    metric(
      'filesystem_device_error',
      'gauge',
      per(({ space }) => Number(space === undefined)),
    ),
  ];
}

/** In node_exporter's words. */
const INTERFACES: readonly (readonly [name: string, column: (typeof INTERFACE_COLUMNS)[number]])[] = [
  ['receive_bytes', 'receiveBytes'],
  ['receive_packets', 'receivePackets'],
  ['receive_errs', 'receiveErrors'],
  ['receive_drop', 'receiveDropped'],
  ['receive_fifo', 'receiveFifo'],
  ['receive_frame', 'receiveFrame'],
  ['receive_compressed', 'receiveCompressed'],
  ['receive_multicast', 'receiveMulticast'],
  ['transmit_bytes', 'transmitBytes'],
  ['transmit_packets', 'transmitPackets'],
  ['transmit_errs', 'transmitErrors'],
  ['transmit_drop', 'transmitDropped'],
  ['transmit_fifo', 'transmitFifo'],
  ['transmit_colls', 'transmitCollisions'],
  ['transmit_carrier', 'transmitCarrier'],
  ['transmit_compressed', 'transmitCompressed'],
];

const interfaceMetrics = (interfaces: NonNullable<HostReading['interfaces']>): OwnMetric[] =>
  INTERFACES.map(([name, column]) =>
    metric(
      `network_${name}_total`,
      'counter',
      interfaces.map((each) => [label('device', each.name), each[column]]),
    ),
  );

/** The vmstat counts that node_exporter exports. */
const VMSTAT = /^(?:oom_kill|pgpg(?:in|out)|pswp(?:in|out)|pg(?:maj)?fault)$/;

const loadMetrics = (load: HostReading['load']): OwnMetric[] => [
  one('load1', 'gauge', load?.load1),
  one('load5', 'gauge', load?.load5),
  one('load15', 'gauge', load?.load15),
];

const pressureMetrics = (pressure: HostPressure | undefined): OwnMetric[] =>
  pressure === undefined
    ? []
    : PRESSURE.map(([name, value]) => one(`pressure_${name}_seconds_total`, 'counter', value(pressure)));

const tableMetrics = ({ fileDescriptors, conntrack }: HostReading): OwnMetric[] => [
  one('filefd_allocated', 'gauge', fileDescriptors?.allocated),
  one('filefd_maximum', 'gauge', fileDescriptors?.maximum),
  one('nf_conntrack_entries', 'gauge', conntrack?.entries),
  one('nf_conntrack_entries_limit', 'gauge', conntrack?.limit),
];

const keyedMetrics = ({ memory, vmstat, sockstat, netstat }: HostReading): OwnMetric[] => [
  ...keyed(memory, (key, value) => one(meminfoName(key), 'gauge', value)),
  ...keyed(vmstat, (key, value) => one(`vmstat_${key}`, 'untyped', value)).filter(({ name }) =>
    VMSTAT.test(name.slice('node_vmstat_'.length)),
  ),
  ...keyed(sockstat, (key, value) => one(`sockstat_${key}`, 'gauge', value)),
  ...keyed(netstat, (key, value) => one(`netstat_${key}`, 'untyped', value)),
];

/** The host in node_exporter's names. What could not be read is left out. */
export function hostMetrics(host: HostReading, names: HostNames, nowUnixSeconds: number): OwnMetric[] {
  const uname = Object.entries(names).map(([name, value]: [string, string]) => label(name, value));
  return [
    metric('uname_info', 'gauge', [[uname.join(','), 1]]),
    one('time_seconds', 'gauge', nowUnixSeconds),
    ...(host.cpu === undefined ? [] : cpuMetrics(host.cpu)),
    ...loadMetrics(host.load),
    ...keyedMetrics(host),
    ...pressureMetrics(host.pressure),
    ...diskMetrics(host.disks ?? []),
    ...filesystemMetrics(host.filesystems ?? []),
    ...interfaceMetrics(host.interfaces ?? []),
    ...tableMetrics(host),
    ...hostTableMetrics(host),
    ...clockMetrics(host.clock),
    ...hardwareMetrics(host.sensors),
  ];
}
