import type { Content } from '../model/cgroup-text.ts';
import { FIELD, type CgroupView, type Collector, type KernelFile, type NumberFile } from '../model/reading.ts';
import type { Reader, Target, Tick } from '../model/reading.ts';

interface Entry {
  readonly collector: Collector;
  readonly reader: Reader;
  /** Whether the container was in the v2 tree when all was taken last; `undefined` when something of it failed or moved since. */
  takenUnified: boolean | undefined;
  /** What was fetched for the next `collect` is what was taken before. */
  isUnchanged: boolean;
  /** What the files beside said when all was taken last. */
  said: readonly (Content | undefined)[];
}

const isStill = ({ reader, said }: Entry): boolean =>
  reader.beside?.every((file, index) => file.read() === said[index]) ?? true;

/**
 * One reader of each collector for one container. What says the same as before is neither parsed nor stored again: most of a
 * container's files stand still for hours. At a rare tick everything is taken anew, whatever it says.
 */
export class ContainerReaders {
  readonly #entries: readonly Entry[];
  /** Grows whenever something was read anew, after which {@link quick} may give something else. */
  version = 0;

  constructor(collectors: readonly Collector[], view: CgroupView) {
    this.#entries = collectors.map((collector) => {
      const reader = collector.attach(view);
      return { collector, reader, takenUnified: undefined, isUnchanged: false, said: [] };
    });
  }

  get count(): number {
    return this.#entries.length;
  }

  /** Names the files that one collector will read at such a tick. */
  request(index: number, tick: Tick, add: (file: KernelFile | undefined) => void): void {
    this.#entries[index]?.reader.request(add, tick);
  }

  /** What one collector reads at a tick of no slower tier, where that is nothing but numbers. */
  quick(index: number): readonly NumberFile[] | undefined {
    return this.#entries[index]?.reader.quick?.();
  }

  /** All that a collector requested was fetched, and says what it said when it was fetched before. */
  fetchedUnchanged(index: number, tick: Tick): void {
    const entry = this.#entries[index];
    if (entry === undefined || tick.rare || entry.takenUnified !== tick.unified) return;
    entry.isUnchanged = isStill(entry);
  }

  /** Whether all that a collector takes at a slow tick was taken when its files were read last, and its fields are as it left them. */
  isTaken(index: number, tick: Tick): boolean {
    const entry = this.#entries[index];
    return entry?.takenUnified === tick.unified && isStill(entry);
  }

  /** Files that a collector reads besides those that it requests. */
  beside(index: number): readonly KernelFile[] {
    return this.#entries[index]?.reader.beside ?? [];
  }

  /** A field of a collector was given a number without it. */
  moved(index: number): void {
    const entry = this.#entries[index];
    if (entry !== undefined) entry.takenUnified = undefined;
  }

  /** On a failure the collector's fields are unknown. @throws {CgroupTextError} */
  collect(index: number, target: Target, tick: Tick): void {
    const entry = this.#entries[index];
    if (entry === undefined) return;
    const isUnchanged = entry.isUnchanged && !tick.rare;
    entry.isUnchanged = false;
    if (isUnchanged) return;
    this.version += 1;
    try {
      entry.reader.collect(target, tick);
      if (!tick.slow) return;
      entry.takenUnified = tick.unified;
      if (entry.reader.beside !== undefined) entry.said = entry.reader.beside.map((file) => file.read());
    } catch (error) {
      entry.takenUnified = undefined;
      entry.reader.request((file) => file?.forget?.(), tick);
      for (const field of entry.collector.fields) target.sample[FIELD[field]] = Number.NaN;
      for (const list of entry.collector.lists ?? []) target.details[list] = undefined;
      throw error;
    }
  }
}
