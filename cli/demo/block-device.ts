import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A disk by its numbers, as `lsblk` prints MAJ:MIN. */
export interface BlockDevice {
  readonly major: number;
  readonly minor: number;
}

/** Linux keeps 12 bits of the major and 20 of the minor number in a dev_t, interleaved. @see makedev(3) */
export function splitDeviceNumber(device: number): BlockDevice {
  const low = device % 2 ** 32;
  return { major: (low >>> 8) & 0xfff, minor: (low & 0xff) | ((low >>> 12) & 0xfff00) };
}

async function diskOf(sysfs: string): Promise<BlockDevice | undefined> {
  const [major, minor] = (await readFile(`${sysfs}/dev`, 'utf8')).trim().split(':').map(Number);
  return major === undefined || minor === undefined ? undefined : { major, minor };
}

/** The whole disk that a folder's file system is on; `undefined` when that is in memory, layered or spread over several. */
export async function diskUnder(folder: string): Promise<BlockDevice | undefined> {
  const { major, minor } = splitDeviceNumber((await stat(folder)).dev);
  try {
    const sysfs = await realpath(`/sys/dev/block/${major}:${minor}`);
    const isPartition = await stat(`${sysfs}/partition`).then(
      () => true,
      () => false,
    );
    // A limit is set on a whole disk; the kernel refuses one on a partition.
    return await diskOf(isPartition ? dirname(sysfs) : sysfs);
  } catch {
    return undefined; // no device of its own: tmpfs, overlay, btrfs
  }
}
