import { olderOverlap, pairsOverlap, type Self } from './allocate.ts';
import type { KnownLease } from './lease.ts';
import { judgeOwnKey, type HeldLease } from './renewal.ts';
import { isReservedFor, type Reservation } from './reservation.ts';

/** Who stands in the way of a lost subnet. */
export type Blocker =
  | { readonly kind: 'lease'; readonly by: KnownLease }
  /** A flannel host with our own address: two hosts that peers cannot tell apart. */
  | { readonly kind: 'twin'; readonly by: KnownLease }
  | { readonly kind: 'reservation'; readonly by: Reservation };

/** How to come by the subnet again that this host has lost. */
export type Retake =
  | { readonly kind: 'adopt'; readonly seen: KnownLease }
  | { readonly kind: 'create' }
  /** A lease of ours elsewhere: a change of subnets that was begun, and has to be ended. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'blocked'; readonly blocker: Blocker };

export interface RetakeRequest {
  readonly held: HeldLease;
  readonly leases: readonly KnownLease[];
  readonly reservations: readonly Reservation[];
  readonly self: Self;
  readonly hostname: string;
}

/** Decides what may be done for the subnet in `held`: the same again where nobody else is there, never against anybody. */
export function chooseRetake({ held, leases, reservations, self, hostname }: RetakeRequest): Retake {
  const own = leases.find(({ key }) => key === held.key);
  const verdict = judgeOwnKey(held, own, self);
  if (own !== undefined && (verdict === 'ours' || verdict === 'altered')) {
    const older = olderOverlap(leases, own);
    return older === undefined
      ? { kind: 'adopt', seen: own }
      : { kind: 'blocked', blocker: { kind: 'lease', by: older } };
  }
  if (leases.some(({ key, lease }) => key !== held.key && lease.nodeId === self.nodeId)) return { kind: 'elsewhere' };
  if (own !== undefined) {
    return { kind: 'blocked', blocker: { kind: verdict === 'twin' ? 'twin' : 'lease', by: own } };
  }
  const { subnets } = held.lease;
  const lease = leases.find((other) => pairsOverlap(other.lease.subnets, subnets));
  if (lease !== undefined) return { kind: 'blocked', blocker: { kind: 'lease', by: lease } };
  const reservation = reservations.find(
    (other) => pairsOverlap(other.subnets, subnets) && !isReservedFor(other, { ...self, hostname }),
  );
  if (reservation !== undefined) return { kind: 'blocked', blocker: { kind: 'reservation', by: reservation } };
  return { kind: 'create' };
}
