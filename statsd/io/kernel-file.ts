import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import type { Content } from '../model/cgroup-text.ts';
import type { KernelFile } from '../model/reading.ts';
import type { FilePlace, Fetched } from './file-place.ts';
import { ReadBuffer } from './read-buffer.ts';

/** A missing file is looked for again after 1, 2, 4 … reads: a runtime makes the hierarchies one after the other. */
const MAX_MISSES_BETWEEN_TRIES = 64;
/** The same of a file that is read seldom, each 30 s. Controllers are switched on for what runs, though hardly ever. */
const MAX_RARE_MISSES_BETWEEN_TRIES = 8;

const codeOf = (error: unknown): number =>
  error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? Math.abs(error.errno) : 0;

/**
 * Descriptors that are kept open, and the one buffer that single files are read into. Opening is the expensive part of reading
 * a cgroup file (10-20 µs and kernfs locks against 1 µs), so files stay open up to a cap and are opened for each read above it.
 */
export class FilePool {
  readonly buffer = new ReadBuffer();
  readonly #cap: number;
  readonly #waiting: number[] = [];
  #open = 0;
  #held = false;
  #batch = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  get openDescriptors(): number {
    return this.#open;
  }

  /** Number of the batch whose content may be read; see {@link PooledFile.adopt}. */
  get batch(): number {
    return this.#batch;
  }

  /** A file that is kept open, or opened for each read when the cap is reached. Nothing is opened before the first read. */
  kept(path: string): PooledFile {
    return new PooledFile(this, { directory: '', name: path, keep: true });
  }

  /** A file that is read too seldom to be kept open. */
  openedPerRead(path: string): PooledFile {
    return new PooledFile(this, { directory: '', name: path, keep: false });
  }

  /**
   * From here to {@link letGo} no descriptor is closed, since a worker thread reads them and a number that is closed is given
   * out anew, and what a batch brought may be read.
   */
  hold(): void {
    this.#held = true;
  }

  letGo(): void {
    this.#held = false;
    this.#batch += 1;
    for (const descriptor of this.#waiting.splice(0)) closeSync(descriptor);
  }

  /** Takes a place for a descriptor; gives it back with {@link release} or {@link close}. */
  tryReserve(): boolean {
    if (this.#open >= this.#cap) return false;
    this.#open += 1;
    return true;
  }

  release(): void {
    this.#open -= 1;
  }

  close(descriptor: number): void {
    this.#open -= 1;
    if (this.#held) this.#waiting.push(descriptor);
    else closeSync(descriptor);
  }
}

/** One file of a {@link FilePool}. */
export class PooledFile implements KernelFile, Content {
  readonly #pool: FilePool;
  readonly #place: FilePlace;
  #bytes: Uint8Array | undefined;
  #start = 0;
  #length = 0;
  #ok = false;
  /** The batch that brought it; what an earlier one brought and nobody read is void. */
  #fetchedBy = -1;
  /** Of what was read last; NaN unless a batch brought it. */
  #mark = Number.NaN;
  #isUnchanged = false;
  /** Where else its mark is kept. */
  #markCopy: Float64Array | undefined;
  #markCopyAt = 0;
  /** The batch that passed it over while it waits. */
  #passedBy = -1;
  #descriptor = -1;
  #reserved = false;
  #isOpenedAnew = false;
  #misses = 0;
  #waits = 0;
  #closed = false;

  constructor(pool: FilePool, place: FilePlace) {
    this.#pool = pool;
    this.#place = place;
  }

  get path(): string {
    const { directory, name } = this.#place;
    return directory === '' ? name : `${directory}/${name}`;
  }

  get bytes(): Uint8Array {
    return this.#bytes ?? this.#pool.buffer.bytes;
  }

  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#start + this.#length;
  }

  /** The open descriptor, or -1. */
  get descriptor(): number {
    return this.#descriptor;
  }

  /** It should be kept open, and there was no descriptor left for that when it was opened last: each reading costs ten times as much. */
  get isOpenedAnew(): boolean {
    return this.#isOpenedAnew;
  }

  /** Whether a batch may read it now; a file that is waited for, or closed, is not worth a try. */
  get isWanted(): boolean {
    return !this.#closed && this.#waits === 0;
  }

  /** Whether the last batch brought what a batch had brought before, and nothing was read in between. */
  get isUnchanged(): boolean {
    return this.#isUnchanged;
  }

  /** A batch leaves it out because it waits: this is one of the reads that it waits for, or stands for several. */
  pass(reads = 1): void {
    if (this.#waits === 0) return;
    this.#waits = Math.max(0, this.#waits - reads);
    this.#passedBy = this.#pool.batch;
  }

  /** From here its mark is also at this place of a list, where many are compared without a look at the files. */
  copyMarkTo(marks: Float64Array, at: number): void {
    this.#markCopy = marks;
    this.#markCopyAt = at;
    marks[at] = this.#mark;
  }

  forget(): void {
    this.#setMark(Number.NaN);
  }

  /** Whether a batch that opens it should leave it open; call {@link adopt} after. */
  reserve(): boolean {
    this.#reserved = this.#mayStayOpen();
    return this.#reserved;
  }

  /** The batch did not come to it. */
  giveBack(): void {
    this.#isUnchanged = false;
    if (this.#reserved) this.#pool.release();
    this.#reserved = false;
  }

  /** What a batch brought: the next {@link read} gives it. `opened` is the descriptor that it left open, if any. */
  adopt(fetched: Fetched, opened: number): void {
    if (this.#reserved && opened < 0) this.giveBack();
    if (this.#reserved) {
      this.#reserved = false;
      if (this.#closed || this.#descriptor >= 0) this.#pool.close(opened);
      else this.#descriptor = opened;
    }
    if (this.#closed) return;
    this.#fetchedBy = this.#pool.batch;
    this.#isUnchanged = fetched.mark === this.#mark;
    this.#setMark(fetched.mark);
    this.#bytes = fetched.bytes;
    this.#start = fetched.start;
    this.#length = Math.max(0, fetched.length);
    this.#ok = fetched.length >= 0;
    if (this.#ok) this.#misses = 0;
    else this.#failed(-fetched.length);
  }

  read(): Content | undefined {
    if (this.#closed) return undefined;
    if (this.#fetchedBy === this.#pool.batch) {
      this.#fetchedBy = -1;
      return this.#ok ? this : undefined;
    }
    if (this.#passedBy === this.#pool.batch) {
      this.#passedBy = -1;
      return undefined;
    }
    if (this.#waits > 0) {
      this.#waits -= 1;
      return undefined;
    }
    this.#setMark(Number.NaN);
    this.#bytes = undefined;
    this.#start = 0;
    try {
      this.#length = this.#descriptor < 0 ? this.#openAndRead() : this.#readFrom(this.#descriptor);
      this.#misses = 0;
      return this;
    } catch (error) {
      this.#failed(codeOf(error));
      return undefined;
    }
  }

  close(): void {
    this.#closed = true;
    this.#bytes = undefined;
    if (this.#descriptor < 0) return;
    this.#pool.close(this.#descriptor);
    this.#descriptor = -1;
  }

  #setMark(mark: number): void {
    this.#mark = mark;
    if (this.#markCopy !== undefined) this.#markCopy[this.#markCopyAt] = mark;
  }

  #failed(errno: number): void {
    if (errno === constants.errno.ENODEV) {
      if (this.#place.owner !== undefined) this.#place.owner.gone = true;
      return;
    }
    // ENOENT: not there (yet); EOPNOTSUPP, EINVAL, EACCES: not for us. All are "unavailable", and tried again later.
    this.#misses += 1;
    const most = this.#place.keep ? MAX_MISSES_BETWEEN_TRIES : MAX_RARE_MISSES_BETWEEN_TRIES;
    if (this.#place.insistent !== true) this.#waits = Math.min(2 ** Math.min(this.#misses - 1, 10), most) - 1;
  }

  #readFrom(descriptor: number): number {
    const { buffer } = this.#pool;
    return this.#place.records === true ? buffer.readRecords(descriptor) : buffer.readFrom(descriptor);
  }

  #mayStayOpen(): boolean {
    const may = this.#place.keep && this.#pool.tryReserve();
    this.#isOpenedAnew = this.#place.keep && !may;
    return may;
  }

  #openAndRead(): number {
    const descriptor = openSync(this.path, 'r');
    // A batch that is on its way may bring a descriptor of its own.
    if (!this.#reserved && this.#mayStayOpen()) {
      this.#descriptor = descriptor;
      return this.#readFrom(descriptor);
    }
    try {
      return this.#readFrom(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }
}
