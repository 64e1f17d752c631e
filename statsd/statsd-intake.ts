import type { RemoteInfo } from 'node:dgram';
import type { Clock } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import type { ContainerEnd, ContainerEvents } from './container-events.ts';
import { ContainerAddresses, plainAddress, type KnownNamespace } from './io/container-addresses.ts';
import type { LiveContainer } from './io/live-container.ts';
import { StatsdListener } from './io/statsd-listener.ts';
import { StatsdBook } from './model/statsd-book.ts';
import { renderStatsd } from './model/statsd-families.ts';
import { parseStatsd, type StatsdDatagram, type StatsdOrigin } from './model/statsd-text.ts';
import { statsdView } from './model/statsd-view.ts';
import type { StatsdView } from './status-wire.ts';

export interface StatsdIntakeParts {
  readonly place: { readonly host: string; readonly port: number };
  readonly maxSeries: number;
  readonly procfs: string;
  /** Network namespaces of containers, each with one of its processes. */
  readonly namespaces: () => Iterable<KnownNamespace>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What became of what was received. */
export interface IntakeCounts {
  datagrams: number;
  pauses: number;
  lines: number;
  readonly dropped: Record<'malformed' | 'no_container' | 'series_limit', number>;
  series: number;
}

/** A container may speak before its network namespace was looked at: so long its datagrams wait, so many of all of them. */
const MAX_WAIT_MS = 3000;
const MAX_WAITING = 256;
const MAX_STRANGERS = 4096;
/** Addresses are looked up again, also when all that send are known: one may have moved to another container. */
const REFRESH_MS = 30_000;
const PRUNE_MS = 10_000;
/** One container may have half of what there is, so that none can shut out all others. */
const PART_OF_ONE = 0.5;

/** Stands for the host where others stand for a container, whose keys have a colon. */
export const HOST_KEY = 'host';
const HOST_LABELS = 'id="/"';

interface Waiting {
  readonly datagram: StatsdDatagram;
  readonly address: string;
  readonly sinceMs: number;
}

/**
 * Takes StatsD and DogStatsD over UDP, and finds the container that sent each datagram: by the address it came from, and only
 * where no container has that address (host network) by the field `c:`. So no container can speak for another.
 */
export class StatsdIntake implements ContainerEvents {
  readonly #parts: StatsdIntakeParts;
  readonly #book: StatsdBook;
  readonly #addresses: ContainerAddresses;
  readonly #living = new Map<string, LiveContainer>();
  /** Looked up, and of no container. */
  readonly #strangers = new Set<string>();
  /** Containers by the inode of their network namespace, and by id and cgroup. */
  readonly #byNetns = new Map<number, string>();
  readonly #byOrigin = new Map<string | number, LiveContainer>();
  /** Some container came since the last look. */
  #stale = true;
  #waiting: Waiting[] = [];
  #listener: StatsdListener | undefined;
  #refreshedMs = -Infinity;
  #prunedMs = -Infinity;
  #heard = false;
  readonly #counts: IntakeCounts = {
    datagrams: 0,
    pauses: 0,
    lines: 0,
    dropped: { malformed: 0, no_container: 0, series_limit: 0 },
    series: 0,
  };

  constructor(parts: StatsdIntakeParts) {
    this.#parts = parts;
    const { maxSeries, procfs } = parts;
    this.#book = new StatsdBook({ maxSeries, maxSeriesOfOne: Math.ceil(maxSeries * PART_OF_ONE) });
    this.#addresses = new ContainerAddresses(procfs);
  }

  get counts(): IntakeCounts {
    this.#counts.datagrams = this.#listener?.datagrams ?? 0;
    this.#counts.pauses = this.#listener?.pauses ?? 0;
    this.#counts.series = this.#book.seriesCount;
    this.#counts.dropped.series_limit = this.#book.droppedLines;
    return this.#counts;
  }

  /** Binds the socket. @throws {FatalError} */
  async open(): Promise<Disposable> {
    const { place, clock, log } = this.#parts;
    const received = (datagram: Buffer, from: RemoteInfo): void => {
      this.#received(datagram, from);
    };
    this.#listener = await StatsdListener.open({ place, clock, received });
    log.info({ listen: `${place.host}:${place.port}` }, 'taking StatsD from containers');
    return this.#listener;
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#listener?.run(signal);
  }

  /** After each tick: who sent what waits? Looks nothing up unless somebody sent something. */
  ticked(): void {
    const { clock, log, namespaces } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#prunedMs >= PRUNE_MS) {
      this.#prunedMs = nowMs;
      this.#book.prune(nowMs);
    }
    const isOld = this.#heard && nowMs - this.#refreshedMs >= REFRESH_MS;
    if (this.#waiting.length === 0 && !isOld) return;
    this.#heard = false;
    this.#stale = false;
    this.#refreshedMs = nowMs;
    this.#addresses
      .refresh([...namespaces()])
      .then(() => {
        this.#index();
        this.#deliverWaiting();
      })
      .catch((err: unknown) => {
        log.error({ err }, 'cannot look up who sends StatsD');
      });
  }

