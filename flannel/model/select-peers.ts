import { cidrOverlaps, formatCidr, formatIp, type Cidr, type IpAddress } from '../../native/net/ip.ts';
import { isUnicastMac, type MacAddress } from '../../native/net/mac.ts';
import { hasAddressOf, type Self } from './allocate.ts';
import type { Backend } from './backend-config.ts';
import type { KnownLease } from './lease.ts';
import type { Family, Peer } from './overlay.ts';
import { isInside } from './plan.ts';

/** A lease that is left out, and why: one sentence for a person. */
export interface LeaseProblem {
  readonly key: string;
  readonly reason: string;
}

export interface PeerSelection {
  readonly peers: readonly Peer[];
  readonly problems: readonly LeaseProblem[];
}

/** This host's part in one family. */
export interface SelfInOverlay extends Self {
  readonly family: Family;
  readonly backend: Backend['kind'];
  /** Of the whole overlay: what lies outside it is not ours to route. */
  readonly network: Cidr;
  readonly subnet: Cidr;
  /** vxlan only. */
  readonly vtepMac: MacAddress | undefined;
}

interface Candidate {
  readonly known: KnownLease;
  readonly peer: Peer;
}

/** What a lease says of one family; `undefined` for another backend, or when it says nothing of the family. */
function peerOf({ lease }: KnownLease, { family, backend: wanted }: SelfInOverlay): Peer | undefined {
  const { subnets, publicIp, publicIpv6, backend } = lease;
  const subnet: Cidr | undefined = subnets[family];
  const address: IpAddress | undefined = family === 'ipv4' ? publicIp : publicIpv6;
  if (backend.kind !== wanted || subnet === undefined || address === undefined) return undefined;
  const plain = { subnet, publicIp: address, vtepMac: undefined, wireguard: undefined };
  if (backend.kind === 'vxlan') {
    const data = backend[family];
    return data && { ...plain, vtepMac: data.vtepMac };
  }
  return backend.kind === 'wireguard' ? { ...plain, wireguard: backend[family] ?? backend.ipv4 } : plain;
}

/** @returns why a lease can be no peer, `''` when it is our own and there is nothing to tell. */
function refusal({ known, peer }: Candidate, self: SelfInOverlay): string | undefined {
  const { lease } = known;
  if (lease.nodeId === self.nodeId || hasAddressOf(lease, self)) return '';
  if (!isInside(self.network, peer.subnet)) {
    return `${formatCidr(peer.subnet)} lies outside this host's Network ${formatCidr(self.network)} and is not routed`;
  }
  if (cidrOverlaps(peer.subnet, self.subnet)) {
    return `${formatCidr(peer.subnet)} overlaps this host's own ${formatCidr(self.subnet)}: one of the two leases has to go (${known.key})`;
  }
  if (peer.vtepMac !== undefined && peer.vtepMac === self.vtepMac) {
    return `${formatCidr(peer.subnet)} has this host's own VTEP MAC ${peer.vtepMac}: was the machine's disk copied?`;
  }
  if (peer.vtepMac !== undefined && !isUnicastMac(peer.vtepMac)) {
    return `${formatCidr(peer.subnet)} has the VTEP MAC ${peer.vtepMac}, which no host can have: expected one of a single device, such as 02:00:00:00:00:01`;
  }
  return undefined;
}

const bySubnet = (a: Candidate, b: Candidate): number => {
  if (a.peer.subnet.address === b.peer.subnet.address) return 0;
  return a.peer.subnet.address < b.peer.subnet.address ? -1 : 1;
};

/**
 * Of leases that overlap the one that was there first stays, on every host alike: two peers cannot share a neighbour address
 * or a route. Sorted by subnet, so a lease can only overlap the one that reaches furthest before it.
 */
function withoutOverlaps(candidates: readonly Candidate[], problems: LeaseProblem[]): Candidate[] {
  const kept: Candidate[] = [];
  const older = (a: Candidate, b: Candidate): boolean => a.known.createRevision <= b.known.createRevision;
  const dropped = (loser: Candidate, winner: Candidate): void => {
    const reason = `${formatCidr(loser.peer.subnet)} overlaps ${formatCidr(winner.peer.subnet)}, which was leased first`;
    problems.push({ key: loser.known.key, reason });
  };
  for (const candidate of candidates.toSorted(bySubnet)) {
    let keep = true;
    for (let last = kept.at(-1); last !== undefined && cidrOverlaps(last.peer.subnet, candidate.peer.subnet);) {
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
    const { vtepMac } = candidate.peer;
    if (vtepMac === undefined) continue;
    const known = newest.get(vtepMac);
    if (known === undefined || candidate.known.modRevision > known.known.modRevision) newest.set(vtepMac, candidate);
  }
  return candidates.filter(({ known, peer }) => {
    const owner = peer.vtepMac && newest.get(peer.vtepMac)?.peer.publicIp;
    if (owner === undefined || owner === peer.publicIp) return true;
    const reason = `${formatCidr(peer.subnet)} has the VTEP MAC ${peer.vtepMac ?? ''} of the host at ${formatIp(owner)}, which wrote its lease later`;
    problems.push({ key: known.key, reason });
    return false;
  });
}

/** What one lease is by itself: a peer that may still contradict others, a fault to be told, or nothing of ours: `undefined`. */
export function candidateOf(known: KnownLease, self: SelfInOverlay): Peer | LeaseProblem | undefined {
  const peer = peerOf(known, self);
  if (peer === undefined) return undefined;
  const reason = refusal({ known, peer }, self);
  if (reason === undefined) return peer;
  return reason === '' ? undefined : { key: known.key, reason };
}

/**
 * The hosts to be reached in one family: every lease of our backend but our own, without those that contradict another one. The
 * choice depends on the leases alone, so all hosts make the same.
 */
export function selectPeers(leases: Iterable<KnownLease>, self: SelfInOverlay): PeerSelection {
  const problems: LeaseProblem[] = [];
  const candidates: Candidate[] = [];
  for (const known of leases) {
    const candidate = candidateOf(known, self);
    if (candidate === undefined) continue;
    if ('reason' in candidate) problems.push(candidate);
    else candidates.push({ known, peer: candidate });
  }
  const chosen = withoutSharedMacs(withoutOverlaps(candidates, problems), problems);
  return { peers: chosen.map(({ peer }) => peer), problems };
}
