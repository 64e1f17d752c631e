import type { Collector } from '../model/reading.ts';
import { blockIo, type BlockIoHost } from './block-io.ts';
import { cpu } from './cpu.ts';
import { limits } from './limits.ts';
import { memory } from './memory.ts';
import { pids } from './pids.ts';

/** All container collectors, in the order they run: CPU first, next to the tick's clock read; limits before what depends on them. */
export function containerCollectors(host: BlockIoHost): readonly Collector[] {
  return [cpu, limits, memory, pids, blockIo(host)];
}
