import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import type { Logger } from '../../native/host/log.ts';
import { directoryIn, mountOf, type Hierarchy } from '../model/hierarchy.ts';

export interface BlockAccountingParts {
  readonly hierarchy: Hierarchy;
  readonly sysfs: string;
  /** The cgroup below which the agent works. */
  readonly cgroupRoot: string;
  readonly log: Logger;
}

const FOLDER = 'weft-io-accounting';

/**
 * Since Linux 6.10 a v1 kernel counts a disk's traffic only once some cgroup had a throttle rule on that disk. Writing the rule
 * "no limit" to an empty cgroup, which is removed again, begins the counting for all cgroups; it limits nothing, costs a little
 * for each request, and lasts until the disk goes or the machine starts anew.
 */
export class BlockAccounting {
  readonly #parts: BlockAccountingParts;
  readonly #counted = new Set<string>();

  constructor(parts: BlockAccountingParts) {
    this.#parts = parts;
  }

  /** Whether every disk that was there at the last {@link enable} is counted. */
  isOn = false;

  /** Begins the counting on every disk where it was not begun; looks for new ones each time. */
  enable(): void {
    const { hierarchy, cgroupRoot, log } = this.#parts;
    const mount = mountOf(hierarchy, 'blkio');
    if (mount?.version !== 1) return;
    const fresh = this.#disks().filter((disk) => !this.#counted.has(disk));
    if (fresh.length === 0) return;
    const folder = `${directoryIn(mount, cgroupRoot).replace(/\/$/, '')}/${FOLDER}`;
    try {
      mkdirSync(folder, { recursive: true });
      for (const disk of fresh) {
        writeFileSync(`${folder}/blkio.throttle.read_bps_device`, `${disk} 0`);
        this.#counted.add(disk);
      }
      this.isOn = true;
      log.info({ disks: fresh }, 'block IO of every cgroup is counted from now on');
    } catch (err) {
      this.isOn = false;
      log.warn({ err }, 'cannot begin to count block IO');
    }
    try {
      rmdirSync(folder);
    } catch {
      // never made
    }
  }

  /** `major:minor` of every disk that holds something. */
  #disks(): string[] {
    const { sysfs } = this.#parts;
    try {
      return readdirSync(`${sysfs}/block`).flatMap((name) => {
        const read = (file: string): string => readFileSync(`${sysfs}/block/${name}/${file}`, 'utf8').trim();
        return Number(read('size')) > 0 ? [read('dev')] : [];
      });
    } catch {
      return [];
    }
  }
}
