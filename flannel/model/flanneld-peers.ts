import type { KnownLease, LeaseUpdate } from './lease.ts';

/** A host without weft's own keys in its lease: real flanneld. */
interface FlanneldPeer {
  readonly etcdLeaseId: bigint;
  /** When its key was seen written, milliseconds of the caller's clock; `undefined` when it was there before we looked. */
  readonly putAtMs: number | undefined;
}

export type FlanneldPeers = ReadonlyMap<string, FlanneldPeer>;

export interface FlanneldNews {
  readonly peers: FlanneldPeers;
  /** One of them has just started: v0.20.2 may have missed what others wrote in that second. */
  readonly started: boolean;
}

/** flanneld renews every 23 h by a put on a new etcd lease; a put sooner than this is a start. */
const NO_RENEWAL_BEFORE_MS = 22 * 3_600_000;

const isFlanneld = ({ lease, etcdLeaseId }: KnownLease): boolean => lease.nodeId === undefined && etcdLeaseId !== 0n;

/** What an update tells about the hosts of real flanneld. `known` is `undefined` before the first snapshot. */
export function observeFlanneld(
  known: FlanneldPeers | undefined,
  update: LeaseUpdate,
  context: { readonly ownKey: string | undefined; readonly nowMs: number },
): FlanneldNews {
  const peers = new Map(update.kind === 'snapshot' ? [] : known);
  let started = false;
  const put = (lease: KnownLease): void => {
    if (!isFlanneld(lease) || lease.key === context.ownKey) {
      peers.delete(lease.key);
      return;
    }
    const before = known?.get(lease.key);
    const { etcdLeaseId } = lease;
    if (before?.etcdLeaseId === etcdLeaseId) {
      peers.set(lease.key, before);
      return;
    }
    if (known === undefined) {
      peers.set(lease.key, { etcdLeaseId, putAtMs: undefined });
      return;
    }
    const age = context.nowMs - (before?.putAtMs ?? context.nowMs);
    started ||= age < NO_RENEWAL_BEFORE_MS;
    peers.set(lease.key, { etcdLeaseId, putAtMs: context.nowMs });
  };
  if (update.kind === 'snapshot') {
    for (const lease of update.leases) put(lease);
  } else {
    for (const change of update.changes) {
      if (change.kind === 'put') put(change.lease);
      else peers.delete(change.key);
    }
  }
  return { peers, started };
}

const FIRST_TOUCH_MS = 2_000;
const TOUCH_SPREAD_MS = 6_000;
/** v0.20.2 loses events that come closer together than this. */
const TOUCH_GAP_MS = 20;

/** How long to wait before our key is put again for hosts that may have missed it: all weft hosts do so, spread by chance. */
export function touchAfterMs(hosts: number, random: () => number): number {
  return FIRST_TOUCH_MS + Math.max(TOUCH_SPREAD_MS, hosts * TOUCH_GAP_MS) * random();
}
