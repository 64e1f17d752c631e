import type { Frame } from '../wire.ts';
import type { Table } from './table.ts';

/** Five minutes at 1 Hz, and what one `backfill` may hold. */
export const RING_FRAMES = 300;
/** A thousand containers make 310 KB a frame; memory matters more than the oldest minutes then. */
export const RING_BYTES = 8 * 1024 * 1024;

export interface KeptFrame {
  readonly frame: Frame;
  readonly table: Table;
  /** It tells something that must not wait for the next one. */
  readonly hasNews?: boolean;
}

const bytesOf = ({ frame }: KeptFrame): number => frame.containers.byteLength + (frame.extra?.byteLength ?? 0);

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
    this.#bytes += bytesOf(kept);
    while (this.#kept.length > this.#maxFrames || (this.#bytes > this.#maxBytes && this.#kept.length > 1)) {
      const oldest = this.#kept.shift();
      this.#bytes -= oldest === undefined ? 0 : bytesOf(oldest);
    }
  }

  /** Frames with a greater sequence number, oldest first. */
  after(seq: number): KeptFrame[] {
    return this.#kept.filter((kept) => kept.frame.seq > seq);
  }
}
