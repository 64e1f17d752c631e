import type { Clock } from '../native/host/clock.ts';
import type { Logger } from '../native/host/log.ts';
import { Waker } from '../native/host/waker.ts';
import { pushPauseMs } from './model/push-pause.ts';

export interface LivePushParts {
  readonly hub: {
    /** Browsers that show something. */
    readonly watching: number;
    push(): void;
  };
  readonly clock: Clock;
  readonly log: Logger;
}

/** Sends browsers what hosts told, at once after a while of silence and then no more often than {@link pushPauseMs} allows. */
export class LivePush {
  readonly #parts: LivePushParts;
  readonly #waker = new Waker();

  constructor(parts: LivePushParts) {
    this.#parts = parts;
  }

  /** A host told something. */
  wake(): void {
    if (this.#parts.hub.watching > 0) this.#waker.wake();
  }

  /** Pushes until the signal aborts. @throws the signal's reason. */
  async run(signal: AbortSignal): Promise<never> {
    const { hub, clock, log } = this.#parts;
    for (;;) {
      await this.#waker.next(signal);
      try {
        hub.push();
      } catch (err) {
        // The next sample is another chance; the tick sends what changed as well.
        log.error({ err }, 'browsers could not be sent what changed');
      }
      await clock.sleep(pushPauseMs(hub.watching), signal);
    }
  }
}
