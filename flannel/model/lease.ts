import type { Lease } from '../wire.ts';

/** A lease as etcd holds it now. */
export interface KnownLease {
  readonly key: string;
  readonly lease: Lease;
  /** The value as it stands in etcd. */
  readonly value: string;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  /** 0n = attached to none: a reservation. */
  readonly etcdLeaseId: bigint;
}

/** What the lease store tells, in order. */
export type LeaseUpdate =
  | {
      readonly kind: 'snapshot';
      readonly leases: readonly KnownLease[];
      readonly revision: bigint;
      /** `store-replaced`: revisions of before mean nothing any more. */
      readonly reason: 'start' | 'compacted' | 'store-replaced' | 'interval';
    }
  | { readonly kind: 'delta'; readonly changes: readonly LeaseChange[]; readonly revision: bigint };

export type LeaseChange =
  { readonly kind: 'put'; readonly lease: KnownLease } | { readonly kind: 'removed'; readonly key: string };

/** The known leases after an update, by key. */
export function foldLeases(
  known: ReadonlyMap<string, KnownLease>,
  update: LeaseUpdate,
): ReadonlyMap<string, KnownLease> {
  if (update.kind === 'snapshot') return new Map(update.leases.map((lease) => [lease.key, lease]));
  const next = new Map(known);
  for (const change of update.changes) {
    if (change.kind === 'put') next.set(change.lease.key, change.lease);
    else next.delete(change.key);
  }
  return next;
}
