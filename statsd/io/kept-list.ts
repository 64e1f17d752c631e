import type { Content } from '../model/cgroup-text.ts';
import type { KernelFile } from '../model/reading.ts';
import type { PooledFile } from './kernel-file.ts';
import { keptPartsOf, LIFE, type KeptPart } from './kept-parts.ts';
import type { LiveContainer } from './live-container.ts';
import type { PartDue } from './quick-reads.ts';

/** What a batch brought of a list. */
export interface KeptFetched {
  readonly bytes: Uint8Array;
  readonly lengths: Int32Array;
  readonly marks: Float64Array;
  /** Of the list's first file, among all of the batch. */
  readonly at: number;
  /** How many files of the batch were read. */
  readonly read: number;
  /** Where the text of the list's first file begins. */
  readonly start: number;
}

/**
 * The slow files of containers that have their turns at the same rounds, as flat lists: a turn at which they all say what they said
 * before compares marks and touches nothing else of a container. Use: a batch reads `fds`, then `take`, then collect what `changed`.
 * It is made anew when containers come or go, and after each turn at which they were read whole.
 */
export class KeptList {
  readonly fds: Int32Array;
  /** Collectors that are to be asked at each slow turn all the same. */
  readonly asked: readonly PartDue[];
  /** Containers whose life is to be looked at all the same. */
  readonly unwatched: readonly LiveContainer[];
  readonly #parts: readonly KeptPart[];
  readonly #files: readonly PooledFile[];
  /** Of each file, the index of its part. */
  readonly #partOf: Int32Array;
  /** Of what each file said last; NaN where its collector is to take it anew, whatever it says. */
  readonly #marks: Float64Array;
  /** What collectors read besides, each file once, and what it said. */
  readonly #beside = new Map<KernelFile, Content | undefined>();
  /** How many files each collector has. */
  readonly #counts: number[] = [];
  #changed: readonly KeptPart[] = [];

  constructor(containers: readonly LiveContainer[]) {
    const { parts, asked, unwatched } = keptPartsOf(containers);
    this.asked = asked;
    this.unwatched = unwatched;
    this.#parts = parts;
    this.#files = parts.flatMap(({ files }) => files);
    this.fds = Int32Array.from(this.#files, (file) => file.descriptor);
    this.#partOf = Int32Array.from(parts.flatMap(({ files }, index) => files.map(() => index)));
    this.#marks = new Float64Array(this.#files.length);
    for (const [index, file] of this.#files.entries()) file.copyMarkTo(this.#marks, index);
    for (const part of parts) this.#begin(part);
  }

  /** Parts that said something else at the last {@link take}, collector by collector. */
  get changed(): readonly KeptPart[] {
    return this.#changed;
  }

  /** Whether a collector that was asked since wants other files than it did. */
  get isOutdated(): boolean {
    return this.#changed.some(
      ({ container, collector, numbers }) => collector !== LIFE && container.readers.quick(collector) !== numbers,
    );
  }

  /** How many of its files are a collector's. */
  countOf(collector: number): number {
    return this.#counts[collector] ?? 0;
  }

  /** Finds what changed, and hands its text to its files. Gives where the list's text ends. */
  take(fetched: KeptFetched): number {
    this.#lookBeside();
    const { marks, at } = fetched;
    const changed = new Set<KeptPart>();
    for (let index = 0; index < this.fds.length; index += 1) {
      if (marks[at + index] === this.#marks[index]) continue;
      const part = this.#parts[this.#partOf[index] ?? -1];
      if (part !== undefined) changed.add(part);
    }
    this.#changed = [...changed];
    return this.#handOut(fetched, changed);
  }

  #begin({ collector, files, beside, isTaken }: KeptPart): void {
    this.#counts[collector] = this.countOf(collector) + files.length;
    for (const file of beside) if (!this.#beside.has(file)) this.#beside.set(file, file.read());
    if (!isTaken) for (const file of files) file.forget();
  }

  /** Where a file says something else that collectors read besides, all who read such files take theirs anew. */
  #lookBeside(): void {
    let moved = false;
    for (const [file, said] of this.#beside) {
      const says = file.read();
      if (says === said) continue;
      this.#beside.set(file, says);
      moved = true;
    }
    if (!moved) return;
    for (const { files, beside } of this.#parts) if (beside.length > 0) for (const file of files) file.forget();
  }

  #handOut({ bytes, lengths, marks, at, read, start }: KeptFetched, changed: ReadonlySet<KeptPart>): number {
    let from = start;
    for (let index = 0; index < this.fds.length; index += 1) {
      // What did not fit is read by itself this time.
      if (at + index >= read) break;
      const length = lengths[at + index] ?? 0;
      const part = changed.size === 0 ? undefined : this.#parts[this.#partOf[index] ?? -1];
      if (part !== undefined && changed.has(part))
        this.#files[index]?.adopt({ bytes, start: from, length, mark: marks[at + index] ?? Number.NaN }, -1);
      if (length > 0) from += length;
    }
    return from;
  }
}
