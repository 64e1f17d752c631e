import type { IDuplexStream, IEvent, IWatchRequest, IWatchResponse } from 'etcd3';
import type { Clock, RandomSource } from '../host/clock.ts';
import type { EtcdStreams } from './connections.ts';
import { entryOf, prefixEnd, type EtcdEntry } from './entry.ts';
import { EtcdError, toEtcdError } from './errors.ts';

/** One change of one key, in the order of revisions. */
export type EtcdEvent =
  | { readonly kind: 'put'; readonly entry: EtcdEntry }
  | { readonly kind: 'delete'; readonly key: string; readonly modRevision: bigint };

/** Why a stream is over. */
export type StreamEnd =
  /** The history before the start revision is gone: list again. */
  | { readonly kind: 'compacted' }
  /** Another store answers than the one that was listed (restored, wiped): list again. */
  | { readonly kind: 'other-history' }
  /** The store has not come as far as what was delivered: a member that lags, or another store. */
  | { readonly kind: 'behind' }
  /** The connection is to be made anew, with the TLS files as they are now. */
  | { readonly kind: 'outdated' }
  | { readonly kind: 'failed'; readonly error: EtcdError };

export interface WatchStreamOptions {
  readonly streams: EtcdStreams;
  readonly prefix: string;
  readonly covers?: 'prefix' | 'key' | undefined;
  readonly idleMs?: number | undefined;
  readonly startRevision: bigint;
  readonly clusterId: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly onConnected: () => void;
  /** A sign of life was asked for. */
  readonly onAsked: () => void;
  /** Something arrived, be it only a sign of life, with the store's revision. */
  readonly onHeard: (revision: bigint) => void;
  readonly onEvents: (events: readonly EtcdEvent[]) => void;
}

type Stream = IDuplexStream<IWatchRequest, IWatchResponse>;

/** Between two signs of life that are asked for: twice of it is how late an event may be because a member hangs. */
const IDLE_MS = 2_200;
/** A stream that begins is given up sooner: another member may be there. */
const CREATED_WITHIN_MS = 1_500;
/** After a pause of this process timers run before what has arrived is read: one more turn of the loop. */
const GRACE_MS = 20;

function eventOf({ type, kv }: IEvent): EtcdEvent {
  return type === 'Delete'
    ? { kind: 'delete', key: kv.key.toString('utf8'), modRevision: BigInt(kv.mod_revision) }
    : { kind: 'put', entry: entryOf(kv) };
}

/** One watch on one stream: hands over whole revisions, finds out by itself when nobody is at the other end. */
class WatchStream {
  readonly #options: WatchStreamOptions;
  readonly #stream: Stream;
  readonly #end = Promise.withResolvers<StreamEnd>();
  #fragments: EtcdEvent[] = [];
  #created = false;
  #heardAtMs: number;

  constructor(stream: Stream, options: WatchStreamOptions) {
    this.#options = options;
    this.#stream = stream;
    this.#heardAtMs = options.clock.monotonicMs();
    // Attached at once: an error without a listener would end the process.
    stream.on('error', (error) => {
      this.#fail(error);
    });
    stream.on('end', () => {
      this.#fail(this.#error('UNAVAILABLE', 'etcd ended the watch'));
    });
    stream.on('data', (response) => {
      this.#receive(response);
    });
  }

