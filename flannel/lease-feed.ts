import type { LeaseStore } from './io/lease-store.ts';
import { foldLeases, type KnownLease, type LeaseUpdate } from './model/lease.ts';
import type { FlannelStatus } from './status.ts';

export type LeaseListener = (update: LeaseUpdate, leases: ReadonlyMap<string, KnownLease>) => void;

/** The leases as etcd last told them; filled from the first list on, never emptied by an outage. */
export class LeaseFeed {
  readonly #store: LeaseStore;
  readonly #status: FlannelStatus;
  readonly #first = Promise.withResolvers<ReadonlyMap<string, KnownLease>>();
  readonly #leases = new Map<string, KnownLease>();
  #listener: LeaseListener | undefined;

  constructor(store: LeaseStore, status: FlannelStatus) {
    this.#store = store;
    this.#status = status;
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
          onState: (state) => {
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
    foldLeases(this.#leases, update);
    const { counters } = this.#status;
    if (update.kind === 'snapshot') this.#status.listed(update.reason);
    else counters.leaseEvents += update.changes.length;
    this.#status.levels.leases = this.#leases.size;
    this.#status.levels.junkKeys = this.#store.junkKeys;
    this.#first.resolve(this.#leases);
    this.#listener?.(update, this.#leases);
  }
}
