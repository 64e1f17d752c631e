import type { Etcd3 } from 'etcd3';
import { toEtcdError, type EtcdErrorCode } from './errors.ts';

export interface RollCallRequest {
  readonly etcd: Etcd3;
  readonly endpoint: string;
  /** Unix milliseconds. */
  readonly deadline: number;
}

/** A member that is there. */
export interface Present {
  /** How far its log is committed; `undefined` where it answered with an error, as one without a leader does. */
  readonly raftIndex: bigint | undefined;
  /** Of the election it knows of; a later one is the greater; 0n without a leader. */
  readonly term: bigint;
}

const SILENT: ReadonlySet<EtcdErrorCode> = new Set(['DEADLINE_EXCEEDED', 'UNAVAILABLE', 'CANCELLED']);

/**
 * Whether somebody answers at an endpoint. A status is told by a member alone: without a leader, without a quorum and without a
 * login, so that it tells a member that hangs from one that waits for the others. Never throws.
 */
export async function findPresent({ etcd, endpoint, deadline }: RollCallRequest): Promise<Present | undefined> {
  try {
    const { raftIndex, raftTerm, leader } = await etcd.maintenance.status({ deadline });
    return { raftIndex: BigInt(raftIndex), term: leader === '0' ? 0n : BigInt(raftTerm) };
  } catch (cause) {
    const { code } = toEtcdError(cause, { operation: 'status', key: 'the member', endpoint });
    return SILENT.has(code) ? undefined : { raftIndex: undefined, term: 0n };
  }
}
