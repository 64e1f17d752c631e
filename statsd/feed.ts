import { createHash } from 'node:crypto';
import type { ContainerEnd, ContainerEvents } from './container-events.ts';
import { EventBook } from './event-book.ts';
import type { LiveContainer } from './io/live-container.ts';
import { cardOf, exitedCardOf, type ContainerCard } from './model/container-card.ts';
import type { ContainerDetails } from './model/details.ts';
import { beginningOf, changesOf, type ContainerEvent, type DockerAction } from './model/docker-event.ts';
import type { Moment } from './model/docker-reading.ts';
import { containerLabels, type Series, type SeriesLabels } from './model/exposition.ts';
import type { ExitedContainer, ExitFacts } from './model/exited.ts';
import type { CpuSeconds, HostReading } from './model/host-reading.ts';
import { allowedKeys } from './model/identity.ts';
import { keepMoment, type KeptMoment } from './model/kept-moment.ts';
import { FIELD } from './model/reading.ts';

export interface FeedSource {
  /** Containers that ended lately, oldest first. */
  readonly exited: () => readonly ExitedContainer[];
  readonly host: HostReading;
  readonly cpuCores: number;
  readonly nowMs: () => number;
  /** Container labels that go on every series of /metrics; `prefix*` is all that begin so. */
  readonly metricLabels: readonly string[];
}

export interface TickTime {
  readonly timeUnixMs: number;
  readonly monotonicMs: number;
}

/** A living container in the numbers of the last beat and of the one before it. */
export interface FeedEntry {
  readonly card: ContainerCard;
  readonly details: ContainerDetails;
  readonly now: Moment;
  /** `undefined` in its first second. */
  readonly before: Moment | undefined;
}

interface Kept {
  readonly container: LiveContainer;
  card: ContainerCard;
  /** Of /metrics; rendered once per identity. */
  labels: SeriesLabels;
  now: KeptMoment;
  before: KeptMoment | undefined;
}

interface BusyMoment {
  readonly monotonicMs: number;
  readonly busySeconds: number;
}

const busySum = ({ user, nice, system, irq, softirq, steal }: CpuSeconds): number =>
  user + nice + system + irq + softirq + steal;

/** Clients of docker's API expect a reading a second, whatever the interval; a tick may come a little early. */
const BEAT_MS = 950;
/** As dockerd adds up the first line of /proc/stat: steal and guest are not in it. */
const dockerSum = (total: CpuSeconds): number =>
  total.user + total.nice + total.system + total.idle + total.iowait + total.irq + total.softirq;

const startedAt = ({ sample }: LiveContainer): number | undefined => {
  const seconds = sample[FIELD.startTimeUnixSeconds] ?? Number.NaN;
  return Number.isNaN(seconds) ? undefined : Math.round(seconds * 1000);
};

const isOnHostNetwork = ({ details }: LiveContainer): boolean => details.network.kind === 'host';

/** Whether what a card tells of a living container differs; a new identity comes by `renamed`. */
const hasChanged = ({ container, card }: Kept): boolean =>
  (container.paused === true) !== (card.state === 'paused') ||
  container.runtime !== card.runtime ||
  isOnHostNetwork(container) !== (card.onHostNetwork === true) ||
  startedAt(container) !== card.startedAtUnixMs;

const entryOf = ({ container, card, now, before }: Kept): FeedEntry => ({
  card,
  details: container.details,
  now,
  before,
});

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * What clients are served from: who lives, who ended, and each container's last two readings, a beat (a second or one interval)
 * apart. Any number of clients shares it; it reads nothing itself.
 */
export class Feed implements ContainerEvents {
  readonly #source: FeedSource;
  readonly #living = new Map<string, Kept>();
  readonly #beatListeners = new Set<(at: TickTime) => void>();
  readonly #events = new EventBook();
  /** A card for each container that ended, made once: the list's entries are replaced whole. */
  readonly #exitedCardOf = new WeakMap<ExitedContainer, ContainerCard>();
  #exitedKeys = new Map<string, ContainerCard>();
  #lastBeat: TickTime | undefined;
  #hostNow: BusyMoment | undefined;
  #hostBefore: BusyMoment | undefined;
  #systemBase: { readonly monotonicMs: number; readonly seconds: number } | undefined;

