import { cidr4Overlaps } from '../../native/net/cidr.ts';
import type { Ipv4 } from '../../native/net/ipv4.ts';
import type { Cidr6, Ipv6 } from '../../native/net/ipv6.ts';
import type { Lease, SubnetPair } from '../wire.ts';
import { chooseSubnet4, chooseSubnet6 } from './free-subnet.ts';
import type { KnownLease } from './lease.ts';
import { isLeasable, type NetworkConfig } from './network-config.ts';
import { isReservedFor, type Reservation } from './reservation.ts';

/** Who this host is. At least one address. */
export interface Self {
  readonly nodeId: string;
  readonly publicIp: Ipv4 | undefined;
  readonly publicIpv6: Ipv6 | undefined;
}

/** How to come by a lease. `suspects`: leases of hosts whose signs of life must be looked at before the key is taken. */
export type Acquisition =
  | { readonly kind: 'reuse'; readonly held: KnownLease; readonly suspects: readonly KnownLease[] }
  /** Ours, but not possible any more: delete it, then choose again. */
  | {
      readonly kind: 'discard';
      readonly held: KnownLease;
      readonly suspects: readonly KnownLease[];
      /** One clause for the log. */
      readonly because: string;
    }
  | { readonly kind: 'create'; readonly subnets: SubnetPair; readonly because: 'reserved' | 'previous' | 'free' }
  | { readonly kind: 'full' };

export interface AcquisitionRequest {
  readonly config: NetworkConfig;
  /** In key order, as etcd lists them: the first match counts. */
  readonly leases: readonly KnownLease[];
  readonly reservations: readonly Reservation[];
  readonly self: Self;
  readonly hostname: string;
  /** From subnet.env: a wish, never a claim. */
  readonly previous: SubnetPair | undefined;
  /** What etcd refused to create a moment ago: somebody is there, even where no lease can be read. */
  readonly refused: readonly SubnetPair[];
  readonly random: () => number;
}

/** Whether a lease says it belongs to a host with our address: by IPv4 where there is one, as flannel does, else by IPv6. */
export function hasAddressOf({ publicIp, publicIpv6 }: Lease, self: Self): boolean {
  if (publicIp !== undefined || self.publicIp !== undefined) return publicIp === self.publicIp;
  return publicIpv6 !== undefined && publicIpv6 === self.publicIpv6;
}

/** Leases of other nodes that give our address for theirs. A flanneld's lease with our address is our own of former days. */
export function rivalsOf(leases: readonly KnownLease[], self: Self): KnownLease[] {
  return leases.filter(
    ({ lease }) => lease.nodeId !== undefined && lease.nodeId !== self.nodeId && hasAddressOf(lease, self),
  );
}

interface OwnLease {
  readonly held: KnownLease;
  readonly suspects: readonly KnownLease[];
}

function ownLease({ leases, self }: AcquisitionRequest): OwnLease | undefined {
  const byNode = leases.find(({ lease }) => lease.nodeId === self.nodeId);
  if (byNode === undefined) {
    const byAddress = leases.find(({ lease }) => hasAddressOf(lease, self));
    return byAddress && { held: byAddress, suspects: rivalsOf(leases, self) };
  }
  // The same node id at another address: this host moved, or its disk was copied to a second one.
  const moved = !hasAddressOf(byNode.lease, self);
  const rivals = rivalsOf(leases, self).filter((rival) => moved || rival.createRevision < byNode.createRevision);
  return { held: byNode, suspects: moved ? [byNode, ...rivals] : rivals };
}

const overlaps6 = (a: Cidr6, b: Cidr6): boolean => {
  const length = BigInt(128 - Math.min(a.prefixLength, b.prefixLength));
  return a.address >> length === b.address >> length;
};

/** Whether two pairs share an address in any family. */
export function pairsOverlap(a: SubnetPair, b: SubnetPair): boolean {
  return (
    (a.ipv4 !== undefined && b.ipv4 !== undefined && cidr4Overlaps(a.ipv4, b.ipv4)) ||
    (a.ipv6 !== undefined && b.ipv6 !== undefined && overlaps6(a.ipv6, b.ipv6))
  );
}

