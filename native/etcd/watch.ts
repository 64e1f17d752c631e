import { Backoff } from '../host/backoff.ts';
import { systemClock, systemRandom, type Clock, type RandomSource } from '../host/clock.ts';
import type { EtcdClient, EtcdList } from './client.ts';
import { EtcdError } from './errors.ts';
import type { EtcdEntry } from './entry.ts';
import { followPrefix, type EtcdEvent, type StreamEnd } from './watch-stream.ts';

export type ListReason = 'start' | 'compacted' | 'store-replaced' | 'interval';

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
  readonly signal: AbortSignal;
  /** Called synchronously and in order; must not throw. */
  readonly onUpdate: (update: PrefixUpdate) => void;
  /** Told at every change between connected and unavailable, and at every other error while unavailable. */
  readonly onState?: ((state: WatchState) => void) | undefined;
  /** Lists again this often (half to whole, by chance), against what no event can tell; 5 minutes when absent. */
  readonly relistMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: RandomSource | undefined;
}

const RELIST_MS = 5 * 60_000;
const BACKOFF = { firstMs: 100, maxMs: 5_000 };
/** A stream that lived this long was a good one: the next failure starts with the shortest delay. */
const GOOD_STREAM_MS = 10_000;

interface Position {
  /** Everything up to here was delivered. */
  revision: bigint;
  clusterId: string;
}

class PrefixFollower {
  readonly #options: WatchPrefixOptions;
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #backoff: Backoff;
  /** `undefined` = list first. */
  #position: Position | undefined;
  #reason: ListReason = 'start';

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
      try {
        const end = await this.#session();
        this.#note(end);
        if (end.kind === 'failed') onState?.({ kind: 'unavailable', error: end.error });
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof EtcdError)) throw error;
        onState?.({ kind: 'unavailable', error });
      }
      if (this.#clock.monotonicMs() - startedMs > GOOD_STREAM_MS) this.#backoff.reset();
      await this.#clock.sleep(this.#backoff.nextMs(), signal);
    }
  }

  /** Lists if need be, then follows one stream to its end. */
  async #session(): Promise<StreamEnd> {
    const { client, prefix, signal } = this.#options;
    if (this.#position === undefined) this.#take(await client.list(prefix, signal), this.#reason);
    const { revision, clusterId } = this.#position ?? { revision: 0n, clusterId: '' };
    using streams = client.openStreams('watch', prefix);
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
    const onEvents = (events: readonly EtcdEvent[]): void => {
      this.#deliver(events);
    };
    const startRevision = revision + 1n;
    const clock = this.#clock;
    const end = await followPrefix(
      { streams, prefix, startRevision, clusterId, clock, onConnected, onEvents },
      signal,
    ).finally(() => {
      relisting.abort();
    });
    if (end.kind !== 'failed') return end;
    client.reportFailure(streams.endpoint);
    return { kind: 'failed', error: await client.explain(end.error, streams.endpoint) };
  }

  #note(end: StreamEnd): void {
    if (end.kind === 'failed') return;
    this.#position = undefined;
    this.#reason = end.kind;
  }

  #take(list: EtcdList, reason: ListReason): void {
    this.#position = { revision: list.revision, clusterId: list.clusterId };
    this.#options.onUpdate({ kind: 'snapshot', entries: list.entries, revision: list.revision, reason });
  }

  #deliver(events: readonly EtcdEvent[]): void {
    const position = this.#position;
    const last = events.at(-1);
    if (position === undefined || last === undefined) return;
    // An interval list may have overtaken the stream.
    const news = events.filter((event) => revisionOf(event) > position.revision);
    if (news.length === 0) return;
    position.revision = revisionOf(last);
    this.#backoff.reset();
    this.#options.onUpdate({ kind: 'delta', events: news, revision: position.revision });
  }

  async #relistNowAndThen(signal: AbortSignal): Promise<never> {
    const { client, prefix, relistMs = RELIST_MS } = this.#options;
    for (;;) {
      await this.#clock.sleep(relistMs / 2 + (relistMs / 2) * this.#random(), signal);
      try {
        const list = await client.list(prefix, signal);
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
