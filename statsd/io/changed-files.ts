import { statSync } from 'node:fs';
import type { Clock } from '../../native/host/clock.ts';

export interface ChangedFilesParts {
  readonly clock: Clock;
  /** Each file is looked at this often. */
  readonly everyMs: number;
}

interface Waiting {
  readonly files: readonly string[];
  readonly stamp: string;
  readonly changed: () => void;
}

/** Those who wait are looked at in so many turns: a thousand at once would hold up everybody else. */
const TURNS = 5;

function stampOfOne(file: string): string {
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    return stats === undefined ? '-' : `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
  } catch {
    return '-'; // not for us, or not any more: the next reading tells
  }
}

/** What differs when files are written anew, replaced, made or removed. @throws nothing. */
export const stampOf = (files: readonly string[]): string => files.map(stampOfOne).join();

/**
 * Tells when files change, by looking. One timer serves everybody who waits: with one for each of a thousand containers, the
 * timers cost more than the looking. There is none while nobody waits.
 */
export class ChangedFiles {
  readonly #parts: ChangedFilesParts;
  readonly #turns: readonly Set<Waiting>[] = Array.from({ length: TURNS }, () => new Set<Waiting>());
  #waiting = 0;
  #nextTurn = 0;
  #stop = new AbortController();

  constructor(parts: ChangedFilesParts) {
    this.#parts = parts;
  }

  /** Resolves when the files are no longer as the stamp says, at the next look or a later one. @throws the signal's reason. */
  async next(files: readonly string[], stamp: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    const waiting = {
      files,
      stamp,
      changed: () => {
        resolve(undefined);
      },
    };
    const turn = this.#turns[this.#nextTurn];
    this.#nextTurn = (this.#nextTurn + 1) % TURNS;
    turn?.add(waiting);
    signal.addEventListener('abort', abort, { once: true });
    this.#enter();
    try {
      await promise;
    } finally {
      turn?.delete(waiting);
      signal.removeEventListener('abort', abort);
      this.#leave();
    }
  }

  #enter(): void {
    this.#waiting += 1;
    if (this.#waiting > 1) return;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    void this.#look(signal).catch(() => undefined); // ends by its signal alone
  }

  #leave(): void {
    this.#waiting -= 1;
    if (this.#waiting === 0) this.#stop.abort();
  }

  async #look(signal: AbortSignal): Promise<never> {
    const { clock, everyMs } = this.#parts;
    for (let turn = 0; ; turn = (turn + 1) % TURNS) {
      await clock.sleep(everyMs / TURNS, signal);
      for (const { files, stamp, changed } of this.#turns[turn] ?? []) if (stampOf(files) !== stamp) changed();
    }
  }
}
