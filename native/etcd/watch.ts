import { Backoff } from '../host/backoff.ts';
import { systemClock, systemRandom, type Clock, type RandomSource } from '../host/clock.ts';
import type { EtcdClient, EtcdList } from './client.ts';
import type { EtcdStreams } from './connections.ts';
import { EtcdError, toEtcdError } from './errors.ts';
import { entryOf, type EtcdEntry } from './entry.ts';
import { followPrefix, type EtcdEvent, type StreamEnd } from './watch-stream.ts';

export type ListReason = 'start' | 'compacted' | 'store-replaced' | 'interval';

/** Why everything was listed again; `member-behind`: a member that lagged was taken for a store that was replaced. */
export type ResyncReason = ListReason | 'member-behind';

/** For metrics; called synchronously, must not throw. */
export interface WatchObserver {
  readonly onResync?: ((reason: ResyncReason) => void) | undefined;
  /** A sign of life was asked for; the answer comes behind all events that are on their way. */
  readonly onAsked?: (() => void) | undefined;
  /** Something arrived, be it only a sign of life, with the store's revision: every 2.5 s while etcd answers. */
  readonly onHeard?: ((revision: bigint) => void) | undefined;
}

/** What a follower of a prefix is told. A snapshot replaces everything known, a delta changes it. */
export type PrefixUpdate =
  | {
      readonly kind: 'snapshot';
      readonly entries: readonly EtcdEntry[];
      readonly revision: bigint;
      readonly reason: ListReason;
    }
  | { readonly kind: 'delta'; readonly events: readonly EtcdEvent[]; readonly revision: bigint };

/** Whether news arrives. `unavailable` never means "empty": what was known stays known. */
export type WatchState =
  | { readonly kind: 'connected'; readonly endpoint: string }
  | { readonly kind: 'unavailable'; readonly error: EtcdError };

export interface WatchPrefixOptions {
  readonly client: EtcdClient;
  /** A plain string prefix: `/a/b` also covers `/a/bc`. */
  readonly prefix: string;
  /** `key`: the key of that name alone. Default `prefix`: all that start with it. */
  readonly covers?: 'prefix' | 'key' | undefined;
  readonly signal: AbortSignal;
  /** Called synchronously and in order; must not throw. */
  readonly onUpdate: (update: PrefixUpdate) => void;
  /** Told at every change between connected and unavailable, and at every other error while unavailable. */
  readonly onState?: ((state: WatchState) => void) | undefined;
  /** Lists again this often (half to whole, by chance), against what no event can tell; 5 minutes when absent. */
  readonly relistMs?: number | undefined;
  /** A sign of life is asked for when nothing was heard for so long; 2.5 s when absent. */
  readonly idleMs?: number | undefined;
  readonly observer?: WatchObserver | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: RandomSource | undefined;
}

const RELIST_MS = 5 * 60_000;
const BACKOFF = { firstMs: 100, maxMs: 5_000 };
/** A stream that lived this long was a good one: the next failure starts with the shortest delay. */
const GOOD_STREAM_MS = 10_000;

const HISTORY_DEADLINE_MS = 2_500;

interface Position {
  /** Everything up to here was delivered. */
  revision: bigint;
  readonly clusterId: string;
  /** The newest entry known: the store that has it at that revision is the one we followed. */
  anchor: EtcdEntry | undefined;
}

const newestOf = (entries: readonly EtcdEntry[]): EtcdEntry | undefined =>
  entries.reduce<EtcdEntry | undefined>(
    (newest, entry) => (newest === undefined || entry.modRevision > newest.modRevision ? entry : newest),
    undefined,
  );

const isSame = (a: EtcdEntry, b: EtcdEntry): boolean => a.modRevision === b.modRevision && a.value === b.value;

class PrefixFollower {
  readonly #options: WatchPrefixOptions;
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #backoff: Backoff;
  #position: Position | undefined;
  /** Why to list first; `undefined` = resume. */
  #listFirst: ListReason | 'behind' | undefined = 'start';

  constructor(options: WatchPrefixOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#backoff = new Backoff({ ...BACKOFF, random: this.#random });
  }

  async run(): Promise<never> {
    const { signal, onState } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      const startedMs = this.#clock.monotonicMs();
      const end = await this.#attempt();
      if (end.kind === 'outdated') continue;
      if (end.kind === 'failed') onState?.({ kind: 'unavailable', error: end.error });
      else this.#listFirst = end.kind === 'other-history' ? 'store-replaced' : end.kind;
      if (this.#clock.monotonicMs() - startedMs > GOOD_STREAM_MS) this.#backoff.reset();
      await this.#clock.sleep(this.#backoff.nextMs(), signal);
    }
  }

