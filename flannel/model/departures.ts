import { cidrOverlaps, type Cidr } from '../../native/net/ip.ts';
import type { Lease } from '../wire.ts';
import type { KnownLease, LeaseChange } from './lease.ts';

/**
 * How long a host whose key was deleted keeps its entries. A weft host that lives puts a lost key again within a tenth of a second;
 * so nobody loses a packet to it by a slip of somebody's hand.
 */
export const DEPARTURE_GRACE_MS = 2_000;

interface Departure {
  readonly lease: KnownLease;
  readonly dueMs: number;
}

const subnetsOf = ({ subnets: { ipv4, ipv6 } }: Lease): Cidr[] => [ipv4, ipv6].filter((subnet) => subnet !== undefined);

/** Whether a lease takes over the subnet or an address of one that was deleted: then that one is over at once. */
function takesOver(after: Lease, before: Lease): boolean {
  return (
    subnetsOf(after).some((subnet) => subnetsOf(before).some((other) => cidrOverlaps(subnet, other))) ||
    (after.publicIp !== undefined && after.publicIp === before.publicIp) ||
    (after.publicIpv6 !== undefined && after.publicIpv6 === before.publicIpv6)
  );
}

/** Leases of weft hosts that were deleted a moment ago, and still count as peers. */
export class Departures {
  readonly #byKey = new Map<string, Departure>();

  get leases(): readonly KnownLease[] {
    return [...this.#byKey.values()].map(({ lease }) => lease);
  }

  /** When the first of them is over; `undefined` when there are none. */
  get dueMs(): number | undefined {
    // In the order in which they came.
    return this.#byKey.values().next().value?.dueMs;
  }

  /**
   * Holds deletions back. @param gone the leases that the changes delete, as far as they were known. @returns the changes that take
   * effect now: among them the ends of former departures whose subnet or address a new lease takes over.
   */
  take(changes: readonly LeaseChange[], gone: ReadonlyMap<string, KnownLease>, nowMs: number): LeaseChange[] {
    return changes.flatMap((change): LeaseChange[] => {
      if (change.kind === 'put') return [...this.#endedBy(change.lease), change];
      const lease = gone.get(change.key);
      // A flanneld does not put its key again.
      if (lease?.lease.nodeId === undefined) return [change];
      this.#byKey.set(change.key, { lease, dueMs: nowMs + DEPARTURE_GRACE_MS });
      return [];
    });
  }

  /** The deletions that are due. */
  due(nowMs: number): LeaseChange[] {
    const due = [...this.#byKey].filter(([, { dueMs }]) => dueMs <= nowMs);
    return due.map(([key]) => this.#end(key));
  }

  /** A list of all leases, with what it left out of what was held. */
  listed(leases: Iterable<KnownLease>): void {
    if (this.#byKey.size === 0) return;
    for (const lease of leases) this.#endedBy(lease);
  }

  /** Nothing is held any more. */
  clear(): void {
    this.#byKey.clear();
  }

  #endedBy({ key, lease }: KnownLease): LeaseChange[] {
    if (this.#byKey.size === 0) return [];
    if (this.#byKey.delete(key)) return []; // it is back
    const ended = [...this.#byKey].filter(([, departure]) => takesOver(lease, departure.lease.lease));
    return ended.map(([each]) => this.#end(each));
  }

  #end(key: string): LeaseChange {
    this.#byKey.delete(key);
    return { kind: 'removed', key };
  }
}
