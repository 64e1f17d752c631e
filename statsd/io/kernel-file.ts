import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { ABSENT, GONE, type KernelFile } from '../model/reading.ts';

const FIRST_BUFFER_BYTES = 32 * 1024;
/** No file that we read is larger; what is longer is cut and its parser complains. */
const MAX_BUFFER_BYTES = 1024 * 1024;
/** Descriptors left for sockets, logs and watches. */
const RESERVED_DESCRIPTORS = 256;
/** A missing file is looked for again after 1, 2, 4 … reads: a runtime makes the hierarchies one after the other. */
const MAX_MISSES_BETWEEN_TRIES = 64;

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** What the process may open, less a reserve, from /proc/self/limits. */
export function descriptorCap(procfs: string): number {
  let limits: string;
  try {
    limits = readFileSync(`${procfs}/self/limits`, 'utf8');
  } catch {
    return 512; // the smallest usual limit is 1024
  }
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1024);
  return Math.max(0, soft - RESERVED_DESCRIPTORS);
}

/**
 * Descriptors that are kept open, and the one buffer that everything is read into. Opening is the expensive part of reading a
 * cgroup file (10-20 µs and kernfs locks against 1 µs), so files stay open up to a cap and are opened for each read above it.
 */
export class FilePool {
  readonly #cap: number;
  #open = 0;
  #buffer = Buffer.allocUnsafe(FIRST_BUFFER_BYTES);

  constructor(cap: number) {
    this.#cap = cap;
  }

  get openDescriptors(): number {
    return this.#open;
  }

  get bytes(): Uint8Array {
    return this.#buffer;
  }

  /** A file that is kept open, or opened for each read when the cap is reached. Nothing is opened before the first read. */
  kept(path: string): PooledFile {
    return new PooledFile(this, path, true);
  }

  /** A file that is read too seldom to be kept open. */
  openedPerRead(path: string): PooledFile {
    return new PooledFile(this, path, false);
  }

  tryReserve(): boolean {
    if (this.#open >= this.#cap) return false;
    this.#open += 1;
    return true;
  }

  release(): void {
    this.#open -= 1;
  }

  /** Reads from the start; the kernel makes the text anew each time. */
  readFrom(descriptor: number): number {
    for (;;) {
      const length = readSync(descriptor, this.#buffer, 0, this.#buffer.length, 0);
      if (length < this.#buffer.length || length >= MAX_BUFFER_BYTES) return length;
      this.#buffer = Buffer.allocUnsafe(this.#buffer.length * 2);
    }
  }
}

/** One file of a {@link FilePool}. */
export class PooledFile implements KernelFile {
  readonly path: string;
  readonly #pool: FilePool;
  readonly #keep: boolean;
  #descriptor: number | undefined;
  #misses = 0;
  #waits = 0;
  #closed = false;

  constructor(pool: FilePool, path: string, keep: boolean) {
    this.#pool = pool;
    this.path = path;
    this.#keep = keep;
  }

  get bytes(): Uint8Array {
    return this.#pool.bytes;
  }

  read(): number {
    if (this.#closed) return GONE;
    if (this.#waits > 0) {
      this.#waits -= 1;
      return ABSENT;
    }
    try {
      const length = this.#descriptor === undefined ? this.#openAndRead() : this.#pool.readFrom(this.#descriptor);
      this.#misses = 0;
      return length;
    } catch (error) {
      if (codeOf(error) === 'ENODEV') return GONE;
      // ENOENT: not there (yet); EOPNOTSUPP, EINVAL, EACCES: not for us. All are "unavailable", and tried again later.
      this.#misses += 1;
      if (this.#keep) this.#waits = Math.min(2 ** Math.min(this.#misses - 1, 10), MAX_MISSES_BETWEEN_TRIES) - 1;
      return ABSENT;
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
    this.#pool.release();
  }

  #openAndRead(): number {
    const descriptor = openSync(this.path, 'r');
    if (this.#keep && this.#pool.tryReserve()) {
      this.#descriptor = descriptor;
      return this.#pool.readFrom(descriptor);
    }
    try {
      return this.#pool.readFrom(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }
}