  /** What a container said of itself, or under {@link HOST_KEY} the host. */
  view(key: string): StatsdView | undefined {
    return statsdView(this.#book.account(key), this.#parts.clock.monotonicMs());
  }

  /** For /metrics. */
  render(labelsOf: (key: string) => string | undefined): Generator<string> {
    const labels = (key: string): string | undefined => (key === HOST_KEY ? HOST_LABELS : labelsOf(key));
    return renderStatsd(this.#book, labels, this.#parts.clock.monotonicMs());
  }

  born(container: LiveContainer): void {
    this.#living.set(container.key, container);
    this.#stale = true;
    // It may have the address of one that was not a container's before.
    this.#strangers.clear();
  }

  ended({ container }: ContainerEnd): void {
    this.withdrawn(container);
  }

  withdrawn({ key }: LiveContainer): void {
    this.#living.delete(key);
    this.#book.forget(key);
  }

  renamed(): void {
    // Names are asked for when they are shown.
  }

  exitKnown(): void {
    // What it said is forgotten by then.
  }

  #received(bytes: Buffer, from: RemoteInfo): void {
    this.#heard = true;
    const address = plainAddress(from.address);
    const key = this.#keyAt(address);
    const mayWait = key === undefined && !this.#isStranger(address);
    if (mayWait && this.#waiting.length >= MAX_WAITING) {
      this.#counts.dropped.no_container += 1;
      return;
    }
    const datagram = parseStatsd(bytes.toString('utf8'));
    this.#counts.dropped.malformed += datagram.malformed;
    if (datagram.lines.length === 0) return;
    if (mayWait) this.#waiting.push({ datagram, address, sinceMs: this.#parts.clock.monotonicMs() });
    else this.#take(key ?? this.#keyOf(datagram.origin), datagram, address);
  }

  /** The container that has an address. */
  #keyAt(address: string): string | undefined {
    const inode = this.#addresses.inodeOf(address);
    const key = inode === undefined ? undefined : this.#byNetns.get(inode);
    return key !== undefined && this.#living.has(key) ? key : undefined;
  }

  /** Whether it is known that no container has an address. */
  #isStranger(address: string): boolean {
    return this.#strangers.has(address) || (!this.#stale && this.#addresses.isHost(address));
  }

  /** The container that a sender outside every container's network says it is. */
  #keyOf(origin: StatsdOrigin | undefined): string | undefined {
    if (origin === undefined) return undefined;
    const container = this.#byOrigin.get(origin.kind === 'id' ? origin.id : origin.inode);
    // One with a network of its own would have come from there.
    return container === undefined || container.details.network.kind === 'own' ? undefined : container.key;
  }

  /** Who is where, as of now. */
  #index(): void {
    this.#byNetns.clear();
    this.#byOrigin.clear();
    for (const container of this.#living.values()) {
      const { key, id, cgroupInode, details, identity } = container;
      this.#byOrigin.set(id, container).set(cgroupInode, container);
      if (details.network.kind !== 'own') continue;
      const { netnsInode } = details.network;
      // Of a pod its sandbox, or else the oldest.
      if (identity.kind === 'sandbox' || !this.#byNetns.has(netnsInode)) this.#byNetns.set(netnsInode, key);
    }
  }

  /** Without a container, what is of the host: checks and events that name nobody, from an address of its own. */
  #take(key: string | undefined, { lines, origin }: StatsdDatagram, address: string): void {
    const isHosts = key === undefined && origin === undefined && this.#addresses.isHost(address);
    const taken = key === undefined ? lines.filter(({ what }) => isHosts && what !== 'metric') : lines;
    this.#counts.dropped.no_container += lines.length - taken.length;
    if (taken.length === 0) return;
    const { clock } = this.#parts;
    this.#counts.lines += taken.length;
    this.#book.take(key ?? HOST_KEY, taken, { monotonicMs: clock.monotonicMs(), timeUnixMs: clock.nowMs() });
  }

  #deliverWaiting(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) {
      const { datagram, address, sinceMs } = each;
      const key = this.#keyAt(address);
      if (key !== undefined) this.#take(key, datagram, address);
      else if (nowMs - sinceMs < MAX_WAIT_MS) this.#waiting.push(each);
      else {
        if (this.#strangers.size < MAX_STRANGERS) this.#strangers.add(address);
        this.#take(this.#keyOf(datagram.origin), datagram, address);
      }
    }
  }
}
