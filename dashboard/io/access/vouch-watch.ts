import type { Clock } from '../../../native/host/clock.ts';
import { NO_TRACK, type IntegrationTrack } from '../../model/integration.ts';

/** What came of the headers in which a proxy says whom it let in. Bounded: counts, and the last of each kind. */
export class VouchWatch {
  readonly #clock: Pick<Clock, 'nowMs'>;
  #track = NO_TRACK;
  #accepted = 0;
  #refused = 0;

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock;
  }

  get track(): IntegrationTrack {
    return this.#track;
  }

  /** Requests since the start. */
  get counts(): { readonly acceptedRequests: number; readonly refusedRequests: number } {
    return { acceptedRequests: this.#accepted, refusedRequests: this.#refused };
  }

  accepted(): void {
    this.#accepted += 1;
    this.#track = { ...this.#track, lastSuccessUnixMs: this.#clock.nowMs() };
  }

  refused(reason: string): void {
    this.#refused += 1;
    this.#track = { ...this.#track, lastFailure: { atUnixMs: this.#clock.nowMs(), reason } };
  }
}
