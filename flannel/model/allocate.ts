import { cidr4Overlaps, type Cidr4 } from '../../native/net/cidr.ts';
import type { Ipv4 } from '../../native/net/ipv4.ts';
import type { Cidr6, Ipv6 } from '../../native/net/ipv6.ts';
import type { Lease, SubnetPair } from '../wire.ts';
import type { KnownLease } from './lease.ts';
import { isLeasable, type NetworkConfig } from './network-config.ts';
import type { SubnetRange } from './subnet-range.ts';

/** A network of either family as numbers. */
interface Block<Address extends number | bigint> {
  readonly address: Address;
  readonly prefixLength: number;
}

/** Inclusive positions in the row of candidate subnets. */
interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

/** The candidate subnets of a range, in their order. */
interface Row {
  readonly start: bigint;
  readonly size: bigint;
  readonly count: bigint;
  /** 32 or 128. */
  readonly bits: number;
}

/** The candidates that a taken network touches, whatever its prefix length. */
function spanOf({ address, prefixLength }: Block<number | bigint>, row: Row): Span | undefined {
  const from = BigInt(address) - row.start;
  const to = from + (1n << BigInt(row.bits - prefixLength)) - 1n;
  if (to < 0n || from >= row.count * row.size) return undefined;
  const last = to / row.size;
  return { first: from < 0n ? 0n : from / row.size, last: last < row.count ? last : row.count - 1n };
}

const byFirst = (a: Span, b: Span): number => (a.first < b.first ? -1 : Number(a.first > b.first));

/** Sorted and merged, so that none overlaps or touches another. */
function mergedSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of spans.toSorted(byFirst)) {
    const previous = merged.at(-1);
    if (previous === undefined || span.first > previous.last + 1n) merged.push(span);
    else if (span.last > previous.last) merged[merged.length - 1] = { first: previous.first, last: span.last };
  }
  return merged;
}

const RANDOM_STEPS = 2 ** 53;

/** In [0, count). */
const randomBelow = (count: bigint, random: () => number): bigint =>
  (BigInt(Math.floor(random() * RANDOM_STEPS)) * count) / BigInt(RANDOM_STEPS);

/** The position of a free candidate. */
function freePosition(row: Row, taken: readonly Block<number | bigint>[], random: () => number): bigint | undefined {
  const spans = mergedSpans(taken.flatMap((block) => spanOf(block, row) ?? []));
  const free = row.count - spans.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
  if (free <= 0n) return undefined;
  let position = randomBelow(free, random);
  for (const { first, last } of spans) {
    if (position < first) break;
    position += last - first + 1n;
  }
  return position;
}

function rowOf(range: SubnetRange<number | bigint, unknown>, bits: number): Row {
  const start = BigInt(range.subnetMin);
  const size = 1n << BigInt(bits - range.subnetLength);
  const end = BigInt(range.subnetMax);
  return { start, size, count: end < start ? 0n : (end - start) / size + 1n, bits };
}

