import type { Content } from '../model/cgroup-text.ts';
import type { KernelFile } from '../model/reading.ts';
import type { FilePool, PooledFile } from './kernel-file.ts';

/** More than any machine has slices with limits; beyond it the memory begins anew. */
const MAX_KNOWN = 4096;
/** What nobody asked for this long has no containers below it any more. */
const FORGOTTEN_AFTER_MS = 60_000;

interface Known {
  file: PooledFile;
  atMs: number;
  content: Content | undefined;
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
  #sweptAtMs: number;

  constructor(pool: FilePool, belief: { readonly nowMs: () => number; readonly maxAgeMs: number }) {
    this.#pool = pool;
    this.#nowMs = belief.nowMs;
    this.#maxAgeMs = belief.maxAgeMs;
    this.#sweptAtMs = belief.nowMs();
  }

  file(path: string): KernelFile {
    return { path, read: () => this.#read(path) };
  }

  /** Nobody is left who would read them: what nobody reads is not swept either. */
  closeAll(): void {
    this.#forget(() => true);
  }

  #read(path: string): Content | undefined {
    const nowMs = this.#nowMs();
    const known = this.#known.get(path) ?? this.#add(path);
    if (nowMs - known.atMs < this.#maxAgeMs) return known.content;
    known.atMs = nowMs;
    known.content = copyOf(known.file.read(), known.content);
    // A cgroup that went may be made again under its name, and a file may come with its controller: both are opened anew.
    if (known.content === undefined) known.file = this.#reopened(known.file);
    this.#sweep(nowMs);
    return known.content;
  }

  #add(path: string): Known {
    if (this.#known.size >= MAX_KNOWN) this.closeAll();
    const known = { file: this.#pool.kept(path), atMs: Number.NEGATIVE_INFINITY, content: undefined };
    this.#known.set(path, known);
    return known;
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
      known.file.close();
      this.#known.delete(path);
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
