import { EtcdError } from '../native/etcd/errors.ts';
import type { Clock } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import type { LeaseStore } from './io/lease-store.ts';
import type { LeaseFeed } from './lease-feed.ts';

export interface SecondListParts {
  readonly store: LeaseStore;
  readonly feed: LeaseFeed;
  /** How long etcd is given to show the hosts again. */
  readonly confirmAfterMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onAnswer: () => void;
}

/** Asks etcd a second time before more than half of the peers are removed. */
export class SecondList {
  readonly #parts: SecondListParts;
  #isAsking = false;
  #confirmed = false;

  constructor(parts: SecondListParts) {
    this.#parts = parts;
  }

  /** An answer is awaited. */
  get asking(): boolean {
    return this.#isAsking;
  }

  /** A second list knew no more hosts than we do. */
  get confirmed(): boolean {
    return this.#confirmed;
  }

  /** What was confirmed has been done. */
  reset(): void {
    this.#confirmed = false;
  }

  /** Asks once, after a while, for as long as etcd takes to answer. @returns whether this was the first to ask. */
  ask(signal: AbortSignal): boolean {
    if (this.#isAsking || this.#confirmed) return false;
    this.#isAsking = true;
    this.#untilAnswered(signal)
      .then(
        () => {
          this.#confirmed = true;
        },
        (err: unknown) => {
          if (!signal.aborted) this.#parts.log.error({ err }, 'second list failed');
        },
      )
      .finally(() => {
        this.#isAsking = false;
        this.#parts.onAnswer();
      });
    return true;
  }

  async #untilAnswered(signal: AbortSignal): Promise<void> {
    const { store, feed, confirmAfterMs, clock } = this.#parts;
    for (;;) {
      await clock.sleep(confirmAfterMs, signal);
      try {
        const leases = await store.list(signal);
        // Where it knows more than we do the news is on its way.
        if (leases.every(({ key }) => feed.leases.has(key))) return;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof EtcdError)) throw error;
      }
    }
  }
}
