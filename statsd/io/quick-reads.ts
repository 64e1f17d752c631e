import type { BulkNumbers } from '../../native/host/bulk-read.ts';
import { FIELD, type KernelFile, type NumberFile, type Tick } from '../model/reading.ts';
import { RARE_EVERY, SLOW_EVERY } from '../model/schedule.ts';
import { PooledFile } from './kernel-file.ts';
import type { LiveContainer } from './live-container.ts';

/** One collector of a container whose tick is more than numbers. */
export interface PartDue {
  readonly container: LiveContainer;
  readonly collector: number;
  readonly tick: Tick;
}

const NO_TIER = { slow: false, rare: false } as const;

/** Files that are read for their numbers, in the order of their results. */
export interface NumberReads {
  readonly fds: Int32Array;
  readonly numbers: BulkNumbers;
}

interface NumberRead {
  readonly container: LiveContainer;
  readonly collector: number;
  readonly number: NumberFile;
}

/** Where a container's part of a turn is. */
interface Place {
  /** Of its readers, when its part was made or found to be as it was. */
  version: number;
  readonly quickAt: number;
  readonly readsAt: number;
  readonly readsEnd: number;
}

/** Containers that are read whole at the same rounds. Flat arrays: a tick goes through them from front to back. */
interface Turn {
  readonly containers: Set<LiveContainer>;
  /** Everything is to be made anew, or what their collectors learnt is to be compared first. */
  stale: 'no' | 'perhaps' | 'yes';
  /** What the collectors of its containers gave, one after the other. */
  quick: (readonly NumberFile[] | undefined)[];
  /** One for each container, in their order, and its sample. */
  places: Place[];
  wholes: Float64Array[];
  /** Files of numbers of one collector each, some of which are not open yet, so that the collector is asked. */
  waiting: (readonly NumberFile[])[];
  reads: NumberRead[];
  fds: number[];
  shapes: number[];
  /** For each number: whose it is, which field, what divides it, and the read that brings it. */
  samples: Float64Array[];
  fields: number[];
  per: number[];
  readOf: number[];
  parts: Omit<PartDue, 'tick'>[];
  /** How many reads each collector has. */
  counts: number[];
}

/** -1 for one that is not there, or more than may be kept open. */
const descriptorOf = (file: KernelFile | undefined): number => (file instanceof PooledFile ? file.descriptor : -1);

const areOpen = (files: readonly NumberFile[]): boolean => files.every(({ file }) => descriptorOf(file) >= 0);

/** False when its collector did not understand what follows from it: it is asked for all, and complains. */
function told({ container, number }: NumberRead): boolean {
  try {
    number.changed?.(container.target);
    return true;
  } catch {
    return false;
  }
}

/** Whether the collectors of a container read the same files by the same descriptors as when the turn was made. */
function readsTheSame(
  { fds, quick, reads }: Turn,
  { readers }: LiveContainer,
  { quickAt, readsAt, readsEnd }: Place,
): boolean {
  for (let collector = 0; collector < readers.count; collector += 1)
    if (readers.quick(collector) !== quick[quickAt + collector]) return false;
  for (let at = readsAt; at < readsEnd; at += 1) if (descriptorOf(reads[at]?.number.file) !== fds[at]) return false;
  return true;
}

/** The same for all of a turn. Only of those that were read anew since can it be otherwise. */
function isAsItWas(turn: Turn): boolean {
  if (turn.waiting.some(areOpen)) return false;
  let index = 0;
  for (const container of turn.containers) {
    const place = turn.places[index];
    index += 1;
    if (place?.version === container.readers.version) continue;
    if (place === undefined || !readsTheSame(turn, container, place)) return false;
    place.version = container.readers.version;
  }
  return true;
}

const emptyTurn = (): Turn => ({
  containers: new Set(),
  stale: 'yes',
  waiting: [],
  ...{ quick: [], places: [], wholes: [], reads: [], fds: [], shapes: [] },
  ...{ samples: [], fields: [], per: [], readOf: [], parts: [], counts: [] },
});

