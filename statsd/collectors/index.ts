import type { Collector } from '../model/reading.ts';
import { blockIo, type BlockIoHost } from './block-io.ts';
import { cpu } from './cpu.ts';
import { freezer } from './freezer.ts';
import { hugePages } from './huge-pages.ts';
import { limits } from './limits.ts';
import { memory } from './memory.ts';
import { pids } from './pids.ts';
import { pressure } from './pressure.ts';

export interface CollectorHost extends BlockIoHost {
  /** Sizes of huge pages that the kernel has, as its cgroup files name them: `2MB`. */
  readonly hugePageSizes: readonly string[];
}

/** All container collectors, in the order they run: CPU first, next to the tick's clock read. */
export function containerCollectors(host: CollectorHost): readonly Collector[] {
  return [cpu, memory, blockIo(host), pids, pressure, freezer, limits, hugePages(host.hugePageSizes)];
}
