import { cidr4Overlaps, formatCidr4, type Cidr4 } from '../../native/net/cidr.ts';
import { formatIpv4, type Ipv4 } from '../../native/net/ipv4.ts';
import type { MacAddress } from '../../native/net/mac.ts';
import { hasAddressOf, type Self } from './allocate.ts';
import type { KnownLease } from './lease.ts';
import type { InnerMtu } from './mtu.ts';

/** Another host of the overlay. Its subnet is reached through its network address, that one at `vtepMac`, that one at `publicIp`. */
export interface Peer {
  readonly subnet: Cidr4;
  readonly vtepMac: MacAddress;
  readonly publicIp: Ipv4;
}

/** The VXLAN device as it has to be; the names are those of `ip -d link`. */
export interface VxlanDevice {
  readonly name: string;
  readonly vni: number;
  readonly lowerIfindex: number;
  readonly local: Ipv4;
  /** UDP port of the outer packets, never 0. */
  readonly port: number;
  readonly learning: boolean;
  readonly gbp: boolean;
  readonly mac: MacAddress;
  readonly mtu: InnerMtu;
}

/** Everything that is wanted in the kernel. */
export interface DesiredOverlay {
  readonly device: VxlanDevice;
  /** The device's own address, /32. */
  readonly address: Ipv4;
  /** The overlay's network: what lies outside it is not ours. */
  readonly network: Cidr4;
  readonly peers: readonly Peer[];
}

/** A lease that is left out, and why: one sentence for a person. */
export interface LeaseProblem {
  readonly key: string;
  readonly reason: string;
}

export interface PeerSelection {
  readonly peers: readonly Peer[];
  readonly problems: readonly LeaseProblem[];
}

export interface SelfInOverlay extends Self {
  readonly subnet: Cidr4;
  readonly vtepMac: MacAddress;
}

interface Candidate {
  readonly known: KnownLease;
  readonly lease: Peer & { readonly nodeId: string | undefined };
}

/** The IPv4 part of a vxlan lease. */
function peerOf({ lease: { subnets, publicIp, backend, nodeId } }: KnownLease): Candidate['lease'] | undefined {
  if (backend.kind !== 'vxlan' || subnets.ipv4 === undefined || backend.ipv4 === undefined) return undefined;
  return publicIp && { subnet: subnets.ipv4, vtepMac: backend.ipv4.vtepMac, publicIp, nodeId };
}

/** @returns why a lease can be no peer, `''` when it is our own and there is nothing to tell. */
function refusal({ known, lease }: Candidate, self: SelfInOverlay): string | undefined {
  const subnet = formatCidr4(lease.subnet);
  if (lease.nodeId === self.nodeId || hasAddressOf(known.lease, self)) return '';
  if (cidr4Overlaps(lease.subnet, self.subnet)) {
    return `${subnet} overlaps this host's own ${formatCidr4(self.subnet)}: one of the two leases has to go (${known.key})`;
  }
  if (lease.vtepMac === self.vtepMac) {
    return `${subnet} has this host's own VTEP MAC ${lease.vtepMac}: was the machine's disk copied?`;
  }
  return undefined;
}

/**
 * Of leases that overlap the one that was there first stays, on every host alike: two peers cannot share a neighbour address
 * or a route. Sorted by subnet, so a lease can only overlap the one that reaches furthest before it.
 */
function withoutOverlaps(candidates: readonly Candidate[], problems: LeaseProblem[]): Candidate[] {
  const kept: Candidate[] = [];
  const older = (a: Candidate, b: Candidate): boolean => a.known.createRevision <= b.known.createRevision;
  const dropped = (loser: Candidate, winner: Candidate): void => {
    const reason = `${formatCidr4(loser.lease.subnet)} overlaps ${formatCidr4(winner.lease.subnet)}, which was leased first`;
    problems.push({ key: loser.known.key, reason });
  };
  for (const candidate of candidates.toSorted((a, b) => a.lease.subnet.address - b.lease.subnet.address)) {
    let keep = true;
    for (let last = kept.at(-1); last !== undefined && cidr4Overlaps(last.lease.subnet, candidate.lease.subnet);) {
      if (older(last, candidate)) {
        dropped(candidate, last);
        keep = false;
        break;
      }
      dropped(last, candidate);
      kept.pop();
      last = kept.at(-1);
    }
    if (keep) kept.push(candidate);
  }
  return kept;
}

/** One VTEP MAC leads to one host: of leases that disagree the one written last is right, for a host keeps its MAC when it moves. */
function withoutSharedMacs(candidates: readonly Candidate[], problems: LeaseProblem[]): Candidate[] {
  const newest = new Map<MacAddress, Candidate>();
  for (const candidate of candidates) {
    const known = newest.get(candidate.lease.vtepMac);
    if (known === undefined || candidate.known.modRevision > known.known.modRevision) {
      newest.set(candidate.lease.vtepMac, candidate);
    }
  }
  return candidates.filter(({ known, lease }) => {
    const owner = newest.get(lease.vtepMac)?.lease.publicIp;
    if (owner === undefined || owner === lease.publicIp) return true;
    const reason = `${formatCidr4(lease.subnet)} has the VTEP MAC ${lease.vtepMac} of the host at ${formatIpv4(owner)}, which wrote its lease later`;
    problems.push({ key: known.key, reason });
    return false;
  });
}

/**
 * The hosts to be reached: every vxlan lease but our own, without those that contradict another one. The choice depends on the
 * leases alone, so all hosts make the same.
 */
export function selectPeers(leases: Iterable<KnownLease>, self: SelfInOverlay): PeerSelection {
  const problems: LeaseProblem[] = [];
  const candidates: Candidate[] = [];
  for (const known of leases) {
    const lease = peerOf(known);
    if (lease === undefined) continue;
    const reason = refusal({ known, lease }, self);
    if (reason === undefined) candidates.push({ known, lease });
    else if (reason !== '') problems.push({ key: known.key, reason });
  }
  const chosen = withoutSharedMacs(withoutOverlaps(candidates, problems), problems);
  return {
    peers: chosen.map(({ lease: { subnet, vtepMac, publicIp } }) => ({ subnet, vtepMac, publicIp })),
    problems,
  };
}
