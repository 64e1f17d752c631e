import { formatCidr, formatIp } from '../../native/net/ip.ts';
import type { SubnetPair } from '../wire.ts';
import type { FlannelPresence } from '../presence-wire.ts';
import type { KnownLease } from './lease.ts';
import type { Reservation } from './reservation.ts';

/** A lease as it is shown: texts and numbers. */
export interface LeaseRow {
  readonly key: string;
  readonly subnets: readonly string[];
  readonly publicIp: string | undefined;
  readonly publicIpv6: string | undefined;
  readonly backend: string | undefined;
  readonly nodeId: string | undefined;
  readonly hostname: string | undefined;
  /** `unknown`: it is not weft's, and nothing tells whether its host runs. `reservation`: nobody's, without a host. */
  readonly owner: 'alive' | 'gone' | 'unknown' | 'reservation';
  /** `undefined` without an etcd lease, or with one that is gone. */
  readonly secondsLeft: number | undefined;
  /** Hexadecimal, as etcdctl prints it; `undefined` for a key that never runs out. */
  readonly etcdLeaseId: string | undefined;
  readonly revision: string;
}

export interface LeaseSigns {
  readonly presences: ReadonlyMap<string, FlannelPresence>;
  readonly secondsLeft: ReadonlyMap<bigint, number>;
}

export function subnetTexts({ ipv4, ipv6 }: SubnetPair): string[] {
  return [ipv4, ipv6].flatMap((subnet) => (subnet === undefined ? [] : [formatCidr(subnet)]));
}

function ownerOf({ lease, etcdLeaseId }: KnownLease, presence: FlannelPresence | undefined): LeaseRow['owner'] {
  if (presence !== undefined) return 'alive';
  if (lease.nodeId !== undefined) return 'gone';
  return etcdLeaseId === 0n ? 'reservation' : 'unknown';
}

/** A lease together with the signs of life of its owner. */
export function leaseRow(known: KnownLease, { presences, secondsLeft }: LeaseSigns): LeaseRow {
  const { key, lease, etcdLeaseId, modRevision } = known;
  const { publicIp, publicIpv6, backend, nodeId } = lease;
  const presence = nodeId === undefined ? undefined : presences.get(nodeId);
  return {
    key,
    subnets: subnetTexts(lease.subnets),
    publicIp: publicIp && formatIp(publicIp),
    publicIpv6: publicIpv6 && formatIp(publicIpv6),
    backend: backend.kind === 'other' ? backend.type : backend.kind,
    nodeId,
    hostname: presence?.hostname,
    owner: ownerOf(known, presence),
    secondsLeft: secondsLeft.get(etcdLeaseId),
    etcdLeaseId: etcdLeaseId === 0n ? undefined : BigInt.asUintN(64, etcdLeaseId).toString(16),
    revision: String(modRevision),
  };
}

/** For whom a reservation is, as a person says it. */
export function holderText({ nodeId, publicIp, publicIpv6, hostname }: Reservation): string {
  if (nodeId !== undefined) return `node ${nodeId}`;
  const address = publicIp ?? publicIpv6;
  if (address !== undefined) return formatIp(address);
  return hostname === undefined ? 'nobody' : `host ${hostname}`;
}

/** A reservation as it is shown. */
export interface ReservationRow {
  readonly key: string;
  readonly subnets: readonly string[];
  readonly for: string;
  readonly note: string | undefined;
}

export function reservationRow(reservation: Reservation): ReservationRow {
  const { key, subnets, note } = reservation;
  return { key, subnets: subnetTexts(subnets), for: holderText(reservation), note };
}

/** Decimal: of IPv6 there are more than a number holds. */
export interface Counts {
  readonly total: string;
  readonly free: string;
}

export interface LeaseListing {
  readonly leases: readonly LeaseRow[];
  readonly reservations: readonly ReservationRow[];
  /** By family. */
  readonly counts: Readonly<Record<string, Counts>>;
  /** Keys under the prefix that hold no lease, and what could not be read. */
  readonly problems: readonly string[];
}
