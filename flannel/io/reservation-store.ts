import type { EtcdClient } from '../../native/etcd/client.ts';
import { decodeReservation, type Reservation } from '../model/reservation.ts';
import {
  LeaseFormatError,
  reservationKey,
  RESERVATIONS_PREFIX,
  type ReservationValue,
  type SubnetPair,
} from '../wire.ts';

/** All reservations as of one revision: a create that names the revision fails if one came or changed since. */
export interface ReservationList {
  readonly reservations: readonly Reservation[];
  readonly revision: bigint;
  /** Keys that name no subnet: they keep nothing. */
  readonly junk: readonly LeaseFormatError[];
}

/** What {@link ReservationStore.reserve} came to. */
export type ReserveOutcome = 'reserved' | 'replaced';

/** Subnets kept for hosts, `/weft/reservations/…`. */
export class ReservationStore {
  readonly #client: EtcdClient;

  constructor(client: EtcdClient) {
    this.#client = client;
  }

  /** In key order. @throws {EtcdError} */
  async list(signal: AbortSignal): Promise<ReservationList> {
    const { entries, revision } = await this.#client.list(RESERVATIONS_PREFIX, signal);
    const reservations: Reservation[] = [];
    const junk: LeaseFormatError[] = [];
    for (const { key, value } of entries) {
      try {
        reservations.push(decodeReservation(key, value));
      } catch (error) {
        if (!(error instanceof LeaseFormatError)) throw error;
        junk.push(error);
      }
    }
    return { reservations, revision, junk };
  }

  /** Keeps `subnets` for the host that `holder` names. A lease that holds them now is not touched. @throws {EtcdError} */
  async reserve(
    subnets: SubnetPair,
    holder: Omit<ReservationValue, 'v'>,
    signal: AbortSignal,
  ): Promise<ReserveOutcome> {
    const key = reservationKey(subnets);
    const before = await this.#client.get(key, signal);
    await this.#client.put({ key, value: JSON.stringify({ v: 1, ...holder } satisfies ReservationValue) }, signal);
    return before === undefined ? 'reserved' : 'replaced';
  }

  /** @returns whether there was a reservation. @throws {EtcdError} */
  async unreserve(subnets: SubnetPair, signal: AbortSignal): Promise<boolean> {
    const key = reservationKey(subnets);
    const before = await this.#client.get(key, signal);
    await this.#client.delete(key, signal);
    return before !== undefined;
  }
}
