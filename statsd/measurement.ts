import type { Clock } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import type { ContainerNetworks } from './io/container-network.ts';
import type { HostReader } from './io/host-reader.ts';
import { LifeSigns } from './io/life-signs.ts';
import type { LiveContainer } from './io/live-container.ts';
import type { NetworkTable } from './io/network-table.ts';
import type { ReadBatch } from './io/read-batch.ts';
import { QuickReads } from './io/quick-reads.ts';
import { SlowReads } from './io/slow-reads.ts';
import { noteRun, ReadingRound, type Due } from './io/reading-round.ts';
import { emptyHostReading } from './model/host-reading.ts';
import { OomLedger } from './model/oom-ledger.ts';
import type { OwnCounts } from './model/own-metrics.ts';
import { FIELD, type Collector } from './model/reading.ts';
import { SLOW_EVERY, tiersOf, wholeTurnOf, YOUNG_TICKS, type Tiers } from './model/schedule.ts';

export interface MeasurementParts {
  readonly hostReader: HostReader;
  readonly collectors: readonly Collector[];
  readonly batch: ReadBatch;
  readonly networkTable: NetworkTable;
  readonly networks: ContainerNetworks;
  readonly counts: OwnCounts;
  readonly clock: Clock;
  readonly log: Logger;
}

/** When a round was read. */
export interface ReadAt {
  readonly monotonicMs: number;
  readonly timeUnixMs: number;
}

/** What a round gave. */
export interface Round extends ReadAt {
  /** Containers whose slower files were read and may say something new. */
  readonly slow: ReadonlySet<LiveContainer>;
  /** Containers that may be over. */
  readonly ending: readonly LiveContainer[];
}

const EVERYTHING: Tiers = { slow: true, rare: true };
const NO_TIERS: Tiers = { slow: false, rare: false };
/** Its name among the collectors. */
export const NETWORK = 'network';

/** Under which name kills for memory add up: a runtime that starts a container again may give it a new id. */
function oomName({ key, identity, runtime }: LiveContainer): string {
  const { labels, name } = identity;
  const pod = labels['io.kubernetes.pod.uid'] ?? labels['io.kubernetes.pod.name'];
  return name === '' ? key : `${runtime}/${pod ?? ''}/${name}`;
}

/**
 * Reads the containers and the host: all files in one batch, then the host's and everybody's interfaces. Invariants: what
 * cannot be read is unknown and costs nothing else; the readings of a container that ended are those of its end.
 */
export class Measurement {
  /** The host as it was last read. */
  readonly host = emptyHostReading();
  readonly #parts: MeasurementParts;
  readonly #round: ReadingRound;
  readonly #oomKills = new OomLedger();
  readonly #signs = new LifeSigns();
  readonly #complaints = new WeakMap<LiveContainer, Set<string>>();
  /** Of each container; spreads slow turns over ticks. */
  readonly #phases = new WeakMap<LiveContainer, number>();
  /** Of grown containers, which are in both. */
  readonly #quick = new QuickReads();
  readonly #slow = new SlowReads();
  /** The others: young, or all where the addon is missing. */
  readonly #whole = new Set<LiveContainer>();
  #lastPhase = 0;
  /** Turns are counted in rounds that were held: numbers of ticks skip, and would leave some containers out for good. */
  #rounds = 0;

