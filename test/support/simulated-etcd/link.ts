import { EventEmitter } from 'node:events';
import type { CallOptions } from '@grpc/grpc-js';
import type { Etcd3, IPutRequest, IRangeRequest, ITxnRequest, IWatchRequest, IWatchResponse } from 'etcd3';
import type { ManualClock } from '../manual-clock.ts';
import { eventOf, isWithin, SimulatedFault, type Change, type SimulatedStore } from './store.ts';

/** What the network between one host and etcd does to a message. */
export interface Weather {
  /** Nothing passes. */
  readonly cut: boolean;
  /** Part of the messages that are lost, each way. */
  readonly loss: number;
  /** Part of the requests that arrive a second time, later. */
  readonly duplicates: number;
  /** Each message takes up to this long, by chance: most are quick, a few very late, so that one overtakes another. */
  readonly delayMs: number;
}

/** One of two messages takes less than a sixtieth of the longest time. */
const delayOf = ({ delayMs }: Weather, random: () => number): number => delayMs * random() ** 6;

export const FAIR: Weather = { cut: false, loss: 0, duplicates: 0, delayMs: 2 };

export interface LinkParts {
  readonly store: SimulatedStore;
  readonly clock: ManualClock;
  readonly random: () => number;
}

/** A host's way to etcd. Messages of unary calls may be lost, doubled and overtaken; those of a stream may only be lost, all from one on. */
export class SimulatedLink {
  weather: Weather = FAIR;
  /** Unary requests that were sent. */
  requests = 0;
  readonly #parts: LinkParts;

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  /** In the place of a connection to one member. */
  connect(): Etcd3 {
    const { store } = this.#parts;
    const client = {
      kv: {
        range: (request: IRangeRequest, options?: CallOptions) => this.#call(() => store.range(request), options),
        put: (request: IPutRequest, options?: CallOptions) =>
          this.#call(() => {
            store.put(request);
            return { header: store.header };
          }, options),
        txn: (request: ITxnRequest, options?: CallOptions) => this.#call(() => store.txn(request), options),
        deleteRange: ({ key, range_end }: IRangeRequest, options?: CallOptions) =>
          this.#call(() => {
            store.delete(key?.toString() ?? '', range_end?.toString());
            return { header: store.header };
          }, options),
      },
      leaseClient: {
        leaseGrant: ({ TTL }: { TTL: number }, options?: CallOptions) =>
          this.#call(() => ({ ID: String(store.grant(TTL)), TTL: String(TTL) }), options),
        leaseRevoke: ({ ID }: { ID: string }, options?: CallOptions) =>
          this.#call(() => {
            store.revoke(BigInt(ID));
            return {};
          }, options),
        leaseTimeToLive: ({ ID }: { ID: string }, options?: CallOptions) =>
          this.#call(() => {
            const { left, granted } = store.timeToLive(BigInt(ID));
            return { TTL: String(left), grantedTTL: String(granted) };
          }, options),
        leaseKeepAlive: (options?: CallOptions) => Promise.resolve(this.#keepAlive(options)),
      },
      watchClient: { watch: () => Promise.resolve(this.#watch()) },
      maintenance: {
        status: (options?: CallOptions) =>
          this.#call(() => ({ header: store.header, raftIndex: '1', raftTerm: '1', leader: '1' }), options),
      },
      close: () => undefined,
    };
    return client as unknown as Etcd3;
  }

  #isLost(): boolean {
    const { cut, loss } = this.weather;
    return cut || this.#parts.random() < loss;
  }

  #delayMs(): number {
    return delayOf(this.weather, this.#parts.random);
  }

  /** There, done, and back, as far as the weather lets it; the deadline ends the waiting, not the request. */
  async #call<T>(serve: () => T, options: CallOptions | undefined): Promise<T> {
    const { clock, random } = this.#parts;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.requests += 1;
    const answer = (settle: () => void): void => {
      if (!this.#isLost()) clock.after(this.#delayMs(), settle);
    };
    const arrive = (): void => {
      try {
        const value = serve();
        answer(() => {
          resolve(value);
        });
      } catch (error) {
        if (!(error instanceof SimulatedFault)) throw error;
        answer(() => {
          reject(error);
        });
      }
    };
    if (!this.#isLost()) clock.after(this.#delayMs(), arrive);
    if (random() < this.weather.duplicates && !this.#isLost()) clock.after(this.#delayMs() * 2, arrive);
    const { deadline } = options ?? {};
    const giveUp = clock.after(Number(deadline ?? Infinity) - clock.nowMs(), () => {
      reject(new SimulatedFault(4, '4 DEADLINE_EXCEEDED: Deadline exceeded'));
    });
    try {
      return await promise;
    } finally {
      giveUp();
    }
  }

  #keepAlive(options: CallOptions | undefined): object {
    const { store } = this.#parts;
    const stream = new EventEmitter();
    return Object.assign(stream, {
      end: () => undefined,
      write: ({ ID }: { ID: string }) => {
        this.#call(() => store.keepAlive(BigInt(ID)), options).then(
          (seconds) => stream.emit('data', { TTL: String(seconds) }),
          (error: unknown) => stream.emit('error', error),
        );
      },
    });
  }

  #watch(): object {
    const stream = new EventEmitter();
    const session = new WatchSession({ ...this.#parts, weather: () => this.weather, stream });
    return Object.assign(stream, {
      write: (request: IWatchRequest) => {
        session.request(request);
      },
      cancel: () => {
        session.end();
      },
    });
  }
}

