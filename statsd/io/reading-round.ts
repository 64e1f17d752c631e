import type { Clock } from '../../native/host/clock.ts';
import type { CollectorCount, OwnCounts } from '../model/own-metrics.ts';
import type { Collector, KernelFile, Tick } from '../model/reading.ts';
import { PooledFile } from './kernel-file.ts';
import type { KeptList } from './kept-list.ts';
import type { LiveContainer } from './live-container.ts';
import type { NumberReads, PartDue, QuickReads } from './quick-reads.ts';
import type { ReadBatch } from './read-batch.ts';

export interface ReadingRoundParts {
  readonly collectors: readonly Collector[];
  readonly batch: ReadBatch;
  readonly counts: OwnCounts;
  readonly clock: Clock;
  /** A collector could not understand what it read of a container. */
  readonly complain: (container: LiveContainer, collector: string, error: unknown) => void;
}

export interface DueContainer {
  readonly container: LiveContainer;
  readonly tick: Tick;
}

/** What a round reads: containers whole, and of others their numbers, what they keep for slow turns, and single collectors. */
export interface Due {
  readonly whole: readonly DueContainer[];
  readonly parts: readonly PartDue[];
  readonly quick: QuickReads;
  readonly numbers: NumberReads | undefined;
  readonly kept: readonly KeptList[];
}

/** Of which containers a round takes what. */
export interface Taking {
  readonly isLive: (container: LiveContainer) => boolean;
  readonly unnumbered: ReadonlySet<LiveContainer>;
}

const SLOW_TIER = { slow: true, rare: false } as const;

/**
 * One round over all containers: every file of every collector is fetched in one go, then each collector takes what is its own.
 * A container that ends meanwhile keeps what its end read.
 */
export class ReadingRound {
  readonly #parts: ReadingRoundParts;
  /** Where the files of each collector of each container end in the batch, in the order in which they were requested. */
  readonly #ends: number[] = [];

  constructor(parts: ReadingRoundParts) {
    this.#parts = parts;
  }

  /** `others` are read with the containers' files, in a group of their own. Call `done` of the batch after everything is taken. */
  async fetch(due: Due, others: readonly KernelFile[]): Promise<void> {
    const { batch, collectors } = this.#parts;
    const { whole, numbers, kept } = due;
    const add = (file: KernelFile | undefined): void => {
      if (file instanceof PooledFile) batch.add(file);
    };
    this.#ends.length = 0;
    for (const which of collectors.keys()) {
      this.#each(due, which, (container, tick) => {
        container.readers.request(which, tick, add);
        this.#ends.push(batch.size);
      });
      batch.endGroup();
    }
    for (const { container, tick } of whole) if (tick.slow) container.requestLife(add);
    for (const file of others) add(file);
    batch.endGroup();
    await batch.fetch(numbers, kept);
    this.#compare(due);
  }

  /** Takes what was fetched of the containers that still live; of those that are `unnumbered` no number was stored. */
  take(due: Due, { isLive, unnumbered }: Taking): void {
    const { clock, collectors, counts } = this.#parts;
    const changed = due.kept.flatMap((list) => list.changed);
    for (const [which, { name }] of collectors.entries()) {
      const startMs = clock.monotonicMs();
      let failures = 0;
      const collect = (container: LiveContainer, tick: Tick): void => {
        if (!isLive(container)) return;
        try {
          container.collect(which, tick);
        } catch (error) {
          failures += 1;
          this.#parts.complain(container, name, error);
        }
      };
      this.#each(due, which, collect);
      for (const { container } of changed.filter(({ collector }) => collector === which))
        collect(container, container.tick(SLOW_TIER, !unnumbered.has(container)));
      const seconds = this.#readSeconds(due, which) + (clock.monotonicMs() - startMs) / 1000;
      noteRun(counts.collectors.get(name), { seconds, failures });
    }
  }

  /** Numbers and kept lists are read in one go: each collector is told of its part by the number of files. */
  #readSeconds({ quick, kept }: Due, which: number): number {
    const { batch } = this.#parts;
    const files = kept.reduce((sum, { fds }) => sum + fds.length, 0);
    const share = files === 0 ? 0 : kept.reduce((sum, list) => sum + list.countOf(which), 0) / files;
    return batch.groupSeconds(which) + batch.numbersSeconds * quick.shareOf(which) + batch.keptSeconds * share;
  }

  /** Tells readers for which everything says what it said before. */
  #compare(due: Due): void {
    const { batch, collectors } = this.#parts;
    let start = 0;
    let next = 0;
    for (const which of collectors.keys())
      this.#each(due, which, (container, tick) => {
        const end = this.#ends[next] ?? start;
        if (!tick.rare && batch.areUnchanged(start, end)) container.readers.fetchedUnchanged(which, tick);
        start = end;
        next += 1;
      });
  }

  /** What is due of one collector, always in the same order. */
  #each({ whole, parts }: Due, which: number, act: (container: LiveContainer, tick: Tick) => void): void {
    for (const { container, tick } of whole) act(container, tick);
    for (const { container, collector, tick } of parts) if (collector === which) act(container, tick);
  }
}

/** Adds one run of a collector to its counts. */
export function noteRun(
  count: CollectorCount | undefined,
  run: { readonly seconds: number; readonly failures: number },
): void {
  if (count === undefined) return;
  count.seconds += run.seconds;
  count.lastSeconds = run.seconds;
  count.failures += run.failures;
  count.lastSuccess = run.failures === 0 ? 1 : 0;
}