  constructor(parts: MeasurementParts) {
    this.#parts = parts;
    this.#round = new ReadingRound({
      ...parts,
      complain: (container, collector, error) => {
        this.#complain(container, collector, error);
      },
    });
  }

  /** A container appeared: it is read whole, at once; at the start the first tick does it for all of them. */
  begin(container: LiveContainer): void {
    this.#lastPhase += 1;
    this.#phases.set(container, this.#lastPhase);
    this.#whole.add(container);
    if (this.#rounds === 0) return;
    this.#parts.networks.look(container);
    this.#readAll(container);
  }

  /** A container ended: it is read for the last time. */
  end(container: LiveContainer): void {
    const { counts } = this.#parts;
    this.#readAll(container);
    this.leave(container);
    const kills = container.sample[FIELD.oomKills] ?? Number.NaN;
    this.#oomKills.end(oomName(container), kills);
    counts.oomKillsOfEnded = this.#oomKills.total;
  }

  /** It is to be read no more, though it may live on. */
  leave(container: LiveContainer): void {
    this.#whole.delete(container);
    this.#quick.remove(container);
    this.#slow.remove(container);
    this.#signs.leave(container);
    this.#parts.networks.leave(container);
  }

  /** One round over what lives. Call {@link done} when its readings were published. */
  async read(live: ReadonlySet<LiveContainer>, signal: AbortSignal): Promise<Round> {
    const { clock, hostReader, networks } = this.#parts;
    const due = this.#due();
    for (const { container, tick } of due.whole) if (tick.rare) networks.look(container);
    await this.#refreshNetworks(signal);
    const slow = this.#rounds % SLOW_EVERY === 0 || this.#rounds < YOUNG_TICKS;
    // From here to the end nothing else runs between what was fetched and what is taken of it.
    const at = await this.#fetch(due, slow);
    const isLive = (container: LiveContainer): boolean => live.has(container);
    const unnumbered = this.#takeNumbers(due, at.timeUnixMs);
    const failed = [...unnumbered].map((container) => ({ container, tick: container.tick(NO_TIERS) }));
    const whole = [...due.whole, ...failed].filter(({ container }) => isLive(container));
    const changed = new Set(due.kept.flatMap((list) => list.changed.map(({ container }) => container)).filter(isLive));
    const read = new Set([...whole.map(({ container }) => container), ...changed]);
    for (const container of read) container.begin();
    this.#round.take({ ...due, whole }, { isLive, unnumbered });
    for (const container of [...changed, ...due.parts.map((part) => part.container)])
      this.#quick.learnt(this.#turnOf(container));
    hostReader.read(this.host, slow);
    networks.storeOwn();
    for (const container of read) this.#settle(container, at.timeUnixMs);
    this.#noteLives([...due.parts.map(({ container }) => container), ...read], isLive);
    this.#parts.counts.lastTakeSeconds = (clock.monotonicMs() - at.fetchedMs) / 1000;
    const unwatched = due.kept.flatMap((list) => list.unwatched);
    const slowOnes = due.whole.filter(({ tick }) => tick.slow).map(({ container }) => container);
    return {
      ...at,
      slow: new Set([...slowOnes, ...changed, ...unwatched].filter(isLive)),
      ending: [...this.#signs.ending],
    };
  }

  /** What was read is used up: from here each file is read by itself again. */
  done(): void {
    this.#rounds += 1;
    this.#parts.batch.done();
  }

  /** Looks at those whose numbers may have moved. */
  #noteLives(read: Iterable<LiveContainer>, isLive: (container: LiveContainer) => boolean): void {
    const { counts } = this.#parts;
    for (const container of read) if (isLive(container)) this.#signs.note(container);
    for (const container of this.#quick.takeMovedPids()) if (isLive(container)) this.#signs.note(container);
    counts.oomKills = counts.oomKillsOfEnded + this.#signs.oomKills;
  }

  #due(): Due {
    const [quick, round] = [this.#quick, this.#rounds];
    const whole = [...this.#whole, ...this.#slow.whole(round)].map((container) => {
      const tiers = tiersOf(round, { phase: this.#phases.get(container) ?? 0, age: container.age });
      return { container, tick: container.tick(tiers) };
    });
    if (!this.#parts.batch.readsNumbers) return { whole, numbers: undefined, parts: [], kept: [], quick };
    const numbers = quick.open(round);
    const kept = this.#slow.open(round);
    return { whole, numbers, parts: [...quick.parts(round), ...kept.flatMap(({ asked }) => asked)], kept, quick };
  }

  /** Gives those of which something could not be read: they are read again, file by file. */
  #takeNumbers({ quick, numbers }: Due, timeUnixMs: number): ReadonlySet<LiveContainer> {
    if (numbers === undefined) return new Set();
    return new Set(quick.take(this.#parts.batch.numberLengths, timeUnixMs));
  }

  /** Once its limits and hierarchies are made, a container is read by its numbers between slow ticks. */
  #grow(container: LiveContainer): void {
    container.age += 1;
    if (container.age < YOUNG_TICKS || !this.#parts.batch.readsNumbers || !this.#whole.delete(container)) return;
    const turn = this.#turnOf(container);
    this.#quick.add(container, turn);
    this.#slow.add(container, turn);
  }

  #turnOf(container: LiveContainer): number {
    return wholeTurnOf(this.#phases.get(container) ?? 0);
  }

  async #fetch(due: Due, slow: boolean): Promise<ReadAt & { readonly fetchedMs: number }> {
    const { batch, clock, hostReader } = this.#parts;
    const before = { monotonicMs: clock.monotonicMs(), timeUnixMs: clock.nowMs() };
    await this.#round.fetch(due, hostReader.files(slow));
    const monotonicMs = Number.isNaN(batch.startedMs) ? before.monotonicMs : batch.startedMs;
    const timeUnixMs = before.timeUnixMs + Math.max(0, monotonicMs - before.monotonicMs);
    return { monotonicMs, timeUnixMs, fetchedMs: clock.monotonicMs() };
  }

  async #refreshNetworks(signal: AbortSignal): Promise<void> {
    const { clock, counts, log, networkTable } = this.#parts;
    const startMs = clock.monotonicMs();
    let failures = 0;
    try {
      await networkTable.refresh(this.#rounds, signal);
    } catch (err) {
      signal.throwIfAborted();
      failures = 1;
      if (counts.collectors.get(NETWORK)?.lastSuccess === 1) log.warn({ err }, 'cannot read network counters');
    }
    noteRun(counts.collectors.get(NETWORK), { seconds: (clock.monotonicMs() - startMs) / 1000, failures });
  }

  #settle(container: LiveContainer, timeUnixMs: number): void {
    const { sample } = container;
    this.#parts.networks.store(container);
    const kills = sample[FIELD.oomKills] ?? Number.NaN;
    sample[FIELD.oomKillsTotal] = this.#oomKills.total === 0 ? kills : this.#oomKills.sum(oomName(container), kills);
    container.settle(timeUnixMs);
    this.#grow(container);
  }

  #readAll(container: LiveContainer): void {
    const everything = container.tick(EVERYTHING);
    container.begin();
    for (const [which, { name }] of this.#parts.collectors.entries()) {
      try {
        container.collect(which, everything);
      } catch (err) {
        this.#complain(container, name, err);
      }
    }
    const { clock, networks } = this.#parts;
    networks.store(container);
    container.settle(clock.nowMs());
  }

  /** Once per container and collector: a file that cannot be understood stays so. */
  #complain(container: LiveContainer, collector: string, err: unknown): void {
    const told = this.#complaints.get(container) ?? new Set();
    if (told.has(collector)) return;
    this.#complaints.set(container, told.add(collector));
    this.#parts.log.warn({ err, key: container.key, collector }, 'cannot read container');
  }
}
