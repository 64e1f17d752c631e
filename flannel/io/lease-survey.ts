import type { EtcdClient } from '../../native/etcd/client.ts';
import { EtcdError } from '../../native/etcd/errors.ts';
import { leaseTimeToLive } from '../../native/etcd/lease.ts';
import type { KnownLease } from '../model/lease.ts';
import type { Reservation } from '../model/reservation.ts';
import { AGENT_PRESENCE_PREFIX, flannelPresenceSchema, type FlannelPresence } from '../presence-wire.ts';
import type { LeaseStore } from './lease-store.ts';
import { ReservationStore } from './reservation-store.ts';

/** What etcd tells of all subnets. */
export interface LeaseSurvey {
  readonly leases: readonly KnownLease[];
  /** By node id, of the agents that live. */
  readonly presences: ReadonlyMap<string, FlannelPresence>;
  readonly reservations: readonly Reservation[];
  /** What could not be read, a sentence each: a user may have no right to weft's own keys. */
  readonly gaps: readonly string[];
}

/** Calls under way at a time; one etcd answers some thousand in a second. */
const AT_ONCE = 16;

function presenceIn(text: string): FlannelPresence | undefined {
  try {
    return flannelPresenceSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // no JSON: nobody of ours
  }
}

/** Reads leases and, as far as the user may, what weft's agents say beside them. @throws {EtcdError} */
export async function surveyLeases(
  { client, store }: { readonly client: EtcdClient; readonly store: LeaseStore },
  signal: AbortSignal,
): Promise<LeaseSurvey> {
  const gaps: string[] = [];
  const leases = await store.list(signal);
  const attempt = async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      gaps.push(error.message);
      return otherwise;
    }
  };
  const presences = await attempt(async () => {
    const { entries } = await client.list(AGENT_PRESENCE_PREFIX, signal);
    const ofAgents = entries.filter(({ key }) => key.endsWith('/flannel'));
    return ofAgents.flatMap(({ value }) => presenceIn(value) ?? []);
  }, []);
  const reservations = await attempt(async () => (await new ReservationStore(client).list(signal)).reservations, []);
  return {
    leases,
    presences: new Map(presences.map((presence) => [presence.nodeId, presence])),
    reservations,
    gaps,
  };
}

/** The seconds that each etcd lease has left, by its id; not there for one that is gone. @throws {EtcdError} */
export async function secondsLeft(
  client: EtcdClient,
  leases: readonly KnownLease[],
  signal: AbortSignal,
): Promise<Map<bigint, number>> {
  const left = new Map<bigint, number>();
  const ids = new Set(leases.map(({ etcdLeaseId }) => etcdLeaseId).filter((id) => id !== 0n)).values();
  const worker = async (): Promise<void> => {
    for (const id of ids) {
      const { ttlSeconds } = await leaseTimeToLive(client, id, signal);
      if (ttlSeconds !== undefined) left.set(id, ttlSeconds);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return left;
}
