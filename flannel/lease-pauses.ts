import { EtcdError } from '../native/etcd/errors.ts';
import { Backoff } from '../native/host/backoff.ts';
import type { RandomSource } from '../native/host/clock.ts';

/** A storm of changes of our key must not become a storm of writes. */
export const MOST_OFTEN_MS = 50;

const RETRY = { firstMs: MOST_OFTEN_MS, maxMs: 5_000 };
/** A lost race is nobody's fault: the next try need only be at another moment than everybody else's. */
const RACE = { firstMs: 20, maxMs: 1_000 };
/** A lease has hours left when a renewal fails: etcd need not be knocked at every second by every host. */
const RENEWAL_RETRY = { firstMs: 1_000, maxMs: 60_000 };

/** How long the lease keeper waits after what kind of failure; all begin anew when the lease is held. */
export class LeasePauses {
  readonly retry: Backoff;
  readonly race: Backoff;
  readonly renewal: Backoff;

  constructor(random: RandomSource) {
    this.retry = new Backoff({ ...RETRY, random });
    this.race = new Backoff({ ...RACE, random });
    this.renewal = new Backoff({ ...RENEWAL_RETRY, random });
  }

  reset(): void {
    this.retry.reset();
    this.race.reset();
    this.renewal.reset();
  }
}

/** An outage is a state to report, not the end of the keeper. @throws anything that is no error of etcd, and the signal's reason. */
export function sentenceOf(error: unknown, signal: AbortSignal): string {
  signal.throwIfAborted();
  if (error instanceof EtcdError) return error.message;
  throw error;
}