interface WatchSessionParts extends LinkParts {
  readonly weather: () => Weather;
  readonly stream: EventEmitter;
}

/** One watch on one stream: in order and complete, until something is lost; then nothing comes any more. */
class WatchSession {
  readonly #parts: WatchSessionParts;
  #lastArrivalMs = 0;
  #isBroken = false;
  #unlisten: (() => void) | undefined;

  constructor(parts: WatchSessionParts) {
    this.#parts = parts;
  }

  request({ create_request, progress_request }: IWatchRequest): void {
    this.#pass(() => {
      if (create_request !== undefined) this.#create(create_request);
      else if (progress_request !== undefined) this.#send({});
    });
  }

  end(): void {
    this.#isBroken = true;
    this.#unlisten?.();
  }

  #create({ key, range_end, start_revision }: NonNullable<IWatchRequest['create_request']>): void {
    const { store } = this.#parts;
    const from = BigInt(start_revision ?? 0);
    this.#send({ created: true });
    if (from <= store.compacted) {
      this.#send({ canceled: true, compact_revision: String(store.compacted) });
      return;
    }
    const [start, end] = [key?.toString() ?? '', range_end?.toString()];
    const tell = (changes: readonly Change[]): void => {
      const events = changes.filter((change) => isWithin(change.key, start, end)).map(eventOf);
      if (events.length > 0) this.#send({ events });
    };
    const missed = store.eventsFrom(from);
    for (const revision of new Set(missed.map((change) => change.revision))) {
      tell(missed.filter((change) => change.revision === revision));
    }
    this.#unlisten = store.listen(tell);
  }

  #send(part: Partial<IWatchResponse>): void {
    const { store, stream } = this.#parts;
    const { header } = store;
    const empty = { created: false, canceled: false, compact_revision: '0', cancel_reason: '', fragment: false };
    this.#pass(() => {
      stream.emit('data', { header, watch_id: '0', ...empty, events: [], ...part } satisfies IWatchResponse);
    });
  }

  /** One message, behind all that were sent before it. */
  #pass(arrive: () => void): void {
    const { clock, random, weather } = this.#parts;
    const { cut, loss } = weather();
    this.#isBroken ||= cut || random() < loss / 4;
    if (this.#isBroken) return;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, clock.nowMs() + delayOf(weather(), random));
    clock.after(this.#lastArrivalMs - clock.nowMs(), () => {
      if (!this.#isBroken) arrive();
    });
  }
}
