import { cidrKey } from '../native/net/ip.ts';
import type { StepFailure } from './io/kernel.ts';
import type { Step } from './model/plan.ts';

/** After so many replacements in a row a route is somebody else's will, not an accident: it is told, and left. */
const MAX_TAKEN_BACK = 5;

/**
 * Which routes this run has set. One that stood there before is somebody else's and stays; one that took the place of ours is
 * taken back, a few times.
 */
export class RouteClaims {
  readonly #takenBack = new Map<number | string, number>();

  /** Takes note of what a pass has set. */
  note(steps: readonly Step[], failures: readonly StepFailure[]): void {
    const failed = new Set(failures.map(({ step }) => step));
    for (const step of steps) {
      if (!('destination' in step) || failed.has(step)) continue;
      const key = cidrKey(step.destination);
      if (step.kind.startsWith('remove-')) this.#takenBack.delete(key);
      else if (!this.#takenBack.has(key)) this.#takenBack.set(key, 0);
    }
  }

  /** The steps that take back what was replaced. */
  reclaim(failures: readonly StepFailure[]): Step[] {
    return failures.flatMap(({ step, error }): Step[] => {
      if (error.code !== 'EEXIST') return [];
      if (step.kind === 'add-route') return this.#again(step, { ...step, kind: 'replace-route' });
      return step.kind === 'add-direct-route' ? this.#again(step, { ...step, kind: 'replace-direct-route' }) : [];
    });
  }

  #again({ destination }: Extract<Step, { destination: unknown }>, replacement: Step): Step[] {
    const key = cidrKey(destination);
    const count = this.#takenBack.get(key);
    if (count === undefined || count >= MAX_TAKEN_BACK) return [];
    this.#takenBack.set(key, count + 1);
    return [replacement];
  }
}
