import type { Clock } from '../../native/host/clock.ts';
import { MAX_BULK_FILE_BYTES, OPEN_AND_KEEP, OPEN_ONCE, type BulkReader } from '../../native/host/bulk-read.ts';
import type { FilePool, PooledFile } from './kernel-file.ts';
import type { KeptList } from './kept-list.ts';
import type { NumberReads } from './quick-reads.ts';

const FIRST_ROOM_BYTES = 2 * MAX_BULK_FILE_BYTES;
const MAX_ROOM_BYTES = 32 * 1024 * 1024;
const FIRST_FILES = 1024;
const NO_NUMBERS: NumberReads = {
  fds: new Int32Array(0),
  numbers: { keys: [], shapes: new Int32Array(0), values: new Float64Array(0) },
};

/**
 * The files that one tick reads, collector by collector, fetched in one go by a worker thread. Where the addon is missing
 * nothing is fetched, and each file is read when its collector asks. Use: `add` and `endGroup`, `fetch`, read, `done`.
 */
export class ReadBatch {
  readonly #pool: FilePool;
  readonly #reader: BulkReader | undefined;
  readonly #files: PooledFile[] = [];
  readonly #groupEnds: number[] = [];
  #fds = new Int32Array(FIRST_FILES);
  #lengths = new Int32Array(FIRST_FILES);
  #marks = new Float64Array(FIRST_FILES);
  #bytes = new Uint8Array(FIRST_ROOM_BYTES);
  #stamps = new Float64Array(1);
  /** Of the files that are read for their numbers; they come first, and those of kept lists next. */
  #numbers = 0;

  /** CLOCK_MONOTONIC counts from the start of the machine, the process's clock from its own. */
  readonly #offsetMs: number;

  constructor(parts: { readonly pool: FilePool; readonly reader: BulkReader | undefined; readonly clock: Clock }) {
    this.#pool = parts.pool;
    this.#reader = parts.reader;
    this.#offsetMs = parts.clock.monotonicMs() - Number(process.hrtime.bigint()) / 1e6;
  }

  /** Bytes of the buffers: what the batch costs in memory. */
  get roomBytes(): number {
    return this.#bytes.length + this.#fds.byteLength + this.#lengths.byteLength + this.#marks.byteLength;
  }

  add(file: PooledFile): void {
    if (file.isWanted) this.#files.push(file);
    else file.pass();
  }

  /** How many files were added. */
  get size(): number {
    return this.#files.length;
  }

  /** Whether files, by their place among those that were added, say what they said before; false for none. */
  areUnchanged(start: number, end: number): boolean {
    for (let at = start; at < end; at += 1) if (this.#files[at]?.isUnchanged !== true) return false;
    return start < end;
  }

  /** What was added since the last call is timed together. */
  endGroup(): void {
    this.#groupEnds.push(this.#files.length);
  }

  /** When the reading began, by the process's monotonic clock; NaN when nothing was fetched. */
  get startedMs(): number {
    return (this.#stamps[0] ?? Number.NaN) + this.#offsetMs;
  }

  /** Whether files can be read for their numbers. */
  get readsNumbers(): boolean {
    return this.#reader !== undefined;
  }

  /** Seconds that a group took on the worker thread; 0 when nothing was fetched. */
  groupSeconds(group: number): number {
    return this.#secondsBefore(group + 3);
  }

  /** The same of the files that were read for their numbers. */
  get numbersSeconds(): number {
    return this.#secondsBefore(1);
  }

  /** The same of the files of kept lists. */
  get keptSeconds(): number {
    return this.#secondsBefore(2);
  }

  /** Of the files that were read for their numbers: bytes, or a negative errno. */
  get numberLengths(): Int32Array {
    return this.#lengths.subarray(0, this.#numbers);
  }

  async fetch(reads: NumberReads = NO_NUMBERS, lists: readonly KeptList[] = []): Promise<void> {
    this.#pool.hold();
    this.#stamps = new Float64Array(this.#groupEnds.length + 3).fill(Number.NaN);
    this.#numbers = reads.fds.length;
    const files = lists.reduce((sum, { fds }) => sum + fds.length, this.#numbers);
    const count = files + this.#files.length;
    if (this.#reader === undefined || count === 0) return;
    if (count > this.#fds.length) {
      this.#fds = new Int32Array(count * 2);
      this.#lengths = new Int32Array(count * 2);
      this.#marks = new Float64Array(count * 2);
    }
    const paths: string[] = [];
    this.#fds.set(reads.fds);
    this.#lengths.fill(-1, 0, this.#numbers);
    this.#marks.fill(Number.NaN, 0, count);
    lists.reduce((at, { fds }) => (this.#fds.set(fds, at), at + fds.length), this.#numbers);
    for (const [index, file] of this.#files.entries()) this.#fds[files + index] = descriptorOf(file, paths);
    const batch = {
      fds: this.#fds.subarray(0, count),
      lengths: this.#lengths,
      paths,
      bytes: this.#bytes,
      groupEnds: Int32Array.of(this.#numbers, files, ...this.#groupEnds.map((end) => files + end)),
      stamps: this.#stamps,
      marks: this.#marks,
    };
    const read = await this.#reader(batch, reads.numbers);
    const start = this.#handOutKept(lists, read);
    this.#handOut({ at: files, read, start });
  }

  /** Forgets everything: from here each file is read by itself again. */
  done(): void {
    this.#files.length = 0;
    this.#groupEnds.length = 0;
    this.#pool.letGo();
  }

  #secondsBefore(stamp: number): number {
    return ((this.#stamps[stamp] ?? 0) - (this.#stamps[stamp - 1] ?? 0)) / 1000 || 0;
  }

  /** Gives where the text of the other files begins. */
  #handOutKept(lists: readonly KeptList[], read: number): number {
    let at = this.#numbers;
    let start = 0;
    for (const list of lists) {
      start = list.take({ bytes: this.#bytes, lengths: this.#lengths, marks: this.#marks, at, read, start });
      at += list.fds.length;
    }
    return start;
  }

  #handOut(from: { readonly at: number; readonly read: number; readonly start: number }): void {
    let { at, start } = from;
    for (const file of this.#files) {
      // What did not fit is read by itself this time, and fits the next time.
      if (at < from.read) {
        const length = this.#lengths[at] ?? 0;
        const mark = this.#marks[at] ?? Number.NaN;
        file.adopt({ bytes: this.#bytes, start, length, mark }, this.#fds[at] ?? -1);
        if (length > 0) start += length;
      } else file.giveBack();
      at += 1;
    }
    if (from.read < at && this.#bytes.length < MAX_ROOM_BYTES) this.#bytes = new Uint8Array(this.#bytes.length * 2);
  }
}

/** Of an open file; else its path is added, and what to do with it. */
function descriptorOf(file: PooledFile, paths: string[]): number {
  if (file.descriptor >= 0) return file.descriptor;
  paths.push(file.path);
  return file.reserve() ? OPEN_AND_KEEP : OPEN_ONCE;
}
