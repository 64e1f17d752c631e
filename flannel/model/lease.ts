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

/** Leases to choose peers among, in any order. */
export interface LeaseSource {
  values(): Iterable<KnownLease>;
}

/** The leases that an update deletes; to be asked before it is folded in. */
export function leasesGone(known: ReadonlyMap<string, KnownLease>, update: LeaseUpdate): Map<string, KnownLease> {
  const gone = new Map<string, KnownLease>();
  if (update.kind === 'snapshot') return gone;
  for (const change of update.changes) {
    const lease = change.kind === 'removed' ? known.get(change.key) : undefined;
    if (lease !== undefined) gone.set(lease.key, lease);
  }
  return gone;
}

/** Brings the known leases up to date, in their place: a copy of 10,000 for each event would be all that is done. */
export function foldLeases(known: Map<string, KnownLease>, update: LeaseUpdate): void {
  if (update.kind === 'snapshot') {
    known.clear();
    for (const lease of update.leases) known.set(lease.key, lease);
    return;
  }
  for (const change of update.changes) {
    if (change.kind === 'put') known.set(change.lease.key, change.lease);
    else known.delete(change.key);
  }
}
