import type { BlockDevice, ContainerDetails, InterfaceCounters } from './details.ts';
import { field, points, type Family, type Point } from './family.ts';
import type { Field } from './reading.ts';

function noDevice(name: Field): NonNullable<Family['points']> {
  const valueOf = field(name);
  return ({ sample }) => [['device=""', valueOf(sample)]];
}

// A container can name its interfaces: quotes and backslashes are allowed by the kernel.
const interfaceLabel = (name: string): string =>
  `interface="${/["\\]/.test(name) ? name.replaceAll('\\', '\\\\').replaceAll('"', '\\"') : name}"`;

/** One series in the default set, however many interfaces there are: its name where it is the only one. */
function oneInterface(name: Field): NonNullable<Family['points']> {
  const valueOf = field(name);
  return ({ sample, details: { network } }) => {
    const value = valueOf(sample);
    if (network.kind !== 'own' || Number.isNaN(value)) return [];
    const [only, second] = network.interfaces;
    return [[interfaceLabel(only !== undefined && second === undefined ? only.name : 'total'), value]];
  };
}

const eachInterface =
  (value: (counters: InterfaceCounters) => number): NonNullable<Family['points']> =>
  ({ details: { network } }) =>
    network.kind !== 'own'
      ? []
      : network.interfaces.map((counters) => [interfaceLabel(counters.name), value(counters)]);

interface Traffic {
  readonly name: string;
  readonly help: string;
  readonly field: Field;
  readonly value: (counters: InterfaceCounters) => number;
}

const BYTES: readonly Traffic[] = [
  { name: 'receive_bytes', help: 'Bytes received.', field: 'networkReceiveBytes', value: (each) => each.receiveBytes },
  { name: 'transmit_bytes', help: 'Bytes sent.', field: 'networkTransmitBytes', value: (each) => each.transmitBytes },
  {
    name: 'receive_packets_dropped',
    help: 'Packets dropped while receiving.',
    field: 'networkReceiveDropped',
    value: (each) => each.receiveDropped,
  },
  {
    name: 'transmit_packets_dropped',
    help: 'Packets dropped while sending.',
    field: 'networkTransmitDropped',
    value: (each) => each.transmitDropped,
  },
];
const PACKETS: readonly Traffic[] = [
  {
    name: 'receive_packets',
    help: 'Packets received.',
    field: 'networkReceivePackets',
    value: (each) => each.receivePackets,
  },
  {
    name: 'transmit_packets',
    help: 'Packets sent.',
    field: 'networkTransmitPackets',
    value: (each) => each.transmitPackets,
  },
  {
    name: 'receive_errors',
    help: 'Errors while receiving.',
    field: 'networkReceiveErrors',
    value: (each) => each.receiveErrors,
  },
  {
    name: 'transmit_errors',
    help: 'Errors while sending.',
    field: 'networkTransmitErrors',
    value: (each) => each.transmitErrors,
  },
];

/** Counters per device, of which `undefined` devices stand for one sum. */
interface Disk {
  readonly name: string;
  readonly help: string;
  readonly field: Field;
  readonly value: (device: BlockDevice) => number;
}

const DISK_BYTES: readonly Disk[] = [
  {
    name: 'container_fs_reads_bytes_total',
    help: 'Bytes read from block devices.',
    field: 'blockReadBytes',
    value: (device) => device.readBytes,
  },
  {
    name: 'container_fs_writes_bytes_total',
    help: 'Bytes written to block devices.',
    field: 'blockWriteBytes',
    value: (device) => device.writeBytes,
  },
];
const DISK_OPERATIONS: readonly Disk[] = [
  {
    name: 'container_fs_reads_total',
    help: 'Reads from block devices.',
    field: 'blockReads',
    value: (device) => device.reads,
  },
  {
    name: 'container_fs_writes_total',
    help: 'Writes to block devices.',
    field: 'blockWrites',
    value: (device) => device.writes,
  },
];

/** The name of a block device, such as `/dev/sda`. */
export type DeviceName = (device: { readonly major: number; readonly minor: number }) => string;

function eachDevice(disk: Disk, nameOf: DeviceName): NonNullable<Family['points']> {
  const without = noDevice(disk.field);
  return (measured) => {
    const { blockDevices } = measured.details;
    if (blockDevices === undefined || blockDevices.length === 0) return without(measured);
    return blockDevices.map((device) => [`device="${nameOf(device)}"`, disk.value(device)]);
  };
}

const DEVICE_OPERATIONS: readonly (readonly [operation: string, value: (device: BlockDevice) => number])[] = [
  ['Read', (device) => device.readBytes],
  ['Write', (device) => device.writeBytes],
  ['Sync', (device) => device.syncBytes],
  ['Async', (device) => device.asyncBytes],
  ['Discard', (device) => device.discardBytes],
];

const deviceUsage =
  (nameOf: DeviceName): NonNullable<Family['points']> =>
  ({ details: { blockDevices } }) =>
    (blockDevices ?? []).flatMap((device) =>
      DEVICE_OPERATIONS.map(([operation, value]): Point => {
        const { major, minor } = device;
        const labels = `device="${nameOf(device)}",major="${major}",minor="${minor}",operation="${operation}"`;
        return [labels, value(device)];
      }),
    );

const trafficName = ({ name }: Traffic): string => `container_network_${name}_total`;

/** Each added up to one series. */
export const SUMMED_IO_FAMILIES: readonly Family[] = [
  ...DISK_BYTES.map((disk) => points(disk.name, disk.help, noDevice(disk.field))),
  ...BYTES.map((traffic) => points(trafficName(traffic), traffic.help, oneInterface(traffic.field))),
];

/** A series for each device and each interface. */
export function ioFamilies(nameOf: DeviceName): readonly Family[] {
  return [
    ...[...DISK_BYTES, ...DISK_OPERATIONS].map((disk) => points(disk.name, disk.help, eachDevice(disk, nameOf))),
    points('container_blkio_device_usage_total', 'Bytes by device and operation.', deviceUsage(nameOf)),
    ...[...BYTES, ...PACKETS].map((traffic) =>
      points(trafficName(traffic), traffic.help, eachInterface(traffic.value)),
    ),
  ];
}

/** How many series {@link ioFamilies} has for a container. */
export function ioSeriesBound({ blockDevices, network }: ContainerDetails): number {
  const devices = (blockDevices?.length ?? 0) * (DISK_BYTES.length + DISK_OPERATIONS.length + DEVICE_OPERATIONS.length);
  const interfaces = network.kind === 'own' ? network.interfaces.length * (BYTES.length + PACKETS.length) : 0;
  return devices + interfaces;
}
