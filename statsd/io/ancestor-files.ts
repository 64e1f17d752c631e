import type { Content } from '../model/cgroup-text.ts';
import type { KernelFile } from '../model/reading.ts';
import type { FilePool, PooledFile } from './kernel-file.ts';

/** More than any machine has slices with limits; beyond it the memory begins anew. */
const MAX_KNOWN = 4096;
/** What nobody asked for this long has no containers below it any more. */
const FORGOTTEN_AFTER_MS = 60_000;

/** What one path said, shared by all who ask for it. */
interface Known {
  file: PooledFile;
  atMs: number;
  content: Content | undefined;
  /** It was forgotten: its file is closed. */
  closed: boolean;
}

/** Kept by whoever reads it: a look at what is known needs no search by the path, which a thousand containers do 9,000 times. */
class AncestorFile implements KernelFile {
  readonly path: string;
  readonly #files: AncestorFiles;
  #known: Known | undefined;

  constructor(files: AncestorFiles, path: string) {
    this.#files = files;
    this.path = path;
  }

  read(): Content | undefined {
    if (this.#known?.closed !== false) this.#known = this.#files.known(this.path);
    return this.#files.contentOf(this.#known);
  }
}

/**
 * Limits of the cgroups above the containers, from files that stay open. Hundreds of containers share a parent, so what a file
 * said is believed for a moment and told to all of them.
 */
export class AncestorFiles {
  readonly #pool: FilePool;
  readonly #nowMs: () => number;
  readonly #maxAgeMs: number;
  readonly #known = new Map<string, Known>();
  /** The same object for the same path: what is shared stays in the CPU's cache. */
  readonly #files = new Map<string, AncestorFile>();
  #sweptAtMs: number;

  constructor(pool: FilePool, belief: { readonly nowMs: () => number; readonly maxAgeMs: number }) {
    this.#pool = pool;
    this.#nowMs = belief.nowMs;
    this.#maxAgeMs = belief.maxAgeMs;
    this.#sweptAtMs = belief.nowMs();
  }

  file(path: string): KernelFile {
    const file = this.#files.get(path) ?? new AncestorFile(this, path);
    if (this.#files.size >= MAX_KNOWN) this.#files.clear();
    this.#files.set(path, file);
    return file;
  }

  /** Nobody is left who would read them: what nobody reads is not swept either. */
  closeAll(): void {
    this.#files.clear();
    this.#forget(() => true);
  }

  /** What is known of a path, until it is `closed`. */
  known(path: string): Known {
    const found = this.#known.get(path);
    if (found !== undefined) return found;
    if (this.#known.size >= MAX_KNOWN) this.#forget(() => true);
    const known = { file: this.#pool.kept(path), atMs: Number.NEGATIVE_INFINITY, content: undefined, closed: false };
    this.#known.set(path, known);
    return known;
  }

  /** Reads it, unless that was done a moment ago. */
  contentOf(known: Known): Content | undefined {
    const nowMs = this.#nowMs();
    if (nowMs - known.atMs < this.#maxAgeMs) return known.content;
    known.atMs = nowMs;
    known.content = copyOf(known.file.read(), known.content);
    // A cgroup that went may be made again under its name, and a file may come with its controller: both are opened anew.
    if (known.content === undefined) known.file = this.#reopened(known.file);
    this.#sweep(nowMs);
    return known.content;
  }

  #reopened(file: PooledFile): PooledFile {
    file.close();
    return this.#pool.kept(file.path);
  }

  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptAtMs < FORGOTTEN_AFTER_MS) return;
    this.#sweptAtMs = nowMs;
    this.#forget(({ atMs }) => nowMs - atMs >= FORGOTTEN_AFTER_MS);
  }

  #forget(isOld: (known: Known) => boolean): void {
    for (const [path, known] of this.#known) {
      if (!isOld(known)) continue;
      known.closed = true;
      known.file.close();
      this.#known.delete(path);
      this.#files.delete(path);
    }
  }
}

/** The pool's buffer is read into again. Where the text is what it was, `before` itself: whoever holds it sees that nothing changed. */
function copyOf(read: Content | undefined, before: Content | undefined): Content | undefined {
  if (read === undefined) return undefined;
  const { bytes, start, end, path } = read;
  const text = bytes.subarray(start, end);
  if (before?.end === text.length && before.bytes.every((byte, at) => byte === text[at])) return before;
  return { bytes: new Uint8Array(text), start: 0, end: text.length, path };
}
