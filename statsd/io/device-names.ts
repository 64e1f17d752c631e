import { readFileSync } from 'node:fs';
import type { DeviceName } from '../model/io-families.ts';
import { cleanText } from '../model/text.ts';

const MAX_DEVICES = 4096;

/** Names of block devices from sysfs, such as `/dev/sda`; each is asked for once, and `8:0` stands for one without a name. */
export function deviceNames(sysfs: string): DeviceName {
  const known = new Map<string, string>();
  const read = (number: string): string => {
    try {
      const name = /^DEVNAME=([^\n"\\]+)$/m.exec(readFileSync(`${sysfs}/dev/block/${number}/uevent`, 'utf8'))?.[1];
      return name === undefined ? number : `/dev/${cleanText(name, 64)}`;
    } catch {
      return number; // gone meanwhile
    }
  };
  return ({ major, minor }) => {
    const number = `${major}:${minor}`;
    const name = known.get(number) ?? read(number);
    if (known.size < MAX_DEVICES) known.set(number, name);
    return name;
  };
}
