import { indexOfByte, uintAt, type Content } from './cgroup-text.ts';
import type { BlockDevice } from './details.ts';

/** A device as one number: `major * 2^20 + minor`, as the kernel's own dev_t. */
export const deviceNumber = (major: number, minor: number): number => major * 2 ** 20 + minor;

type Counter = Exclude<keyof BlockDevice, 'major' | 'minor'>;

const NEWLINE = 0x0a;
const SPACE = 0x20;
const COLON = 0x3a;
const EQUALS = 0x3d;
/** A host has tens of devices; a list that is longer is no list of devices. */
const MAX_DEVICES = 4096;

/** First letter and what follows it in io.stat (`rbytes=`, `wios=`) and in v1's lines (`Read`, `Write`, `Sync`, `Async`). */
const V2_COUNTERS: Readonly<Record<string, Counter>> = {
  rbytes: 'readBytes',
  wbytes: 'writeBytes',
  dbytes: 'discardBytes',
  rios: 'reads',
  wios: 'writes',
  dios: 'discards',
};
const V1_BYTES: Readonly<Record<string, Counter>> = {
  Read: 'readBytes',
  Write: 'writeBytes',
  Sync: 'syncBytes',
  Async: 'asyncBytes',
  Discard: 'discardBytes',
};
const V1_OPERATIONS: Readonly<Record<string, Counter>> = {
  Read: 'reads',
  Write: 'writes',
  Sync: 'syncs',
  Async: 'asyncs',
  Discard: 'discards',
};

const word = (bytes: Uint8Array, start: number, end: number): string =>
  end - start > 16 ? '' : String.fromCharCode(...bytes.subarray(start, end));

function emptyDevice(major: number, minor: number): BlockDevice {
  return {
    major,
    minor,
    readBytes: Number.NaN,
    writeBytes: Number.NaN,
    discardBytes: Number.NaN,
    reads: Number.NaN,
    writes: Number.NaN,
    discards: Number.NaN,
    syncBytes: Number.NaN,
    asyncBytes: Number.NaN,
    syncs: Number.NaN,
    asyncs: Number.NaN,
  };
}

/** The devices that one container had traffic with, in the order in which they first appeared. */
export class BlockDevices {
  readonly list: BlockDevice[] = [];
  #last: BlockDevice | undefined;

  clear(): void {
    this.list.length = 0;
    this.#last = undefined;
  }

  /** v2 io.stat: `254:0 rbytes=6558720 wbytes=13117440 rios=105 …`; gives how many devices are listed. */
  takeIoStat(content: Content): number {
    return this.#lines(content, (device, rest, end) => {
      const { bytes } = content;
      for (let at = rest; at < end;) {
        const next = indexOfByte(bytes, SPACE, { start: at, end });
        const equals = indexOfByte(bytes, EQUALS, { start: at, end: next });
        const counter = V2_COUNTERS[word(bytes, at, equals)];
        if (counter !== undefined && equals < next) device[counter] = uintAt(bytes, equals + 1, next);
        at = next + 1;
      }
    });
  }

  /** v1 blkio: `8:0 Read 123`, then Write, Sync, Async, Discard, Total for each device and a bare `Total N`. */
  takeV1(content: Content, what: 'bytes' | 'operations'): number {
    const counters = what === 'bytes' ? V1_BYTES : V1_OPERATIONS;
    return this.#lines(content, (device, rest, end) => {
      const { bytes } = content;
      const space = indexOfByte(bytes, SPACE, { start: rest, end });
      const counter = counters[word(bytes, rest, space)];
      if (counter === undefined) return;
      const value = uintAt(bytes, space + 1, end);
      if (!Number.isNaN(value)) device[counter] = value;
    });
  }

  /** Calls `take` for each line that begins with a device; gives the number of devices. */
  #lines(content: Content, take: (device: BlockDevice, rest: number, end: number) => void): number {
    const { bytes, end: length } = content;
    let found = 0;
    let previous: BlockDevice | undefined;
    this.#last = undefined;
    for (let start = content.start; start < length;) {
      const end = indexOfByte(bytes, NEWLINE, { start, end: length });
      const colon = indexOfByte(bytes, COLON, { start, end });
      const space = indexOfByte(bytes, SPACE, { start, end });
      const major = uintAt(bytes, start, colon);
      const minor = uintAt(bytes, colon + 1, space);
      // `Total 0` and devices without any counters have no number here.
      if (colon < space && space < end && !Number.isNaN(major) && !Number.isNaN(minor)) {
        const device = this.#device(major, minor);
        if (device === undefined) return found;
        if (device !== previous) found += 1;
        previous = device;
        take(device, space + 1, end);
      }
      start = end + 1;
    }
    return found;
  }

  #device(major: number, minor: number): BlockDevice | undefined {
    const last = this.#last;
    if (last?.major === major && last.minor === minor) return last;
    let device = this.list.find((each) => each.major === major && each.minor === minor);
    if (device === undefined && this.list.length < MAX_DEVICES) {
      device = emptyDevice(major, minor);
      this.list.push(device);
    }
    this.#last = device;
    return device;
  }
}

/** Adds one counter up over devices, without counting a device-mapper disk next to the disks it lies on; NaN where no device has it. */
export function totalOf(
  devices: readonly BlockDevice[],
  counter: Counter,
  slavesOf: (device: number) => readonly number[],
): number {
  let sum = Number.NaN;
  for (const device of devices) {
    if (Number.isNaN(device[counter])) continue;
    const slaves = devices.length > 1 ? slavesOf(deviceNumber(device.major, device.minor)) : [];
    const isCounted = slaves.some((slave) => devices.some((each) => deviceNumber(each.major, each.minor) === slave));
    if (!isCounted) sum = (Number.isNaN(sum) ? 0 : sum) + device[counter];
  }
  return sum;
}