  async #attempt(): Promise<StreamEnd> {
    const { signal } = this.#options;
    try {
      return await this.#session();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof EtcdError)) throw error;
      return { kind: 'failed', error };
    }
  }

  /** Lists if need be, then follows one stream to its end. */
  async #session(): Promise<StreamEnd> {
    const { client, prefix, signal } = this.#options;
    const reason = this.#listFirst;
    if (reason !== undefined) this.#take(await this.#list(signal), reason);
    using streams = await client.openStreams({ operation: 'watch', key: prefix }, signal);
    const end = (reason === undefined ? await this.#historyFault(streams) : undefined) ?? (await this.#follow(streams));
    if (end.kind !== 'failed') return end;
    return { kind: 'failed', error: await client.streamFailed(streams.endpoint, end.error) };
  }

  async #list(signal: AbortSignal): Promise<EtcdList> {
    const { client, prefix, covers } = this.#options;
    return covers === 'key' ? client.listKey(prefix, signal) : client.list(prefix, signal);
  }

  async #follow(streams: EtcdStreams): Promise<StreamEnd> {
    const { prefix, covers, signal, observer, idleMs } = this.#options;
    const { revision, clusterId } = this.#position ?? { revision: 0n, clusterId: '' };
    const relisting = new AbortController();
    const onConnected = (): void => {
      this.#options.onState?.({ kind: 'connected', endpoint: streams.endpoint.url });
      const until = AbortSignal.any([signal, relisting.signal]);
      this.#relistNowAndThen(until).catch((error: unknown) => {
        if (until.aborted) return; // ended with the stream
        // A listener that throws reaches uncaughtException, as it does from the stream's own events.
        queueMicrotask(() => {
          throw error;
        });
      });
    };
    return followPrefix(
      {
        streams,
        prefix,
        covers,
        idleMs,
        startRevision: revision + 1n,
        clusterId,
        clock: this.#clock,
        random: this.#random,
        onConnected,
        onAsked: () => observer?.onAsked?.(),
        onHeard: (heard) => observer?.onHeard?.(heard),
        onEvents: (events) => {
          this.#deliver(events);
        },
      },
      signal,
    ).finally(() => {
      relisting.abort();
    });
  }

  /**
   * A store that was restored and written to since may stand at any revision: what it holds at ours tells whether it is the one
   * we know. Asked of the member that is to be followed, for what it has itself.
   */
  async #historyFault(streams: EtcdStreams): Promise<StreamEnd | undefined> {
    const { prefix } = this.#options;
    const position = this.#position;
    if (position?.anchor === undefined) return undefined;
    const { anchor, revision, clusterId } = position;
    try {
      const { header, kvs } = await streams.etcd.kv.range(
        { key: Buffer.from(anchor.key), revision: String(revision), serializable: true },
        { deadline: this.#clock.nowMs() + HISTORY_DEADLINE_MS },
      );
      const found = kvs[0] && entryOf(kvs[0]);
      const isKnown = header.cluster_id === clusterId && found !== undefined && isSame(found, anchor);
      return isKnown ? undefined : { kind: 'other-history' };
    } catch (cause) {
      const error = toEtcdError(cause, { operation: 'watch', key: prefix, endpoint: streams.endpoint.url });
      if (error.code === 'COMPACTED') return { kind: 'compacted' };
      return error.code === 'FUTURE_REVISION' ? { kind: 'behind' } : { kind: 'failed', error };
    }
  }

  #take(list: EtcdList, cause: ListReason | 'behind'): void {
    const { observer, onUpdate } = this.#options;
    const { entries, revision, clusterId } = list;
    const resync = cause === 'behind' ? this.#whyBehind(list) : cause;
    this.#position = { revision, clusterId, anchor: newestOf(entries) };
    this.#listFirst = undefined;
    observer?.onResync?.(resync);
    onUpdate({ kind: 'snapshot', entries, revision, reason: resync === 'member-behind' ? 'interval' : resync });
  }

  /** A list is never behind: what it says tells a member that lagged from a store that is another one. */
  #whyBehind({ entries, revision, clusterId }: EtcdList): ResyncReason {
    const position = this.#position;
    if (position?.clusterId !== clusterId || revision < position.revision) return 'store-replaced';
    const { anchor } = position;
    const found = entries.find(({ key }) => key === anchor?.key);
    const isKnown = anchor !== undefined && found !== undefined && found.modRevision >= anchor.modRevision;
    return isKnown ? 'member-behind' : 'store-replaced';
  }

  #deliver(events: readonly EtcdEvent[]): void {
    const position = this.#position;
    const last = events.at(-1);
    if (position === undefined || last === undefined) return;
    // An interval list may have overtaken the stream.
    const news = events.filter((event) => revisionOf(event) > position.revision);
    if (news.length === 0) return;
    position.revision = revisionOf(last);
    for (const event of news) {
      if (event.kind === 'put') position.anchor = event.entry;
      else if (event.key === position.anchor?.key) position.anchor = undefined;
    }
    this.#backoff.reset();
    this.#options.onUpdate({ kind: 'delta', events: news, revision: position.revision });
  }

  async #relistNowAndThen(signal: AbortSignal): Promise<never> {
    const { relistMs = RELIST_MS } = this.#options;
    for (;;) {
      await this.#clock.sleep(relistMs / 2 + (relistMs / 2) * this.#random(), signal);
      try {
        const list = await this.#list(signal);
        const position = this.#position;
        // A list older than what was delivered says nothing new; one of another store is found by the stream.
        if (position?.clusterId === list.clusterId && list.revision >= position.revision) this.#take(list, 'interval');
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof EtcdError)) throw error; // the stream tells about etcd's state; the next interval tries again
      }
    }
  }
}

function revisionOf(event: EtcdEvent): bigint {
  return event.kind === 'put' ? event.entry.modRevision : event.modRevision;
}

/**
 * Keeps telling what is under a prefix: list in pages at one revision, watch from the next one, list again when the history
 * was compacted or the store replaced. After a failure it resumes behind the last event delivered, at the next endpoint, with
 * back-off; an error never empties what was known. Ends only by `signal`. @throws the signal's reason.
 */
export async function watchPrefix(options: WatchPrefixOptions): Promise<never> {
  return new PrefixFollower(options).run();
}