  async run(signal: AbortSignal): Promise<StreamEnd> {
    const { streams, prefix, covers, startRevision } = this.#options;
    const stop = new AbortController();
    const abort = (): void => {
      this.#end.reject(signal.reason as Error);
    };
    const outdate = (): void => {
      this.#end.resolve({ kind: 'outdated' });
    };
    signal.addEventListener('abort', abort, { once: true });
    streams.outdated.addEventListener('abort', outdate, { once: true });
    this.#options.onAsked();
    this.#stream.write({
      create_request: {
        key: Buffer.from(prefix),
        ...(covers === 'key' ? {} : { range_end: prefixEnd(prefix) }),
        start_revision: String(startRevision),
        fragment: true,
      },
    });
    this.#watchLiveness(stop.signal).catch(() => undefined); // ended by `stop`
    try {
      return await this.#end.promise;
    } finally {
      stop.abort();
      signal.removeEventListener('abort', abort);
      streams.outdated.removeEventListener('abort', outdate);
      this.#stream.cancel();
    }
  }

  #receive(response: IWatchResponse): void {
    this.#heardAtMs = this.#options.clock.monotonicMs();
    this.#options.onHeard(BigInt(response.header.revision));
    if (response.canceled) {
      this.#end.resolve(this.#cancelled(response));
    } else if (response.created) {
      this.#greeted(response);
    } else if (response.events.length > 0) {
      for (const event of response.events) this.#fragments.push(eventOf(event));
      if (response.fragment) return;
      const events = this.#fragments;
      this.#fragments = [];
      this.#options.onEvents(events);
    }
  }

  #greeted({ header }: IWatchResponse): void {
    const { clusterId, startRevision, onConnected } = this.#options;
    this.#created = true;
    if (header.cluster_id !== clusterId) this.#end.resolve({ kind: 'other-history' });
    else if (BigInt(header.revision) + 1n < startRevision) this.#end.resolve({ kind: 'behind' });
    else onConnected();
  }

  #cancelled({ compact_revision, cancel_reason }: IWatchResponse): StreamEnd {
    if (BigInt(compact_revision) > 0n) return { kind: 'compacted' };
    const reason = cancel_reason === '' ? 'etcd cancelled the watch' : cancel_reason;
    return { kind: 'failed', error: toEtcdError(new RangeError(reason), this.#place()) };
  }

  /**
   * TCP alone would not tell for minutes that a member hangs or is cut off. One timer a round: whether the last question was
   * answered is looked at when the next one is due, since most of what an idle agent costs are timers and messages like these.
   */
  async #watchLiveness(signal: AbortSignal): Promise<void> {
    const { random, idleMs = IDLE_MS } = this.#options;
    // The request to create the watch is the first question.
    await this.#expectWord(CREATED_WITHIN_MS, signal);
    if (!this.#created) this.#fail(this.#error('DEADLINE_EXCEEDED', 'no answer in time'));
    for (;;) {
      this.#options.onAsked();
      this.#stream.write({ progress_request: {} });
      await this.#expectWord(idleMs * (0.8 + 0.2 * random()), signal);
    }
  }

  async #expectWord(withinMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const askedAtMs = clock.monotonicMs();
    await clock.sleep(withinMs, signal);
    if (this.#heardAtMs >= askedAtMs) return;
    await clock.sleep(GRACE_MS, signal);
    if (this.#heardAtMs < askedAtMs) this.#fail(this.#error('DEADLINE_EXCEEDED', 'the watch does not answer'));
  }

  #fail(cause: Error): void {
    this.#end.resolve({ kind: 'failed', error: toEtcdError(cause, this.#place()) });
  }

  #error(code: 'UNAVAILABLE' | 'DEADLINE_EXCEEDED', reason: string): EtcdError {
    return new EtcdError({ ...this.#place(), code, reason });
  }

  #place(): { operation: string; key: string; endpoint: string } {
    return { operation: 'watch', key: this.#options.prefix, endpoint: this.#options.streams.endpoint.url };
  }
}

/** Follows a prefix from one revision on until the stream is over. @throws the signal's reason. */
export async function followPrefix(options: WatchStreamOptions, signal: AbortSignal): Promise<StreamEnd> {
  signal.throwIfAborted();
  const { streams, prefix } = options;
  let stream: Stream;
  try {
    stream = await streams.etcd.watchClient.watch();
  } catch (cause) {
    const error = toEtcdError(cause, { operation: 'watch', key: prefix, endpoint: streams.endpoint.url });
    return { kind: 'failed', error };
  }
  return new WatchStream(stream, options).run(signal);
}
