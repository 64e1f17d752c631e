import type { Clock } from '../native/host/clock.ts';
import { Waker } from '../native/host/waker.ts';
import { NetlinkError } from '../native/netlink/errors.ts';
import type { OverlayKernel } from './io/kernel.ts';
import type { EntryStep } from './model/peer-change.ts';
import type { Reconciler } from './reconciler.ts';

export interface ShortPathParts {
  readonly kernel: OverlayKernel;
  readonly reconciler: Reconciler;
  readonly clock: Clock;
}

/** Steps on one device of ours; none can be done without its index. */
export interface ShortPathChange {
  readonly ifindex: number | undefined;
  readonly steps: readonly EntryStep[];
}

const CONFIRM_AFTER_MS = 250;

/** Puts a few entries into the kernel at once, without a look at it; a pass of the loop confirms them a moment later. */
export class ShortPath {
  readonly #parts: ShortPathParts;
  readonly #confirmation = new Waker();

  constructor(parts: ShortPathParts) {
    this.#parts = parts;
  }

  /** @returns whether the kernel took every step; where not, the loop has to do it. */
  takes(changes: readonly ShortPathChange[]): boolean {
    if (!changes.every((change) => this.#takesSteps(change))) return false;
    this.#confirmation.wake();
    return true;
  }

  /** One pass for all that came within a moment. @throws the signal's reason. */
  async confirm(wake: () => void, signal: AbortSignal): Promise<never> {
    for (;;) {
      await this.#confirmation.next(signal);
      await this.#parts.clock.sleep(CONFIRM_AFTER_MS, signal);
      wake();
    }
  }

  #takesSteps({ ifindex, steps }: ShortPathChange): boolean {
    if (steps.length === 0) return true;
    const { kernel, reconciler } = this.#parts;
    try {
      if (ifindex === undefined || kernel.applySync(steps, ifindex).length > 0) return false;
      reconciler.note(steps);
      return true;
    } catch (error) {
      if (error instanceof NetlinkError) return false; // what fails is met again by the loop
      throw error;
    }
  }
}
