import { BlockDevices, totalOf } from '../model/block-devices.ts';
import type { BlockDevice } from '../model/details.ts';
import {
  FIELD,
  NO_NUMBERS,
  type CgroupView,
  type Collector,
  type KernelFile,
  type Reader,
  type Target,
  type Tick,
} from '../model/reading.ts';

export interface BlockIoHost {
  /** Devices that this one is stacked on (dm, md); empty for a disk. See model/block-devices.ts for the number. */
  readonly slavesOf: (device: number) => readonly number[];
  /** Whether a v1 file that only says `Total 0` proves that nothing was read or written. */
  readonly trustsEmptyV1: () => boolean;
}

const FIELDS = [
  ['blockReadBytes', 'readBytes'],
  ['blockWriteBytes', 'writeBytes'],
  ['blockReads', 'reads'],
  ['blockWrites', 'writes'],
] as const;

function storeUnknown({ sample, details }: Target): void {
  details.blockDevices = undefined;
  for (const [field] of FIELDS) sample[FIELD[field]] = Number.NaN;
}

function store({ sample, details }: Target, list: readonly BlockDevice[], host: BlockIoHost): void {
  details.blockDevices = list;
  for (const [field, counter] of FIELDS)
    sample[FIELD[field]] = list.length === 0 ? 0 : totalOf(list, counter, host.slavesOf);
}

function attachV2(view: CgroupView, host: BlockIoHost): Reader {
  const stat = view.file('io', 'io.stat');
  const devices = new BlockDevices();
  return {
    request(add) {
      add(stat);
    },
    collect(target) {
      const content = stat?.read();
      if (content === undefined) {
        storeUnknown(target);
        return;
      }
      devices.takeIoStat(content);
      // An empty io.stat is a true zero: devices without traffic are left out.
      store(target, devices.list, host);
    },
  };
}

// The order of opencontainers/cgroups: the scheduler that counts is the one whose file lists devices.
const V1_FILES = [
  ['blkio.bfq.io_service_bytes_recursive', 'blkio.bfq.io_serviced_recursive'],
  ['blkio.io_service_bytes_recursive', 'blkio.io_serviced_recursive'],
  ['blkio.throttle.io_service_bytes_recursive', 'blkio.throttle.io_serviced_recursive'],
  ['blkio.throttle.io_service_bytes', 'blkio.throttle.io_serviced'],
] as const;

interface Counting {
  readonly bytes: KernelFile | undefined;
  readonly operations: KernelFile | undefined;
}

function attachV1(view: CgroupView, host: BlockIoHost): Reader {
  const candidates = V1_FILES.map(([bytes]) => view.file('blkio', bytes));
  const devices = new BlockDevices();
  let counting: Counting | undefined;
  /** The counts of the last file are in the one before it, where the kernel has that: then it is not even opened. */
  const last = candidates.length - 1;
  let needsLast: boolean | undefined;
  /** Takes the first file that lists a device; gives whether there is any file at all. */
  const probe = (): boolean => {
    let exists = false;
    for (const [index, file] of candidates.entries()) {
      if (index === last && needsLast === false) break;
      const content = file?.read();
      exists ||= content !== undefined;
      if (index === last - 1) needsLast = content === undefined;
      if (content === undefined || devices.takeV1(content, 'bytes') === 0) continue;
      const [, operations] = V1_FILES[index] ?? V1_FILES[0];
      counting = { bytes: file, operations: view.file('blkio', operations) };
      break;
    }
    return exists;
  };
  const collectCounted = (target: Target, { bytes, operations }: Counting, tick: Tick): void => {
    const content = bytes?.read();
    if (content !== undefined) devices.takeV1(content, 'bytes');
    const operationsContent = tick.slow ? operations?.read() : undefined;
    if (operationsContent !== undefined) devices.takeV1(operationsContent, 'operations');
    if (content === undefined) storeUnknown(target);
    else store(target, devices.list, host);
  };
  return {
    request(add, tick) {
      if (counting === undefined) {
        if (tick.slow) for (const file of needsLast === true ? candidates : candidates.slice(0, last)) add(file);
        return;
      }
      add(counting.bytes);
      if (tick.slow) add(counting.operations);
    },
    collect(target, tick) {
      if (counting !== undefined) {
        collectCounted(target, counting, tick);
        return;
      }
      // While no file lists a device there is nothing to follow each second.
      if (!tick.slow) return;
      const exists = probe();
      if (devices.list.length > 0) store(target, devices.list, host);
      else if (exists && host.trustsEmptyV1()) store(target, [], host);
      else storeUnknown(target);
    },
    quick: () => (counting === undefined ? NO_NUMBERS : undefined),
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

/** Bytes and operations on block devices: io.stat (v2), the first blkio file that counts (v1). */
export function blockIo(host: BlockIoHost): Collector {
  return {
    name: 'block_io',
    fields: FIELDS.map(([field]) => field),
    lists: ['blockDevices'],
    attach: (view) => (view.version('blkio') === 1 ? attachV1(view, host) : attachV2(view, host)),
  };
}
