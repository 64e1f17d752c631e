/**
 * Turns any number of wakes into one pass of a loop. Invariant: a wake that arrives during a pass causes exactly one more.
 */
export class Waker {
  #pending = false;
  #resume: (() => void) | undefined;

  /** Asks for a pass; cheap and idempotent. */
  wake(): void {
    this.#pending = true;
    this.#resume?.();
  }

  /** Resolves when a pass is due, at once if one was asked for already. One waiter at a time. @throws the signal's reason. */
  async next(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#pending) {
      const { promise, resolve, reject } = Promise.withResolvers<undefined>();
      const abort = (): void => {
        reject(signal.reason as Error);
      };
      this.#resume = () => {
        resolve(undefined);
      };
      signal.addEventListener('abort', abort, { once: true });
      try {
        await promise;
      } finally {
        this.#resume = undefined;
        signal.removeEventListener('abort', abort);
      }
    }
    this.#pending = false;
  }
}