function freePair(request: AcquisitionRequest, wish?: SubnetPair): SubnetPair | undefined {
  const { config, leases, refused, random } = request;
  const taken = [...leases.map(({ lease }) => lease.subnets), ...refused, ...keptForOthers(request)];
  const taken4 = taken.flatMap(({ ipv4 }) => ipv4 ?? []);
  const taken6 = taken.flatMap(({ ipv6 }) => ipv6 ?? []);
  const ipv4 = config.ipv4 && (wish?.ipv4 ?? chooseSubnet4({ range: config.ipv4, taken: taken4, random }));
  const ipv6 = config.ipv6 && (wish?.ipv6 ?? chooseSubnet6({ range: config.ipv6, taken: taken6, random }));
  const lacks = (config.ipv4 !== undefined && ipv4 === undefined) || (config.ipv6 !== undefined && ipv6 === undefined);
  return lacks ? undefined : { ipv4, ipv6 };
}

const isOurs = ({ self, hostname }: AcquisitionRequest, reservation: Reservation): boolean =>
  isReservedFor(reservation, { ...self, hostname });

function keptForOthers(request: AcquisitionRequest): SubnetPair[] {
  return request.reservations.flatMap((reservation) => (isOurs(request, reservation) ? [] : [reservation.subnets]));
}

/** What is kept for this host, as soon as nobody holds it; a reservation of one family is completed by a free subnet of the other. */
function reservedPair(request: AcquisitionRequest): SubnetPair | undefined {
  const { config, leases, refused, reservations } = request;
  const occupied = [...leases.map(({ lease }) => lease.subnets), ...refused];
  for (const reservation of reservations) {
    if (!isOurs(request, reservation)) continue;
    const pair = freePair(request, reservation.subnets);
    const usable = pair !== undefined && isLeasable(config, pair);
    if (usable && !occupied.some((other) => pairsOverlap(other, pair))) return pair;
  }
  return undefined;
}

/** The first lease that is in the way of `subnets` and was there before `createRevision`. */
export function olderOverlap(leases: readonly KnownLease[], mine: KnownLease): KnownLease | undefined {
  return leases.find(
    ({ key, createRevision, lease }) =>
      key !== mine.key && createRevision < mine.createRevision && pairsOverlap(lease.subnets, mine.lease.subnets),
  );
}

/**
 * Decides which subnets this host asks for: its own lease by node id, else by public address, else what is reserved for it, else
 * the previous subnets if they are free, else any free ones.
 */
export function chooseAcquisition(request: AcquisitionRequest): Acquisition {
  const { config, leases, previous, refused } = request;
  const own = ownLease(request);
  if (own !== undefined) {
    if (!isLeasable(config, own.held.lease.subnets)) {
      return { kind: 'discard', ...own, because: 'it does not fit the network config' };
    }
    const older = olderOverlap(leases, own.held);
    return older === undefined
      ? { kind: 'reuse', ...own }
      : { kind: 'discard', ...own, because: `${older.key} was there before` };
  }
  const reserved = reservedPair(request);
  if (reserved !== undefined) return { kind: 'create', subnets: reserved, because: 'reserved' };
  const taken = [...leases.map(({ lease }) => lease.subnets), ...refused, ...keptForOthers(request)];
  const isFree = (pair: SubnetPair): boolean => !taken.some((other) => pairsOverlap(other, pair));
  // Of a cluster that gained or lost a family the other one's subnet stays.
  const wish = previous && freePair(request, previous);
  if (wish !== undefined && isLeasable(config, wish) && isFree(wish)) {
    return { kind: 'create', subnets: wish, because: 'previous' };
  }
  const subnets = freePair(request);
  return subnets === undefined ? { kind: 'full' } : { kind: 'create', subnets, because: 'free' };
}
