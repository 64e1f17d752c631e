import { hasAddressOf, type Self } from './allocate.ts';
import type { KnownLease } from './lease.ts';

/** A lease this host holds. */
export interface HeldLease {
  readonly key: string;
  /** What we wrote. */
  readonly value: string;
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
  /** Another host says it is theirs: tell everybody, touch nothing. */
  | 'foreign';

/** Judges the own key as etcd shows it; `undefined` = not there, or holding no lease at all. */
export function judgeOwnKey(held: HeldLease, seen: KnownLease | undefined, self: Self): LeaseVerdict {
  if (seen === undefined) return 'gone';
  if (seen.value === held.value && seen.etcdLeaseId === held.etcdLeaseId) return 'ours';
  const { nodeId } = seen.lease;
  const ours = nodeId === undefined ? hasAddressOf(seen.lease, self) : nodeId === self.nodeId;
  return ours ? 'altered' : 'foreign';
}
