import { renameSync, rmSync } from 'node:fs';
import type { MarkedLine } from '../../model/events/event.ts';
import type { SeriesFacts } from '../../model/history/series.ts';
import { saysDamaged, StoreError } from '../store.ts';
import { HistoryFile } from './history-file.ts';
import type { Append, FileState, Questions, ReadAnswer, ReadRequest, ThreadSettings } from './messages.ts';

/** What waits for a file that cannot be written: ten minutes. */
const MAX_WAITING = 60;

/** Also rows that cannot be unpacked: whatever is read next may be as bad. */
function isDamaged(error: unknown): boolean {
  const cause: unknown = error instanceof StoreError ? error.cause : error;
  if (!(cause instanceof Error)) return false;
  if ('errcode' in cause) return saysDamaged(cause);
  return cause instanceof RangeError || ('code' in cause && String(cause.code).startsWith('Z_'));
}

/** A file of a newer weft is whole: it is left alone. */
const isNewer = (error: unknown): boolean => sentenceOf(error).includes('newer weft');

type FileSettings = Pick<ThreadSettings, 'path' | 'maxBytes'>;

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Keeps the file of history going: opens it, tries again with each append what could not be written, and puts a damaged file aside for a new one. Never throws for
 * the file's sake: history is told to be incomplete, and everything else goes on.
 */
export class HistoryKeeper implements Disposable {
  readonly #settings: FileSettings;
  readonly #onState: (state: FileState) => void;
  #file: HistoryFile | undefined;
  #waiting: Append[] = [];
  /** Of every line named so far: a new file has to be told anew. */
  readonly #facts = new Map<string, SeriesFacts>();
  #droppedBlocks = 0;
  #reason: string | undefined;
  /** A damaged file was put aside: told until the process ends. */
  #aside: string | undefined;

  constructor(settings: FileSettings, onState: (state: FileState) => void) {
    this.#settings = settings;
    this.#onState = onState;
    this.#flush();
  }

  append(append: Append): void {
    for (const [key, facts] of append.facts) this.#facts.set(key, facts);
    this.#waiting.push(append);
    while (this.#waiting.length > MAX_WAITING) this.#droppedBlocks += this.#waiting.shift()?.blocks.length ?? 0;
    this.#flush();
  }

  /** What is said of every line named so far. */
  get facts(): ReadonlyMap<string, SeriesFacts> {
    return this.#facts;
  }

  /** @throws {StoreError} when it cannot be read. */
  read({ key, columns, axis, untilUnixMs }: ReadRequest): ReadAnswer {
    return this.#reading((file) => ({
      bins: file.read(key, columns, { axis, untilUnixMs })?.state,
      marks: file.marks(key, axis.fromUnixMs, axis.fromUnixMs + axis.count * axis.stepMs),
      facts: file.facts(key),
    }));
  }

  /** @throws {StoreError} when it cannot be read. */
  marks({ key, fromUnixMs, untilUnixMs }: Questions['marks']['request']): Questions['marks']['answer'] {
    return this.#reading((file) => ({ marks: file.marks(key, fromUnixMs, untilUnixMs), facts: file.facts(key) }));
  }

  /** @throws {StoreError} when it cannot be read. */
  marksBelow({ node, fromUnixMs, untilUnixMs }: Questions['marksBelow']['request']): readonly MarkedLine[] {
    return this.#reading((file) => file.marksBelow(node, fromUnixMs, untilUnixMs));
  }

  /** Reads with the file. @throws {StoreError} */
  #reading<Result>(work: (file: HistoryFile) => Result): Result {
    if (this.#file === undefined) throw new StoreError('read', this.#settings.path, this.#reason ?? 'it is not open');
    try {
      return work(this.#file);
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  lively(sinceUnixMs: number): ReturnType<HistoryFile['lively']> {
    return this.#reading((file) => file.lively(sinceUnixMs));
  }

  blocks(fromUnixMs: number, limit: number): ReturnType<HistoryFile['blocks']> {
    return this.#reading((file) => file.blocks(fromUnixMs, limit));
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
    this.#file = undefined;
  }

  #flush(): void {
    try {
      this.#file ??= new HistoryFile(this.#settings.path, this.#settings.maxBytes);
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        this.#file.append(next.blocks, next.marks, this.#facts);
        this.#waiting.shift();
      }
      this.#reason = this.#aside;
      this.#tell(this.#file);
    } catch (error) {
      this.#failed(error);
      this.#tell(undefined);
    }
  }

  #failed(error: unknown): void {
    this.#reason = sentenceOf(error);
    if (!isDamaged(error) || isNewer(error)) return;
    this[Symbol.dispose]();
    const aside = `${this.#settings.path}.damaged`;
    // One is kept, to look at; the write-ahead log belongs to it and must not meet the new file.
    try {
      renameSync(this.#settings.path, aside);
      for (const tail of ['-wal', '-shm']) rmSync(`${this.#settings.path}${tail}`, { force: true });
    } catch (cause) {
      this.#reason += `; it cannot be put aside: ${sentenceOf(cause)}`;
      return;
    }
    this.#aside = `${this.#reason}; it was put aside as ${aside} and history starts anew`;
    this.#reason = this.#aside;
  }

  #tell(file: HistoryFile | undefined): void {
    this.#onState({ reason: this.#reason, droppedBlocks: this.#droppedBlocks, use: file?.use() });
  }
}