/**
 * What a tick reads of containers that are not read whole: numbers, which the addon parses and which go into the samples without
 * anything else of a container being touched. A thousand containers do not fit into a CPU's cache, so what is touched is what a
 * tick costs. Use: `open`, the batch reads, `take`.
 */
export class QuickReads {
  readonly #turns: readonly Turn[] = Array.from({ length: RARE_EVERY }, emptyTurn);
  readonly #keys: (readonly string[])[] = [];
  #opened: readonly Turn[] = [];
  #fds = new Int32Array(0);
  #shapes = new Int32Array(0);
  #values = new Float64Array(0);
  #ended = new Set<LiveContainer>();
  #movedPids: LiveContainer[] = [];

  /** From now on it is read here, except when it is read whole, which its turn tells. Its files were read before. */
  add(container: LiveContainer, wholeTurn: number): void {
    const found = this.#turns[wholeTurn % RARE_EVERY];
    found?.containers.add(container);
    if (found !== undefined) found.stale = 'yes';
  }

  has(container: LiveContainer, wholeTurn: number): boolean {
    return this.#turns[wholeTurn % RARE_EVERY]?.containers.has(container) === true;
  }

  /** It ended: its descriptors are closed and given out anew. */
  remove(container: LiveContainer): void {
    this.#ended.add(container);
    for (const turn of this.#turns) if (turn.containers.delete(container)) turn.stale = 'yes';
  }

  /** Collectors of some with this turn were asked, and may want other numbers from here on. */
  learnt(wholeTurn: number): void {
    const found = this.#turns[wholeTurn % RARE_EVERY];
    if (found?.stale === 'no') found.stale = 'perhaps';
  }

  /** What is to be read at a round of all containers but those that are read whole. */
  open(round: number): NumberReads {
    this.#ended.clear();
    const whole = this.#turns[round % RARE_EVERY];
    this.learnt(round);
    this.#opened = this.#turns.filter((turn) => turn !== whole && turn.containers.size > 0);
    for (const turn of this.#opened) {
      if (turn.stale === 'yes' || (turn.stale === 'perhaps' && !isAsItWas(turn))) this.#renew(turn);
      turn.stale = 'no';
    }
    const reads = this.#opened.reduce((sum, { fds }) => sum + fds.length, 0);
    const values = this.#opened.reduce((sum, { fields }) => sum + fields.length, 0);
    if (this.#fds.length !== reads) [this.#fds, this.#shapes] = [new Int32Array(reads), new Int32Array(reads)];
    if (this.#values.length < values) this.#values = new Float64Array(values * 2);
    let at = 0;
    for (const { fds, shapes } of this.#opened) {
      this.#fds.set(fds, at);
      this.#shapes.set(shapes, at);
      at += fds.length;
    }
    return { fds: this.#fds, numbers: { keys: this.#keys, shapes: this.#shapes, values: this.#values } };
  }

  /** Collectors that have to be asked at this round as well; at a slow turn of theirs they are asked for more. */
  parts(round: number): PartDue[] {
    const slow = this.#slow(round);
    const others = this.#opened.filter((turn) => !slow.includes(turn));
    return others.flatMap(({ parts }) => parts.map((part) => ({ ...part, tick: part.container.tick(NO_TIER) })));
  }

  /** Which part of the last tick's reads was a collector's. */
  shareOf(collector: number): number {
    const reads = this.#opened.reduce((sum, { counts }) => sum + (counts[collector] ?? 0), 0);
    return reads === 0 ? 0 : reads / this.#fds.length;
  }

  /**
   * Puts what was read into the samples. `lengths` are those of the reads. Gives the containers of which something could not be
   * read: nothing of them was touched.
   */
  take(lengths: Int32Array, timeUnixMs: number): LiveContainer[] {
    const failed = this.#failed(lengths);
    const seconds = timeUnixMs / 1000;
    let at = 0;
    for (const turn of this.#opened) {
      this.#takeTurn(turn, { at, failed });
      if (failed.size === 0) for (const sample of turn.wholes) sample[FIELD.lastSeenUnixSeconds] = seconds;
      else
        for (const { sample } of [...turn.containers].filter((each) => !failed.has(each)))
          sample[FIELD.lastSeenUnixSeconds] = seconds;
      at += turn.fields.length;
    }
    return [...failed].filter((container) => !this.#ended.has(container));
  }

  /** Containers that had another number of tasks at the last {@link take} than before. */
  takeMovedPids(): readonly LiveContainer[] {
    const moved = this.#movedPids;
    this.#movedPids = [];
    return moved;
  }

  #slow(round: number): readonly Turn[] {
    return this.#turns.filter((_, index) => index % SLOW_EVERY === round % SLOW_EVERY);
  }

  #failed(lengths: Int32Array): Set<LiveContainer> {
    const failed = new Set(this.#ended);
    let at = 0;
    for (const { reads } of this.#opened) {
      for (let index = 0; index < reads.length; index += 1) {
        const read = (lengths[at + index] ?? -1) < 0 ? reads[index] : undefined;
        if (read !== undefined) failed.add(read.container);
      }
      at += reads.length;
    }
    return failed;
  }

  #takeTurn(
    { samples, fields, per, readOf, reads }: Turn,
    from: { readonly at: number; readonly failed: Set<LiveContainer> },
  ): void {
    const { at, failed } = from;
    for (let index = 0; index < fields.length; index += 1) {
      const sample = samples[index];
      const field = fields[index] ?? 0;
      const value = (this.#values[at + index] ?? Number.NaN) / (per[index] ?? 1);
      if (sample === undefined || sample[field] === value) continue;
      const read = reads[readOf[index] ?? -1];
      if (read === undefined || (failed.size > 0 && failed.has(read.container))) continue;
      sample[field] = value;
      this.#moved(read, field);
      if (!told(read)) failed.add(read.container);
    }
  }

  #moved({ container, collector }: NumberRead, field: number): void {
    container.readers.moved(collector);
    if (field === FIELD.pidsCurrent) this.#movedPids.push(container);
  }

  #renew(turn: Turn): void {
    Object.assign(turn, emptyTurn(), { containers: turn.containers });
    for (const container of turn.containers) {
      const { readers, sample } = container;
      const from = { version: readers.version, quickAt: turn.quick.length, readsAt: turn.reads.length };
      for (let collector = 0; collector < readers.count; collector += 1) {
        const numbers = readers.quick(collector);
        turn.quick.push(numbers);
        this.#addPart(turn, { container, collector }, numbers);
      }
      turn.places.push({ ...from, readsEnd: turn.reads.length });
      turn.wholes.push(sample);
    }
  }

  #addPart(turn: Turn, part: Omit<PartDue, 'tick'>, numbers: readonly NumberFile[] | undefined): void {
    const files = numbers?.filter(({ file }) => file !== undefined);
    if (files === undefined || !areOpen(files)) {
      if (files !== undefined) turn.waiting.push(files);
      turn.parts.push(part);
      return;
    }
    for (const number of files) this.#addRead(turn, { ...part, number });
  }

  #addRead(turn: Turn, read: NumberRead): void {
    const { container, collector, number } = read;
    const { file, keys, fields, per } = number;
    turn.fds.push(descriptorOf(file));
    turn.shapes.push(this.#shapeOf(keys));
    for (const [index, field] of fields.entries()) {
      turn.samples.push(container.sample);
      turn.fields.push(FIELD[field]);
      turn.per.push(per[index] ?? 1);
      turn.readOf.push(turn.reads.length);
    }
    turn.reads.push(read);
    turn.counts[collector] = (turn.counts[collector] ?? 0) + 1;
  }

  #shapeOf(keys: readonly string[]): number {
    const same = (known: readonly string[]): boolean => known === keys || (known.length === 0 && keys.length === 0);
    const found = this.#keys.findIndex(same);
    if (found >= 0) return found;
    this.#keys.push(keys);
    return this.#keys.length - 1;
  }
}
