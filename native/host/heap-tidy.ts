import { getHeapStatistics } from 'node:v8';
import type { Clock } from './clock.ts';
import { memoryTrim } from './memory-trim.ts';

export interface Heap {
  readonly usedBytes: () => number;
  /** With the pages that V8 keeps for what may come. */
  readonly heldBytes: () => number;
  /** Collects and gives the freed pages back, on this thread: a tenth of a second for tens of megabytes that live. */
  readonly collect: () => void;
}

const LOOK_EVERY_MS = 20_000;
/** The start is a burst as well, over in seconds; from here the time between two looks doubles. */
const FIRST_LOOK_MS = 2000;
/** What may lie about: below this a collection costs more than it gives. */
const LITTER_BYTES = 8 * 1024 * 1024;
/** A change between two looks that says that something is going on: garbage of a moment ago is V8's own business. */
const BUSY_BYTES = 4 * 1024 * 1024;

/** The heap of this process; `undefined` unless Node.js was started with `--expose-gc`. */
export function ownHeap(): Heap | undefined {
  const { gc } = globalThis;
  if (gc === undefined) return undefined;
  const trim = memoryTrim();
  return {
    usedBytes: () => getHeapStatistics().used_heap_size,
    heldBytes: () => getHeapStatistics().total_heap_size,
    collect: () => {
      // A plain collection keeps freed pages for the next burst, resident: 80 MiB after one of 170.
      gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
      // What V8 freed in glibc's heap lies between what stays.
      trim?.();
    },
  };
}

/**
 * Collects once when it has become quiet after a burst. V8 collects when something is allocated, so that an agent which handled a
 * thousand leases and then rests would keep their litter for good, beside other people's work; and where V8 did collect in the burst,
 * the pages. @throws the signal's reason.
 */
export async function tidyHeap(
  { usedBytes, heldBytes, collect }: Heap,
  clock: Clock,
  signal: AbortSignal,
): Promise<never> {
  let lowest = heldBytes();
  let before = usedBytes();
  for (let delayMs = FIRST_LOOK_MS; ; delayMs = Math.min(LOOK_EVERY_MS, delayMs * 2)) {
    await clock.sleep(delayMs, signal);
    const held = heldBytes();
    lowest = Math.min(lowest, held);
    if (held - lowest > LITTER_BYTES && Math.abs(usedBytes() - before) < BUSY_BYTES) {
      collect();
      lowest = heldBytes();
    }
    before = usedBytes();
  }
}
