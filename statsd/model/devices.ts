import {
  MAX_DEVICES,
  type BlockDeviceCounts,
  type ContainerDevices,
  type DevicesAnswer,
  type InterfaceCounts,
} from '../device-wire.ts';
import type { BlockDevice, ContainerDetails, InterfaceCounters } from './details.ts';
import type { DeviceName } from './io-families.ts';

/** An unknown number is left out: JSON has no NaN. */
const known = (value: number): number | undefined => (value >= 0 && value < Infinity ? value : undefined);

function interfaceCounts({ name, ifindex, ...counters }: InterfaceCounters): InterfaceCounts {
  return {
    name,
    ifindex,
    receiveBytes: known(counters.receiveBytes),
    receivePackets: known(counters.receivePackets),
    receiveErrors: known(counters.receiveErrors),
    receiveDropped: known(counters.receiveDropped),
    transmitBytes: known(counters.transmitBytes),
    transmitPackets: known(counters.transmitPackets),
    transmitErrors: known(counters.transmitErrors),
    transmitDropped: known(counters.transmitDropped),
  };
}

function blockDeviceCounts(device: BlockDevice, nameOf: DeviceName): BlockDeviceCounts {
  return { name: nameOf(device), readBytes: known(device.readBytes), writeBytes: known(device.writeBytes) };
}

/** What dashboards are told of a container's interfaces and block devices. */
export function containerDevices(
  key: string,
  { network, blockDevices }: ContainerDetails,
  nameOf: DeviceName,
): ContainerDevices {
  return {
    key,
    interfaces: network.kind === 'own' ? network.interfaces.slice(0, MAX_DEVICES).map(interfaceCounts) : undefined,
    blockDevices: blockDevices?.slice(0, MAX_DEVICES).map((device) => blockDeviceCounts(device, nameOf)),
  };
}

export interface DevicesSource {
  /** A living container, as it was read last. */
  readonly details: (key: string) => ContainerDetails | undefined;
  readonly nameOf: DeviceName;
}

/** The answer to a request: those of the containers that live. */
export function devicesAnswer(
  keys: readonly string[],
  at: Pick<DevicesAnswer, 'monotonicMs' | 'timeUnixMs'>,
  { details, nameOf }: DevicesSource,
): DevicesAnswer {
  const containers = [...new Set(keys)].flatMap((key) => {
    const found = details(key);
    return found === undefined ? [] : [containerDevices(key, found, nameOf)];
  });
  return { ...at, containers };
}
