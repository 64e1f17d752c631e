import { parseIpv4, type Ipv4 } from '../../native/net/ipv4.ts';
import { parseIpv6, type Ipv6 } from '../../native/net/ipv6.ts';
import { parseSubnetKey, reservationSchema, type ReservationValue, type SubnetPair } from '../wire.ts';

/** Subnets that are kept for one host, or, when it names none, for nobody. */
export interface Reservation {
  readonly key: string;
  readonly subnets: SubnetPair;
  readonly nodeId: string | undefined;
  readonly publicIp: Ipv4 | undefined;
  readonly publicIpv6: Ipv6 | undefined;
  readonly hostname: string | undefined;
  readonly note: string | undefined;
}

/** By what a host may be named. */
export interface ReservationHost {
  readonly nodeId: string;
  readonly publicIp: Ipv4 | undefined;
  readonly publicIpv6: Ipv6 | undefined;
  readonly hostname: string;
}

function valueOf(text: string): ReservationValue | undefined {
  try {
    return reservationSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // no JSON
  }
}

/** Reads one key. A value that cannot be read keeps its subnets from everybody. @throws {LeaseFormatError} if the key names none. */
export function decodeReservation(key: string, text: string): Reservation {
  const subnets = parseSubnetKey(key);
  const { nodeId, publicIp, hostname, note } = valueOf(text) ?? {};
  const isIpv6 = publicIp?.includes(':') === true;
  return {
    key,
    subnets,
    nodeId,
    publicIp: publicIp === undefined || isIpv6 ? undefined : parseIpv4(publicIp),
    publicIpv6: isIpv6 ? parseIpv6(publicIp) : undefined,
    hostname,
    note,
  };
}

/** Whether a reservation is for this host: by node id where it names one, else by address, else by host name. */
export function isReservedFor(reservation: Reservation, host: ReservationHost): boolean {
  const { nodeId, publicIp, publicIpv6, hostname } = reservation;
  if (nodeId !== undefined) return nodeId === host.nodeId;
  if (publicIp !== undefined) return publicIp === host.publicIp;
  if (publicIpv6 !== undefined) return publicIpv6 === host.publicIpv6;
  return hostname !== undefined && hostname === host.hostname;
}
