import { indexOfByte, uintAt } from '../model/cgroup-text.ts';
import { FIELD, type CgroupView, type Collector, type KernelFile, type Reader } from '../model/reading.ts';

/** A device as one number: `major * 2^20 + minor`, as the kernel's own dev_t. */
export const deviceNumber = (major: number, minor: number): number => major * 2 ** 20 + minor;

export interface BlockIoHost {
  /** Devices that this one is stacked on (dm, md); empty for a disk. */
  readonly slavesOf: (device: number) => readonly number[];
  /** Whether a v1 file that only says `Total 0` proves that nothing was read or written. */
  readonly trustsEmptyV1: boolean;
}

export interface BlockBytes {
  readBytes: number;
  writeBytes: number;
}

type PerDevice = Map<number, BlockBytes>;

const NEWLINE = 0x0a;
const SPACE = 0x20;
const COLON = 0x3a;
const UPPER_R = 0x52;
const UPPER_W = 0x57;
const LOWER_R = 0x72;
const LOWER_W = 0x77;
const BYTES_FIELD = 'bytes=';

function entryOf(perDevice: PerDevice, device: number): BlockBytes {
  const known = perDevice.get(device);
  if (known !== undefined) return known;
  const made = { readBytes: 0, writeBytes: 0 };
  perDevice.set(device, made);
  return made;
}

interface Line {
  readonly device: number;
  /** Where the text after `MAJ:MIN ` starts. */
  readonly rest: number;
  readonly end: number;
}

function* deviceLines(bytes: Uint8Array, length: number): Generator<Line> {
  for (let start = 0; start < length;) {
    const end = indexOfByte(bytes, NEWLINE, { start, end: length });
    const colon = indexOfByte(bytes, COLON, { start, end });
    const space = indexOfByte(bytes, SPACE, { start, end });
    const major = uintAt(bytes, start, colon);
    const minor = uintAt(bytes, colon + 1, space);
    // `Total 0` and devices without any counters have no number here.
    if (colon < space && space < end && !Number.isNaN(major) && !Number.isNaN(minor))
      yield { device: deviceNumber(major, minor), rest: space + 1, end };
    start = end + 1;
  }
}

function startsWith(bytes: Uint8Array, text: string, at: number): boolean {
  for (let index = 0; index < text.length; index += 1) if (bytes[at + index] !== text.charCodeAt(index)) return false;
  return true;
}

/** v2 io.stat: `254:0 rbytes=6558720 wbytes=13117440 rios=105 …`. */
export function parseIoStat(bytes: Uint8Array, length: number): PerDevice {
  const perDevice: PerDevice = new Map();
  for (const { device, rest, end } of deviceLines(bytes, length)) {
    for (let at = rest; at < end; at = indexOfByte(bytes, SPACE, { start: at, end }) + 1) {
      if (!startsWith(bytes, BYTES_FIELD, at + 1)) continue;
      const value = uintAt(bytes, at + 1 + BYTES_FIELD.length, end);
      if (bytes[at] === LOWER_R) entryOf(perDevice, device).readBytes = value;
      else if (bytes[at] === LOWER_W) entryOf(perDevice, device).writeBytes = value;
    }
  }
  return perDevice;
}

/** v1 blkio service bytes: `8:0 Read 123`, then Write, Sync, Async, Discard, Total per device and a bare `Total N`. */
export function parseServiceBytes(bytes: Uint8Array, length: number): PerDevice {
  const perDevice: PerDevice = new Map();
  for (const { device, rest, end } of deviceLines(bytes, length)) {
    const value = uintAt(bytes, indexOfByte(bytes, SPACE, { start: rest, end }) + 1, end);
    if (Number.isNaN(value)) continue;
    const entry = entryOf(perDevice, device);
    if (bytes[rest] === UPPER_R) entry.readBytes = value;
    else if (bytes[rest] === UPPER_W) entry.writeBytes = value;
  }
  return perDevice;
}

/** Adds the devices up, without counting a device-mapper disk next to the disks it lies on. */
export function totalOf(perDevice: PerDevice, slavesOf: BlockIoHost['slavesOf']): BlockBytes {
  const total = { readBytes: 0, writeBytes: 0 };
  for (const [device, entry] of perDevice) {
    if (perDevice.size > 1 && slavesOf(device).some((slave) => perDevice.has(slave))) continue;
    total.readBytes += entry.readBytes;
    total.writeBytes += entry.writeBytes;
  }
  return total;
}

function store(sample: Float64Array, value: BlockBytes): void {
  sample[FIELD.blockReadBytes] = value.readBytes;
  sample[FIELD.blockWriteBytes] = value.writeBytes;
}

const unknown: BlockBytes = { readBytes: Number.NaN, writeBytes: Number.NaN };

function attachV2(view: CgroupView, host: BlockIoHost): Reader {
  const stat = view.file('io', 'io.stat');
  return {
    collect(sample) {
      const length = stat?.read() ?? -1;
      // An empty io.stat is a true zero: devices without traffic are left out.
      if (stat === undefined || length < 0) store(sample, unknown);
      else store(sample, totalOf(parseIoStat(stat.bytes, length), host.slavesOf));
    },
  };
}

// The order of opencontainers/cgroups: the scheduler that counts is the one whose file lists devices.
const V1_FILES = [
  'blkio.bfq.io_service_bytes_recursive',
  'blkio.io_service_bytes_recursive',
  'blkio.throttle.io_service_bytes_recursive',
  'blkio.throttle.io_service_bytes',
];

function attachV1(view: CgroupView, host: BlockIoHost): Reader {
  const files = V1_FILES.flatMap((name) => view.file('blkio', name) ?? []);
  let counting: KernelFile | undefined;
  /** `undefined` when there is no such file. */
  const readOne = (file: KernelFile): PerDevice | undefined => {
    const length = file.read();
    return length < 0 ? undefined : parseServiceBytes(file.bytes, length);
  };
  const probe = (): PerDevice | undefined => {
    counting = undefined;
    let empty: PerDevice | undefined;
    for (const file of files) {
      const found = readOne(file);
      if (found === undefined) continue;
      if (found.size > 0) {
        counting = file;
        return found;
      }
      empty = found;
    }
    return empty;
  };
  return {
    collect(sample, tick) {
      // While no file lists a device there is nothing to follow each second.
      if (counting === undefined && !tick.slow) return;
      const known = counting === undefined ? undefined : readOne(counting);
      const perDevice = known === undefined || known.size === 0 ? probe() : known;
      const says = perDevice !== undefined && (perDevice.size > 0 || host.trustsEmptyV1);
      store(sample, says ? totalOf(perDevice, host.slavesOf) : unknown);
    },
  };
}

/**
 * Since 6.10 blk-throttle counts on a disk only after some cgroup had a throttle rule on it, so `Total 0` says nothing there.
 * `release` is what `uname -r` prints; one that cannot be read is not trusted.
 */
export function trustsEmptyV1(release: string): boolean {
  const match = /^(\d+)\.(\d+)/.exec(release);
  if (match === null) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major < 6 || (major === 6 && minor < 10);
}

/** Bytes read from and written to block devices: io.stat (v2), the first blkio file that counts (v1). */
export function blockIo(host: BlockIoHost): Collector {
  return {
    name: 'block_io',
    fields: ['blockReadBytes', 'blockWriteBytes'],
    attach: (view) => (view.version('blkio') === 1 ? attachV1(view, host) : attachV2(view, host)),
  };
}
