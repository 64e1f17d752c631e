import type { Clock } from '../native/host/clock.ts';
import { cidrKey, isCidr6, type Cidr } from '../native/net/ip.ts';
import type { StepFailure } from './io/kernel.ts';
import type { Step } from './model/step.ts';

/** After so many replacements in a row a route is somebody else's will, not an accident: it is told, and left. */
const MAX_TAKEN_BACK = 5;
/** Who has not touched a route for so long has no will of his own any more: the count starts anew. */
const FORGIVEN_AFTER_MS = 10 * 60_000;

interface Claim {
  takenBack: number;
  /** When a foreign route was last found in the place of ours, monotonic. */
  disturbedAtMs: number;
}

/**
 * Which routes are ours. A foreign one that stood there before ours is somebody else's and stays; one that took the place of ours
 * is taken back, a few times.
 */
export class RouteClaims {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #claims = new Map<number | string, Claim>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** Takes note of what an earlier run has left, and this one found. */
  found(destinations: readonly Cidr[]): void {
    for (const destination of destinations) this.#claim(destination);
  }

  /** Takes note of what was set and removed. */
  note(steps: readonly Step[], failures: readonly StepFailure[] = []): void {
    const failed = new Set(failures.map(({ step }) => step));
    for (const step of steps) {
      if (!('destination' in step) || failed.has(step)) continue;
      if (step.kind.startsWith('remove-')) this.#claims.delete(cidrKey(step.destination));
      else this.#claim(step.destination);
    }
  }

  /** The steps that take back what was replaced. */
  reclaim(failures: readonly StepFailure[]): Step[] {
    return failures.flatMap(({ step, error }): Step[] => {
      if (step.kind === 'add-route') return this.#reclaimed(step, error.code);
      if (step.kind !== 'add-direct-route' || error.code !== 'EEXIST') return [];
      return this.#again(step.destination, [{ ...step, kind: 'replace-direct-route' }]);
    });
  }

  /** The kernel looks up the gateway of an IPv6 route: with a foreign one in its place that leads to another device. */
  #reclaimed(step: Extract<Step, { kind: 'add-route' }>, code: string): Step[] {
    const { destination } = step;
    if (code === 'EEXIST') return this.#again(destination, [{ ...step, kind: 'replace-route' }]);
    if (code !== 'EINVAL' || !isCidr6(destination)) return [];
    return this.#again(destination, [
      { kind: 'hold-route', destination },
      { ...step, kind: 'replace-route' },
    ]);
  }

  #claim(destination: Cidr): void {
    const key = cidrKey(destination);
    if (!this.#claims.has(key)) this.#claims.set(key, { takenBack: 0, disturbedAtMs: 0 });
  }

  #again(destination: Cidr, replacement: Step[]): Step[] {
    const claim = this.#claims.get(cidrKey(destination));
    if (claim === undefined) return [];
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - claim.disturbedAtMs >= FORGIVEN_AFTER_MS) claim.takenBack = 0;
    claim.disturbedAtMs = nowMs;
    if (claim.takenBack >= MAX_TAKEN_BACK) return [];
    claim.takenBack += 1;
    return replacement;
  }
}
