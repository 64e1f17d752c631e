import type { Clock } from '../native/host/clock.ts';
import type { LeaseStore } from './io/lease-store.ts';
import { foldLeases, leasesGone, type KnownLease, type LeaseUpdate } from './model/lease.ts';
import type { FlannelStatus } from './status.ts';
import { WatchHealth } from './watch-health.ts';

export interface LeaseNews {
  readonly update: LeaseUpdate;
  /** All leases after it: the same map throughout. */
  readonly leases: ReadonlyMap<string, KnownLease>;
  /** What a delta deleted, by its key. */
  readonly gone: ReadonlyMap<string, KnownLease>;
}

export interface LeaseFeedParts {
  readonly store: LeaseStore;
  readonly status: FlannelStatus;
  readonly clock: Clock;
}

export type LeaseListener = (news: LeaseNews) => void;

/** The leases as etcd last told them; filled from the first list on, never emptied by an outage. */
export class LeaseFeed {
  readonly #store: LeaseStore;
  readonly #status: FlannelStatus;
  readonly #health: WatchHealth;
  readonly #first = Promise.withResolvers<ReadonlyMap<string, KnownLease>>();
  readonly #leases = new Map<string, KnownLease>();
  #listener: LeaseListener | undefined;

  constructor({ store, status, clock }: LeaseFeedParts) {
    this.#store = store;
    this.#status = status;
    this.#health = new WatchHealth(clock);
    status.sources.watch = () => this.#health.view();
    this.#first.promise.catch(() => undefined); // nobody may be waiting yet
  }

  /** Always the newest: the same map throughout. */
  get leases(): ReadonlyMap<string, KnownLease> {
    return this.#leases;
  }

  /** Resolves with the first list. */
  get first(): Promise<ReadonlyMap<string, KnownLease>> {
    return this.#first.promise;
  }

  /** One listener, called for every update from now on. */
  listen(listener: LeaseListener): void {
    this.#listener = listener;
  }

  /** @throws the signal's reason. */
  async run(signal: AbortSignal): Promise<never> {
    try {
      return await this.#store.watch(
        {
          observer: {
            onAsked: () => {
              this.#health.asked();
            },
            onHeard: (revision) => {
              this.#health.heard(revision);
            },
          },
          onState: (state) => {
            this.#health.state(state);
            this.#status.etcd(state.kind === 'connected' ? undefined : state.error.message);
          },
          onUpdate: (update) => {
            this.#take(update);
          },
        },
        signal,
      );
    } catch (error) {
      this.#first.reject(error);
      throw error;
    }
  }

  #take(update: LeaseUpdate): void {
    const gone = leasesGone(this.#leases, update);
    foldLeases(this.#leases, update);
    const { counters } = this.#status;
    if (update.kind === 'snapshot') this.#status.listed(update.reason);
    else counters.leaseEvents += update.changes.length;
    this.#status.levels.leases = this.#leases.size;
    this.#status.levels.junkKeys = this.#store.junkKeys;
    this.#first.resolve(this.#leases);
    this.#listener?.({ update, leases: this.#leases, gone });
  }
}