export interface SubnetRequest<Address extends number | bigint, Network> {
  readonly range: SubnetRange<Address, Network>;
  readonly taken: readonly Block<Address>[];
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * A free IPv4 subnet, each with the same chance over the whole range, that overlaps nothing taken; `undefined` only when there
 * is none. Costs the number of leases, not the size of the range: a /8 of /30s has four million candidates.
 */
export function chooseSubnet4({ range, taken, random }: SubnetRequest<Ipv4, Cidr4>): Cidr4 | undefined {
  const row = rowOf(range, 32);
  const position = freePosition(row, taken, random);
  if (position === undefined) return undefined;
  return { address: Number(row.start + position * row.size) as Ipv4, prefixLength: range.subnetLength };
}

/** The same for IPv6. */
export function chooseSubnet6({ range, taken, random }: SubnetRequest<Ipv6, Cidr6>): Cidr6 | undefined {
  const row = rowOf(range, 128);
  const position = freePosition(row, taken, random);
  if (position === undefined) return undefined;
  return { address: (row.start + position * row.size) as Ipv6, prefixLength: range.subnetLength };
}

/** Who this host is. At least one address. */
export interface Self {
  readonly nodeId: string;
  readonly publicIp: Ipv4 | undefined;
  readonly publicIpv6: Ipv6 | undefined;
}

/** How to come by a lease. `suspect` names the node whose sign of life must be looked at before the key is taken over. */
export type Acquisition =
  | { readonly kind: 'reuse'; readonly held: KnownLease; readonly suspect: string | undefined }
  /** Ours, but not possible under the present configuration: delete it, then choose again. */
  | { readonly kind: 'discard'; readonly held: KnownLease; readonly suspect: string | undefined }
  | { readonly kind: 'create'; readonly subnets: SubnetPair; readonly because: 'previous' | 'free' }
  | { readonly kind: 'full' };

export interface AcquisitionRequest {
  readonly config: NetworkConfig;
  /** In key order, as etcd lists them: the first match counts. */
  readonly leases: readonly KnownLease[];
  readonly self: Self;
  /** From subnet.env or from the lease just lost: a wish, never a claim. */
  readonly previous: SubnetPair | undefined;
  readonly random: () => number;
}

/** Whether a lease says it belongs to a host with our address: by IPv4 where there is one, as flannel does, else by IPv6. */
export function hasAddressOf({ publicIp, publicIpv6 }: Lease, self: Self): boolean {
  if (publicIp !== undefined || self.publicIp !== undefined) return publicIp === self.publicIp;
  return publicIpv6 !== undefined && publicIpv6 === self.publicIpv6;
}

function ownLease({ leases, self }: AcquisitionRequest): { held: KnownLease; suspect: string | undefined } | undefined {
  const byNode = leases.find(({ lease }) => lease.nodeId === self.nodeId);
  if (byNode !== undefined) {
    // The same node id at another address: this host moved, or its disk was copied to a second one.
    return { held: byNode, suspect: hasAddressOf(byNode.lease, self) ? undefined : self.nodeId };
  }
  const byAddress = leases.find(({ lease }) => hasAddressOf(lease, self));
  return byAddress === undefined ? undefined : { held: byAddress, suspect: byAddress.lease.nodeId };
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

function freePair({ config, leases, random }: AcquisitionRequest): SubnetPair | undefined {
  const taken4 = leases.flatMap(({ lease }) => lease.subnets.ipv4 ?? []);
  const taken6 = leases.flatMap(({ lease }) => lease.subnets.ipv6 ?? []);
  const ipv4 = config.ipv4 && chooseSubnet4({ range: config.ipv4, taken: taken4, random });
  const ipv6 = config.ipv6 && chooseSubnet6({ range: config.ipv6, taken: taken6, random });
  const lacks = (config.ipv4 !== undefined && ipv4 === undefined) || (config.ipv6 !== undefined && ipv6 === undefined);
  return lacks ? undefined : { ipv4, ipv6 };
}

/**
 * Decides which subnets this host asks for: its own lease by node id, else by public address, else the previous subnets if they
 * are free, else any free ones.
 */
export function chooseAcquisition(request: AcquisitionRequest): Acquisition {
  const { config, leases, previous } = request;
  const own = ownLease(request);
  if (own !== undefined) return { kind: isLeasable(config, own.held.lease.subnets) ? 'reuse' : 'discard', ...own };
  const isFree = (pair: SubnetPair): boolean => !leases.some(({ lease }) => pairsOverlap(lease.subnets, pair));
  if (previous !== undefined && isLeasable(config, previous) && isFree(previous)) {
    return { kind: 'create', subnets: previous, because: 'previous' };
  }
  const subnets = freePair(request);
  return subnets === undefined ? { kind: 'full' } : { kind: 'create', subnets, because: 'free' };
}
