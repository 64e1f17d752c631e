import type { VxlanOverlay } from './model/overlay.ts';
import { plan, type ActualOverlay } from './model/plan.ts';
import type { Step } from './model/step.ts';

interface Agreement {
  readonly desired: VxlanOverlay;
  readonly actual: ActualOverlay;
}

const isSameWish = (a: VxlanOverlay, b: VxlanOverlay): boolean =>
  a.peers === b.peers && a.network === b.network && a.nexthopObjects === b.nexthopObjects;

const isSameState = (a: ActualOverlay, b: ActualOverlay): boolean =>
  a.neighbors === b.neighbors && a.fdb === b.fdb && a.nexthops === b.nexthops && a.routes === b.routes;

const NO_PEERS = { neighbors: [], fdb: [], nexthops: [], routes: [] };

/**
 * {@link plan}, without comparing thousands of peers with tables that agreed and are, as objects, the very ones of then. What the
 * device itself is like is compared each time.
 */
export class SettledTunnels {
  readonly #agreed = new Map<string, Agreement>();

  plan(desired: VxlanOverlay, actual: ActualOverlay): Step[] {
    const { name } = desired.device;
    const before = this.#agreed.get(name);
    if (before !== undefined && isSameWish(before.desired, desired) && isSameState(before.actual, actual)) {
      const ofDevice = plan({ ...desired, peers: [] }, { ...actual, ...NO_PEERS });
      if (ofDevice.length === 0) return ofDevice;
    }
    const steps = plan(desired, actual);
    if (steps.length === 0) this.#agreed.set(name, { desired, actual });
    else this.#agreed.delete(name);
    return steps;
  }
}
