import { lstatSync, readdirSync, readFileSync, statfsSync, type BigIntStats } from 'node:fs';
import type { Clock } from '../../native/host/clock.ts';
import { upperFolder, type LayerUsage } from '../model/layer.ts';

/** Of one core, while a layer is walked through. */
const DUTY = 0.02;
const SLICE_MS = 4;
/** Beyond it the size stays unknown. */
const MAX_ENTRIES = 2_000_000;
const SECTOR_BYTES = 512n;

/** Sleeps as often as needed to stay within {@link DUTY}. */
class Pace {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #sinceMs: number;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    this.#sinceMs = clock.monotonicMs();
  }

  async keep(): Promise<void> {
    const spentMs = this.#clock.monotonicMs() - this.#sinceMs;
    if (spentMs < SLICE_MS) return;
    await this.#clock.sleep(spentMs / DUTY, this.#signal);
    this.#sinceMs = this.#clock.monotonicMs();
  }
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch {
    return undefined; // removed meanwhile
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What was seen of one file system, each inode once. */
class Usage {
  readonly #device: bigint;
  readonly #linked = new Set<bigint>();
  bytes = 0n;
  entries = 0;

  constructor(top: BigIntStats) {
    this.#device = top.dev;
    this.bytes = top.blocks * SECTOR_BYTES;
  }

  /** Returns whether it is a folder to look into. */
  add(stat: BigIntStats): boolean {
    if (stat.dev !== this.#device) return false;
    if (!stat.isDirectory() && stat.nlink > 1n) {
      if (this.#linked.has(stat.ino)) return false;
      this.#linked.add(stat.ino);
    }
    this.bytes += stat.blocks * SECTOR_BYTES;
    return stat.isDirectory();
  }
}

/** Bytes on disk of a folder and what is below it on the same file system; `undefined` beyond the bound. */
async function diskUsage(root: string, pace: Pace): Promise<bigint | undefined> {
  const top = statOf(root);
  if (top === undefined) return undefined;
  const usage = new Usage(top);
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const name of namesIn(folder)) {
      const path = `${folder}/${name}`;
      const stat = statOf(path);
      usage.entries += 1;
      if (stat !== undefined && usage.add(stat)) folders.push(path);
      if (usage.entries > MAX_ENTRIES) return undefined;
      await pace.keep();
    }
  }
  return usage.bytes;
}

/**
 * How much a container has written into its root, and the file system that this is on; `undefined` where its root is no
 * overlay, or cannot be looked at. Links are not followed; a large layer takes as long as 2 % of a core need for it.
 */
export async function layerUsage(
  place: { readonly procfs: string; readonly hostRoot: string; readonly pid: number },
  clock: Clock,
  signal: AbortSignal,
): Promise<LayerUsage | undefined> {
  let upper: string | undefined;
  try {
    upper = upperFolder(readFileSync(`${place.procfs}/${place.pid}/mountinfo`, 'utf8'));
  } catch {
    return undefined; // the process ended
  }
  if (upper === undefined) return undefined;
  const root = place.hostRoot === '/' ? upper : `${place.hostRoot}${upper}`;
  const bytes = await diskUsage(root, new Pace(clock, signal));
  const stat = statOf(root);
  if (bytes === undefined || stat === undefined) return undefined;
  const { blocks, bsize, files, ffree } = statfsSync(root);
  const device = Number(stat.dev);
  return {
    usageBytes: Number(bytes),
    limitBytes: blocks * bsize,
    inodes: files,
    inodesFree: ffree,
    // As in <sys/sysmacros.h>.
    major: Math.floor(device / 256) % 4096,
    minor: (device % 256) + Math.floor(device / 2 ** 20) * 256,
  };
}
