import { loadAddon, type NativeAddon } from '../addon.ts';

/** For a file that is not open: opened and closed again. */
export const OPEN_ONCE = -1;
/** For a file that is not open: opened, and its descriptor written back. */
export const OPEN_AND_KEEP = -2;
/** Room that must be left before each file; a longer file is cut. */
export const MAX_BULK_FILE_BYTES = 128 * 1024;

/** Many small files to be read at once; the buffers are used again for each batch. */
export interface BulkRead {
  /** Descriptors, {@link OPEN_ONCE} or {@link OPEN_AND_KEEP}. */
  readonly fds: Int32Array;
  /** Filled with bytes read, or a negative errno; as long as `fds` at least. */
  readonly lengths: Int32Array;
  /** One for each file that is not open, in their order. */
  readonly paths: readonly string[];
  /** Filled with the contents, end to end. */
  readonly bytes: Uint8Array;
  /** Index after the last file of each group. */
  readonly groupEnds: Int32Array;
  /** Filled with monotonic milliseconds, before the first file and after each group. */
  readonly stamps: Float64Array;
  /**
   * Filled, for each file that is read for its text, with a positive number that the same text always has and another one almost
   * never, or a negative errno; left alone by an addon of before. As long as `fds` at least.
   */
  readonly marks: Float64Array;
}

/** Of the first files of a batch the numbers are wanted, not the text. */
export interface BulkNumbers {
  /** The keys of each shape, as lines of `key value` have them; none: the file is one number. */
  readonly keys: readonly (readonly string[])[];
  /** Index into `keys` for each of the first files, whose `lengths` are -EBADMSG when they are not of their shape. */
  readonly shapes: Int32Array;
  /** Filled with one number for each key, or one for a file without, end to end; NaN is a key that was not there. */
  readonly values: Float64Array;
}

/**
 * Reads on a worker thread, so that a thousand cgroups hold nobody up, and without a call into JavaScript for each file. Gives
 * how many files were read: fewer when the room ended.
 */
export type BulkReader = (batch: BulkRead, numbers: BulkNumbers) => Promise<number>;

/** `undefined` where the addon is missing or does not load. @throws nothing. */
export function bulkReader(): BulkReader | undefined {
  try {
    const addon: Partial<NativeAddon> = loadAddon();
    const { readNumbers } = addon;
    if (readNumbers === undefined) return undefined; // built from older sources
    return ({ fds, lengths, paths, bytes, groupEnds, stamps, marks }, { keys, shapes, values }) =>
      readNumbers(fds, lengths, paths, bytes, groupEnds, stamps, keys, shapes, values, marks);
  } catch {
    return undefined;
  }
}
