import type { Identity } from './identity.ts';

/** How a container ended; `undefined` where nobody tells. */
export interface ExitFacts {
  /** When its last process was seen to be gone. */
  readonly atUnixMs: number;
  /** As the runtime wrote it: 0 to 255, 128 and the signal's number after a signal. */
  readonly exitCode: number | undefined;
  readonly oomKilled: boolean | undefined;
  readonly startedAtUnixMs: number | undefined;
  /** As the runtime wrote it. */
  readonly finishedAtUnixMs: number | undefined;
}

/** A container that is no more, for whoever asks what became of it. */
export interface ExitedContainer {
  readonly key: string;
  readonly id: string;
  readonly runtime: string;
  readonly cgroupPath: string;
  readonly parent: string | undefined;
  readonly identity: Identity;
  readonly exit: ExitFacts;
}

export interface ExitedBounds {
  readonly maxCount: number;
  readonly maxAgeMs: number;
}

/** How long it ran, by the runtime's clock where that is told. */
export function ranForMs({ startedAtUnixMs, finishedAtUnixMs, atUnixMs }: ExitFacts): number | undefined {
  return startedAtUnixMs === undefined ? undefined : Math.max(0, (finishedAtUnixMs ?? atUnixMs) - startedAtUnixMs);
}

interface Kept {
  readonly container: ExitedContainer;
  /** By the monotonic clock: people and daemons set the other one. */
  readonly sinceMonotonicMs: number;
}

/** The containers that ended lately, oldest first, bounded in count and age; one for each key. */
export class ExitedList {
  readonly #bounds: ExitedBounds;
  readonly #byKey = new Map<string, Kept>();

  constructor(bounds: ExitedBounds) {
    this.#bounds = bounds;
  }

  add(container: ExitedContainer, nowMonotonicMs: number): void {
    this.#byKey.delete(container.key);
    if (this.#bounds.maxCount === 0) return;
    this.#byKey.set(container.key, { container, sinceMonotonicMs: nowMonotonicMs });
    for (const key of this.#byKey.keys()) {
      if (this.#byKey.size <= this.#bounds.maxCount) return;
      this.#byKey.delete(key);
    }
  }

  /** Adds what became known later. Returns whether it is still here and that changed something. */
  amend(key: string, exit: ExitFacts): boolean {
    const kept = this.#byKey.get(key);
    if (kept === undefined || sameExit(kept.container.exit, exit)) return false;
    this.#byKey.set(key, { ...kept, container: { ...kept.container, exit } });
    return true;
  }

  /** It lives again, or its owner removed it. */
  remove(key: string): boolean {
    return this.#byKey.delete(key);
  }

  /** Forgets what is too old. Returns whether there was any. */
  prune(nowMonotonicMs: number): boolean {
    let pruned = false;
    for (const [key, { sinceMonotonicMs }] of this.#byKey) {
      if (sinceMonotonicMs + this.#bounds.maxAgeMs > nowMonotonicMs) continue;
      this.#byKey.delete(key);
      pruned = true;
    }
    return pruned;
  }

  list(): ExitedContainer[] {
    return [...this.#byKey.values()].map(({ container }) => container);
  }
}

function sameExit(a: ExitFacts, b: ExitFacts): boolean {
  return (
    a.atUnixMs === b.atUnixMs &&
    a.exitCode === b.exitCode &&
    a.oomKilled === b.oomKilled &&
    a.startedAtUnixMs === b.startedAtUnixMs &&
    a.finishedAtUnixMs === b.finishedAtUnixMs
  );
}
