import { formatCidr4 } from '../../native/net/cidr.ts';
import type { Step } from './plan.ts';

export interface RemovalQuestion {
  readonly steps: readonly Step[];
  /** Routes to peers that the kernel has. */
  readonly routesBefore: number;
  /** Subnets (`10.5.1.0/24`) whose key was seen deleted: etcd said so, it did not only leave them out of a list. */
  readonly deleted: ReadonlySet<string>;
  /** The leases come from another store than before (restored, emptied): what it lacks may only not have been written yet. */
  readonly storeReplaced: boolean;
  /** A second list has said the same since. */
  readonly confirmed: boolean;
}

export interface GuardedSteps {
  readonly steps: readonly Step[];
  /** Routes that stay until a second list confirms that their hosts are gone; 0 = nothing was held back. */
  readonly held: number;
}

const isPeerRemoval = ({ kind }: Step): boolean =>
  kind === 'remove-route' || kind === 'remove-fdb' || kind === 'remove-neighbor';

/**
 * Holds back removals of more than half of the peers, and of any peer by a store that was replaced: an etcd that was emptied
 * tells the same as a cluster whose hosts all left. One single deletion that was watched is believed at once.
 */
export function guardRemovals(question: RemovalQuestion): GuardedSteps {
  const { steps, routesBefore, deleted, storeReplaced, confirmed } = question;
  const removed = steps.flatMap((step) => (step.kind === 'remove-route' ? [formatCidr4(step.destination)] : []));
  const told = removed.length <= 1 && removed.every((subnet) => deleted.has(subnet));
  const few = !storeReplaced && removed.length * 2 <= routesBefore;
  if (confirmed || told || few) return { steps, held: 0 };
  return { steps: steps.filter((step) => !isPeerRemoval(step)), held: removed.length };
}
