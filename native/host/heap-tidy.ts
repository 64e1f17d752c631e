import { getHeapStatistics } from 'node:v8';
import type { Clock } from './clock.ts';

export interface Heap {
  readonly usedBytes: () => number;
  /** Collects and gives the freed pages back, on this thread: a tenth of a second for tens of megabytes that live. */
  readonly collect: () => void;
}

const LOOK_EVERY_MS = 20_000;
/** What may lie about: below this a collection costs more than it gives. */
const LITTER_BYTES = 8 * 1024 * 1024;
/** Growth between two looks that says that something is going on: garbage of a moment ago is V8's own business. */
const BUSY_BYTES = 2 * 1024 * 1024;

/** The heap of this process; `undefined` unless Node.js was started with `--expose-gc`. */
export function ownHeap(): Heap | undefined {
  const { gc } = globalThis;
  if (gc === undefined) return undefined;
  return {
    usedBytes: () => getHeapStatistics().used_heap_size,
    collect: () => {
      // A plain collection keeps freed pages for the next burst, resident: 80 MiB after one of 170.
      gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    },
  };
}

/**
 * Collects once when it has become quiet after a burst. V8 collects when something is allocated, so that an agent which handled a
 * thousand leases and then rests would keep their litter for good, beside other people's work. @throws the signal's reason.
 */
export async function tidyHeap({ usedBytes, collect }: Heap, clock: Clock, signal: AbortSignal): Promise<never> {
  let lowest = usedBytes();
  let before = lowest;
  for (;;) {
    await clock.sleep(LOOK_EVERY_MS, signal);
    const used = usedBytes();
    lowest = Math.min(lowest, used);
    if (used - lowest > LITTER_BYTES && Math.abs(used - before) < BUSY_BYTES) {
      collect();
      lowest = usedBytes();
    }
    before = usedBytes();
  }
}