  constructor(source: FeedSource) {
    this.#source = source;
  }

  /** When the last beat was; `undefined` before the first. */
  get lastBeat(): TickTime | undefined {
    return this.#lastBeat;
  }

  /** CPUs that worked between the last two beats; `undefined` when it is not known. */
  get hostBusyCores(): number | undefined {
    if (this.#hostNow === undefined || this.#hostBefore === undefined) return undefined;
    const seconds = (this.#hostNow.monotonicMs - this.#hostBefore.monotonicMs) / 1000;
    return Math.max(0, this.#hostNow.busySeconds - this.#hostBefore.busySeconds) / seconds;
  }

  /** The living, oldest first, each in the numbers of the moment at which it is asked for. */
  *entries(): Generator<FeedEntry> {
    for (const kept of this.#living.values()) yield entryOf(kept);
  }

  /** A living container by its key; good until the next beat. */
  entry(key: string): FeedEntry | undefined {
    const kept = this.#living.get(key);
    return kept === undefined ? undefined : entryOf(kept);
  }

  /** What /metrics shows: the living only, oldest first. */
  series(): Series[] {
    return [...this.#living.values()].map(({ container: { sample, details }, card, labels }) => ({
      ...labels,
      sample,
      details,
      health: card.health,
      restartCount: card.restartCount,
    }));
  }

  /** The label block of a living container's series. */
  labelsOf(key: string): string | undefined {
    return this.#living.get(key)?.labels.labels;
  }

  /** The living, then those that ended, each oldest first. */
  cards(): ContainerCard[] {
    return [...[...this.#living.values()].map(({ card }) => card), ...this.#exitedCards()];
  }

  /** The last events that are kept, oldest first. */
  recentEvents(): readonly ContainerEvent[] {
    return this.#events.recent();
  }

  onBeat(listener: (at: TickTime) => void): Disposable {
    this.#beatListeners.add(listener);
    return { [Symbol.dispose]: () => this.#beatListeners.delete(listener) };
  }

  onEvent(listener: (event: ContainerEvent) => void): Disposable {
    return this.#events.onEvent(listener);
  }

  /** After each tick. */
  ticked(at: TickTime): void {
    if (this.#lastBeat !== undefined && at.monotonicMs - this.#lastBeat.monotonicMs < BEAT_MS) return;
    this.#lastBeat = at;
    for (const kept of this.#living.values()) {
      if (hasChanged(kept)) this.#take(kept);
      const spare = kept.before;
      kept.before = kept.now;
      kept.now = this.#moment(kept.container, at, spare);
    }
    const { cpu } = this.#source.host;
    this.#hostBefore = this.#hostNow;
    this.#hostNow = cpu === undefined ? undefined : { monotonicMs: at.monotonicMs, busySeconds: busySum(cpu.total) };
    this.#events.beat();
    this.#forgetRemoved();
    for (const listener of this.#beatListeners) listener(at);
  }

  born(container: LiveContainer): void {
    const card = this.#card(container);
    const at = { timeUnixMs: this.#source.nowMs(), monotonicMs: this.#lastBeat?.monotonicMs ?? 0 };
    const now = this.#moment(container, at);
    this.#living.set(card.key, { container, card, labels: this.#labels(card), now, before: undefined });
    if (!this.#exitedKeys.delete(card.key)) this.#tell('create', card);
    for (const action of beginningOf(card)) this.#tell(action, card);
  }

  renamed(container: LiveContainer): void {
    const kept = this.#keptOf(container);
    if (kept === undefined) return;
    const { name } = kept.card;
    this.#take(kept);
    kept.labels = this.#labels(kept.card);
    // A name that becomes known is no rename to its owner, but clients hold the old one.
    if (kept.card.name !== name) this.#tell('rename', kept.card, name);
  }

  ended({ container, exit }: ContainerEnd): void {
    const kept = this.#keptOf(container);
    if (kept === undefined) return;
    this.#living.delete(kept.card.key);
    const card: ContainerCard = { ...kept.card, state: 'exited', exit };
    this.#exitedKeys.set(card.key, card);
    if (exit.oomKilled === true) this.#tell('oom', card);
    if (this.#lastBeat !== undefined) this.#events.died(card);
  }

  withdrawn(container: LiveContainer): void {
    const kept = this.#keptOf(container);
    if (kept === undefined) return;
    this.#living.delete(kept.card.key);
    this.#tell('destroy', kept.card);
  }

  exitKnown(key: string, exit: ExitFacts): void {
    // Cards of the ended are made of the list's entries at each look.
    this.#events.exitKnown(key, exit);
  }

  #keptOf(container: LiveContainer): Kept | undefined {
    const kept = this.#living.get(container.key);
    return kept?.container === container ? kept : undefined;
  }

  /** Makes a card anew, and tells what became of its container. */
  #take(kept: Kept): void {
    const before = kept.card;
    kept.card = this.#card(kept.container);
    for (const action of changesOf(before, kept.card)) this.#tell(action, kept.card);
  }

  #card(container: LiveContainer): ContainerCard {
    const { key, id, runtime, cgroupPath, parent, identity, paused } = container;
    const startedAtUnixMs = startedAt(container);
    const onHostNetwork = isOnHostNetwork(container);
    return cardOf({ key, id, runtime, cgroupPath, parent, identity, paused, startedAtUnixMs, onHostNetwork }, hash);
  }

  #labels(card: ContainerCard): Kept['labels'] {
    return containerLabels(card, [...allowedKeys(this.#source.metricLabels, [card.labels])]);
  }

  #exitedCards(): ContainerCard[] {
    return this.#source.exited().map((container) => {
      const card = this.#exitedCardOf.get(container) ?? exitedCardOf(container, hash);
      this.#exitedCardOf.set(container, card);
      return card;
    });
  }

  #moment({ sample, details }: LiveContainer, at: TickTime, spare?: KeptMoment): KeptMoment {
    const { timeUnixMs: atUnixMs, monotonicMs } = at;
    const { perCpuSeconds } = details;
    const systemCpuSeconds = this.#systemCpuSeconds(monotonicMs);
    return keepMoment({ atUnixMs, monotonicMs, sample, perCpuSeconds, systemCpuSeconds }, spare);
  }

  /**
   * /proc/stat's sum once, then the monotonic clock times the CPUs: the same rate without the 10 ms steps, and next to the
   * reading, so that a share of it does not jitter.
   */
  #systemCpuSeconds(monotonicMs: number): number {
    const { host, cpuCores } = this.#source;
    this.#systemBase ??= host.cpu === undefined ? undefined : { monotonicMs, seconds: dockerSum(host.cpu.total) };
    const base = this.#systemBase ?? { monotonicMs: 0, seconds: 0 };
    return base.seconds + ((monotonicMs - base.monotonicMs) / 1000) * cpuCores;
  }

  /** A container that ended and is not told of any more is removed, in docker's words. */
  #forgetRemoved(): void {
    const there = new Set(this.#source.exited().map(({ key }) => key));
    for (const [key, card] of this.#exitedKeys) {
      if (there.has(key)) continue;
      this.#exitedKeys.delete(key);
      this.#tell('destroy', card);
    }
  }

  #tell(action: DockerAction, card: ContainerCard, oldName?: string): void {
    // What was there before the first beat did not begin now.
    if (this.#lastBeat === undefined) return;
    this.#events.tell({ action, card, atUnixMs: this.#source.nowMs(), ...(oldName === undefined ? {} : { oldName }) });
  }
}
