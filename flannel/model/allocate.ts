import { cidr4, cidr4Overlaps, lastAddress4, type Cidr4 } from '../../native/net/cidr.ts';
import { addIpv4, type Ipv4 } from '../../native/net/ipv4.ts';
import type { KnownLease } from './lease.ts';
import { isLeasable, type NetworkConfig } from './network-config.ts';

export interface SubnetRequest {
  readonly config: NetworkConfig;
  readonly taken: readonly Cidr4[];
  /** In [0, 1). */
  readonly random: () => number;
}

/** Inclusive positions in the row of candidate subnets. */
interface Span {
  readonly first: number;
  readonly last: number;
}

/** The candidates that a taken network touches, whatever its prefix length. */
function spanOf(taken: Cidr4, row: { start: Ipv4; size: number; count: number }): Span | undefined {
  const first = Math.max(0, Math.floor((taken.address - row.start) / row.size));
  const last = Math.min(row.count - 1, Math.floor((lastAddress4(taken) - row.start) / row.size));
  return last < first ? undefined : { first, last };
}

/** Sorted and merged, so that none overlaps or touches another. */
function mergedSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.first - b.first)) {
    const previous = merged.at(-1);
    if (previous === undefined || span.first > previous.last + 1) merged.push(span);
    else if (span.last > previous.last) merged[merged.length - 1] = { first: previous.first, last: span.last };
  }
  return merged;
}

/**
 * A free subnet, each with the same chance over the whole range, that overlaps nothing taken; `undefined` only when there is
 * none. Costs the number of leases, not the size of the range: a /8 of /30s has four million candidates.
 */
export function chooseSubnet({ config, taken, random }: SubnetRequest): Cidr4 | undefined {
  const { subnetMin, subnetMax, subnetLength } = config;
  const size = 2 ** (32 - subnetLength);
  const count = subnetMax < subnetMin ? 0 : (subnetMax - subnetMin) / size + 1;
  const row = { start: subnetMin, size, count };
  const spans = mergedSpans(taken.flatMap((network) => spanOf(network, row) ?? []));
  const free = count - spans.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  if (free <= 0) return undefined;
  let position = Math.min(free - 1, Math.floor(random() * free));
  for (const { first, last } of spans) {
    if (position < first) break;
    position += last - first + 1;
  }
  return cidr4(addIpv4(subnetMin, position * size), subnetLength);
}

export interface Self {
  readonly nodeId: string;
  readonly publicIp: Ipv4;
}

/** How to come by a lease. `suspect` names the node whose sign of life must be looked at before the key is taken over. */
export type Acquisition =
  | { readonly kind: 'reuse'; readonly held: KnownLease; readonly suspect: string | undefined }
  /** Ours, but not possible under the present configuration: delete it, then choose again. */
  | { readonly kind: 'discard'; readonly held: KnownLease; readonly suspect: string | undefined }
  | { readonly kind: 'create'; readonly subnet: Cidr4; readonly because: 'previous' | 'free' }
  | { readonly kind: 'full' };

export interface AcquisitionRequest {
  readonly config: NetworkConfig;
  /** In key order, as etcd lists them: the first match counts. */
  readonly leases: readonly KnownLease[];
  readonly self: Self;
  /** From subnet.env or from the lease just lost: a wish, never a claim. */
  readonly previous: Cidr4 | undefined;
  readonly random: () => number;
}

function ownLease({ leases, self }: AcquisitionRequest): { held: KnownLease; suspect: string | undefined } | undefined {
  const byNode = leases.find(({ lease }) => lease.nodeId === self.nodeId);
  if (byNode !== undefined) {
    // The same node id at another address: this host moved, or its disk was copied to a second one.
    return { held: byNode, suspect: byNode.lease.publicIp === self.publicIp ? undefined : self.nodeId };
  }
  const byAddress = leases.find(({ lease }) => lease.publicIp === self.publicIp);
  return byAddress === undefined ? undefined : { held: byAddress, suspect: byAddress.lease.nodeId };
}

/**
 * Decides which subnet this host asks for: its own lease by node id, else by public address, else the previous subnet if it
 * is free, else any free one.
 */
export function chooseAcquisition(request: AcquisitionRequest): Acquisition {
  const { config, leases, previous, random } = request;
  const own = ownLease(request);
  if (own !== undefined) return { kind: isLeasable(config, own.held.lease.subnet) ? 'reuse' : 'discard', ...own };
  const taken = leases.map(({ lease }) => lease.subnet);
  if (previous !== undefined && isLeasable(config, previous) && !taken.some((t) => cidr4Overlaps(t, previous))) {
    return { kind: 'create', subnet: previous, because: 'previous' };
  }
  const subnet = chooseSubnet({ config, taken, random });
  return subnet === undefined ? { kind: 'full' } : { kind: 'create', subnet, because: 'free' };
}
