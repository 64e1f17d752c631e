import type { BlockDeviceCounts, ContainerDevices, DevicesAnswer, InterfaceCounts } from '../../statsd/device-wire.ts';
import type { BlockDeviceView, InterfaceView } from '../wire.ts';
import { rateWindowMs, ratePerSecond } from './rates.ts';

/** What is shown of one container's devices. */
export interface DeviceRows {
  readonly interfaces: readonly InterfaceView[] | undefined;
  readonly blockDevices: readonly BlockDeviceView[] | undefined;
}

type ReadAt = Pick<DevicesAnswer, 'monotonicMs' | 'timeUnixMs'>;

interface Reading {
  readonly at: ReadAt;
  readonly devices: ContainerDevices;
  readonly rows: DeviceRows;
}

function rate(before: number | undefined, now: number | undefined, elapsedMs: number): number | undefined {
  const value = ratePerSecond(before ?? Number.NaN, now ?? Number.NaN, elapsedMs);
  return Number.isNaN(value) ? undefined : value;
}

function interfaceView(before: InterfaceCounts | undefined, now: InterfaceCounts, elapsedMs: number): InterfaceView {
  const { name, receiveErrors, transmitErrors, receiveDropped, transmitDropped } = now;
  return {
    name,
    receiveBytesPerSecond: rate(before?.receiveBytes, now.receiveBytes, elapsedMs),
    transmitBytesPerSecond: rate(before?.transmitBytes, now.transmitBytes, elapsedMs),
    receivePacketsPerSecond: rate(before?.receivePackets, now.receivePackets, elapsedMs),
    transmitPacketsPerSecond: rate(before?.transmitPackets, now.transmitPackets, elapsedMs),
    receiveErrors,
    transmitErrors,
    receiveDropped,
    transmitDropped,
  };
}

function blockDeviceView(
  before: BlockDeviceCounts | undefined,
  now: BlockDeviceCounts,
  elapsedMs: number,
): BlockDeviceView {
  const { name, readBytes, writeBytes } = now;
  return {
    name,
    readBytesPerSecond: rate(before?.readBytes, readBytes, elapsedMs),
    writeBytesPerSecond: rate(before?.writeBytes, writeBytes, elapsedMs),
    readBytes,
    writeBytes,
  };
}

/** An interface that was renamed, or one that took the name of another, is a new one. */
const sameInterface =
  (a: InterfaceCounts) =>
  (b: InterfaceCounts): boolean =>
    a.name === b.name && a.ifindex === b.ifindex;

function rowsOf(before: ContainerDevices | undefined, now: ContainerDevices, elapsedMs: number): DeviceRows {
  return {
    interfaces: now.interfaces?.map((each) =>
      interfaceView(before?.interfaces?.find(sameInterface(each)), each, elapsedMs),
    ),
    blockDevices: now.blockDevices?.map((each) =>
      blockDeviceView(
        before?.blockDevices?.find(({ name }) => name === each.name),
        each,
        elapsedMs,
      ),
    ),
  };
}

/** Makes rates of what an agent told of some containers' devices, one answer after the other. */
export class DeviceRates {
  readonly #last = new Map<string, Reading>();

  /** The next reading of a container. One of the same tick again changes nothing. */
  take(devices: ContainerDevices, at: ReadAt, intervalMs: number): DeviceRows {
    const { key } = devices;
    const last = this.#last.get(key);
    if (last?.at.monotonicMs === at.monotonicMs && last.at.timeUnixMs === at.timeUnixMs) return last.rows;
    const elapsedMs = rateWindowMs(
      last === undefined ? undefined : { seq: 0, ...last.at },
      { seq: 1, ...at },
      intervalMs,
    );
    const rows = rowsOf(last?.devices, devices, elapsedMs);
    this.#last.set(key, { at, devices, rows });
    return rows;
  }

  /** Forgets all but these. */
  retain(keys: ReadonlySet<string>): void {
    for (const key of this.#last.keys()) if (!keys.has(key)) this.#last.delete(key);
  }
}
