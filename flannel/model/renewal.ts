import { encodeLease, type Lease } from '../wire.ts';
import { hasAddressOf, rivalsOf, type Self } from './allocate.ts';
import type { KnownLease } from './lease.ts';

/** A lease this host holds. */
export interface HeldLease {
  readonly key: string;
  /** What we wrote, and its text. */
  readonly lease: Lease;
  readonly value: string;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  readonly etcdLeaseId: bigint;
}

/** Longest time between two looks at the lease: timers stand still while a machine sleeps. */
const MAX_INTERVAL_MS = 10 * 60_000;
/** At least this many chances before the lease runs out. */
const CHANCES = 6;

/**
 * When to keep the lease alive next, milliseconds from now: a sixth of what is left, at most ten minutes, less up to a third by
 * chance so that hosts started together spread out. Inside the operator's margin before the end it comes down to seconds.
 */
export function nextKeepaliveMs(request: {
  readonly secondsLeft: number;
  readonly marginSeconds: number;
  readonly random: () => number;
}): number {
  const { secondsLeft, marginSeconds, random } = request;
  const untilMarginMs = Math.max(0, secondsLeft - marginSeconds) * 1000;
  const ceilingMs = Math.min(MAX_INTERVAL_MS, (secondsLeft * 1000) / CHANCES, Math.max(untilMarginMs, 1000));
  return ceilingMs * (2 / 3 + random() / 3);
}

/** What has become of the key we hold. */
export type LeaseVerdict =
  | 'ours'
  /** Deleted, revoked or run out: take it again. */
  | 'gone'
  /** Our key and our identity, but another value or etcd lease than we wrote: write it again. */
  | 'altered'
  /** A flannel host with our address and another backend (another VTEP MAC): two hosts with one address. */
  | 'twin'
  /** Another host says it is theirs: tell everybody, touch nothing. */
  | 'foreign';

/** Whether a flanneld on this very host could have written it: it would take over the device and with it what peers need. */
function hasBackendOf(lease: Lease, ours: Lease): boolean {
  const bare = (backend: Lease['backend']): string => encodeLease({ ...ours, nodeId: undefined, backend });
  return lease.backend.kind !== ours.backend.kind || bare(lease.backend) === bare(ours.backend);
}

/** Judges the own key as etcd shows it; `undefined` = not there, or holding no lease at all. */
export function judgeOwnKey(held: HeldLease, seen: KnownLease | undefined, self: Self): LeaseVerdict {
  if (seen === undefined) return 'gone';
  if (seen.value === held.value && seen.etcdLeaseId === held.etcdLeaseId) return 'ours';
  const { nodeId } = seen.lease;
  if (nodeId !== undefined) return nodeId === self.nodeId ? 'altered' : 'foreign';
  if (!hasAddressOf(seen.lease, self)) return 'foreign';
  return hasBackendOf(seen.lease, held.lease) ? 'altered' : 'twin';
}

/**
 * Hosts with our address that hold up our lease: those that were here before it, and all of them when it has to be rewritten. One
 * that came after us is told at its own start.
 */
export function rivalsToHeed(
  leases: Iterable<KnownLease>,
  self: Self,
  own: { readonly createRevision: bigint; readonly isOutdated: boolean },
): KnownLease[] {
  return rivalsOf([...leases], self).filter(
    ({ createRevision }) => own.isOutdated || createRevision < own.createRevision,
  );
}

/** Part of the time between two puts that chance may take away: hosts of one hour do not put in one second. */
const PUT_SPREAD = 0.1;

/**
 * When to put the same value again, milliseconds after the last time: once in the lease's time less the margin, as flannel does.
 * A real flanneld puts right what it lost of us then, and only then.
 */
export function nextPutMs(request: {
  readonly ttlSeconds: number;
  readonly marginSeconds: number;
  readonly random: () => number;
}): number {
  const { ttlSeconds, marginSeconds, random } = request;
  const seconds = Math.max(ttlSeconds - marginSeconds, ttlSeconds / 2);
  return seconds * 1000 * (1 - PUT_SPREAD * random());
}
