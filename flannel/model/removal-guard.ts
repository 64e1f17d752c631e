import { cidrKey, formatCidr, type Cidr } from '../../native/net/ip.ts';
import type { Step } from './step.ts';

export interface RemovalQuestion {
  readonly steps: readonly Step[];
  /** Networks of peers that the kernel can reach. */
  readonly networksBefore: number;
  /** Subnets (`10.5.1.0/24`) whose key was seen deleted: etcd said so, it did not only leave them out of a list. */
  readonly deleted: ReadonlySet<string>;
  /**
   * Leases were lost in a mass: they come from another store than before (restored, emptied), or ran out together while nobody
   * reached etcd. What is missing may only not have been written yet.
   */
  readonly massLoss: boolean;
  /** A mass was held and a second list is awaited: what is still missing of it is no less doubtful for being few. */
  readonly asking: boolean;
  /** A second list has said the same since. */
  readonly confirmed: boolean;
}

/** How many routes stay until a second list confirms that their hosts are gone; 0 = removals may be done. */
export function heldRemovals(question: RemovalQuestion): number {
  const { steps, networksBefore, deleted, massLoss, asking, confirmed } = question;
  // A peer that moves between VXLAN and a direct route is not leaving.
  const set = new Set(steps.flatMap((step) => (isRouteAddition(step) ? [cidrKey(step.destination)] : [])));
  const removed = steps
    .flatMap(networksLost)
    .filter((network) => !set.has(cidrKey(network)))
    .map(formatCidr);
  const told = !asking && !massLoss && removed.length <= 1 && removed.every((subnet) => deleted.has(subnet));
  const few = !asking && !massLoss && removed.length * 2 <= networksBefore;
  return confirmed || told || few ? 0 : removed.length;
}

type RouteStep = Extract<Step, { destination: unknown }>;

const isRouteRemoval = (step: Step): step is RouteStep =>
  step.kind === 'remove-route' || step.kind === 'remove-direct-route' || step.kind === 'remove-tunnel-route';

/** Networks of peers that are out of reach after a step. */
export function networksLost(step: Step): readonly Cidr[] {
  if (step.kind === 'remove-wireguard-peer') return step.allowedIps;
  return isRouteRemoval(step) ? [step.destination] : [];
}

const isRouteAddition = (step: Step): step is RouteStep => 'destination' in step && !isRouteRemoval(step);

/** A step that takes something of a peer away; what a held removal leaves out. */
export function isPeerRemoval({ kind }: Step): boolean {
  return kind.startsWith('remove-') && kind !== 'remove-address';
}
