import type { WatchState } from '../native/etcd/watch.ts';
import type { Clock } from '../native/host/clock.ts';
import type { WatchStatus } from './status-wire.ts';

/**
 * How late news from etcd comes. The watch asks for a sign of life whenever it hears nothing for 2 to 2.5 s; etcd puts the answer
 * behind all events that are on their way, so the time it takes is the time that an event takes.
 */
export class WatchHealth {
  readonly #clock: Clock;
  #endpoint: string | undefined;
  #askedAtMs: number | undefined;
  #heardAtMs: number | undefined;
  #answerMs: number | undefined;
  #revision: bigint | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The watch connected to a member, or lost it. */
  state(state: WatchState): void {
    this.#endpoint = state.kind === 'connected' ? state.endpoint : undefined;
    if (state.kind === 'unavailable') this.#askedAtMs = undefined;
  }

  /** A sign of life was asked for. */
  asked(): void {
    this.#askedAtMs ??= this.#clock.monotonicMs();
  }

  /** Something arrived, with the store's revision at that time. */
  heard(revision: bigint): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#askedAtMs !== undefined) this.#answerMs = nowMs - this.#askedAtMs;
    this.#askedAtMs = undefined;
    this.#heardAtMs = nowMs;
    this.#revision = revision;
  }

  /** What is not known yet is left out. */
  view(): Pick<WatchStatus, 'endpoint' | 'lagMs' | 'silenceMs' | 'revision'> {
    return {
      endpoint: this.#endpoint,
      lagMs: this.#lagMs(),
      silenceMs: this.#since(this.#heardAtMs),
      revision: this.#revision === undefined ? undefined : String(this.#revision),
    };
  }

  #lagMs(): number | undefined {
    // Without a stream nothing is known of what happened since.
    if (this.#endpoint === undefined) return this.#since(this.#heardAtMs);
    if (this.#answerMs === undefined) return undefined;
    return Math.max(this.#answerMs, this.#since(this.#askedAtMs) ?? 0);
  }

  #since(atMs: number | undefined): number | undefined {
    return atMs === undefined ? undefined : this.#clock.monotonicMs() - atMs;
  }
}
