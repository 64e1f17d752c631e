import type { Frame } from '../wire.ts';
import type { Table } from './table.ts';

/** Five minutes at 1 Hz, and what one `backfill` may hold. */
export const RING_FRAMES = 300;
/** A thousand containers make 56 KB a frame; memory matters more than the oldest minutes then. */
export const RING_BYTES = 8 * 1024 * 1024;

export interface KeptFrame {
  readonly frame: Frame;
  readonly table: Table;
}

/** The newest frames, bounded in number and in bytes; the oldest fall out. */
export class FrameRing {
  readonly #kept: KeptFrame[] = [];
  readonly #maxFrames: number;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(bounds: { readonly maxFrames: number; readonly maxBytes: number }) {
    this.#maxFrames = bounds.maxFrames;
    this.#maxBytes = bounds.maxBytes;
  }

  push(kept: KeptFrame): void {
    this.#kept.push(kept);
    this.#bytes += kept.frame.containers.byteLength;
    while (this.#kept.length > this.#maxFrames || (this.#bytes > this.#maxBytes && this.#kept.length > 1)) {
      this.#bytes -= this.#kept.shift()?.frame.containers.byteLength ?? 0;
    }
  }

  /** Frames with a greater sequence number, oldest first. */
  after(seq: number): KeptFrame[] {
    return this.#kept.filter((kept) => kept.frame.seq > seq);
  }
}
