import type { IpAddress } from '../../native/net/ip.ts';
import type { MacAddress } from '../../native/net/mac.ts';
import type { LeaseChange, LeaseSource } from './lease.ts';
import type { Peer } from './overlay.ts';
import { candidateOf, selectPeers, type LeaseProblem, type SelfInOverlay } from './select-peers.ts';

/**
 * {@link selectPeers} kept up to date lease by lease. As long as no lease contradicts another one, a change that contradicts none
 * either concerns its own peer alone; with any other change all leases are chosen among anew.
 */
export class PeerIndex {
  #problems: readonly LeaseProblem[] = [];
  /** In the order of their subnets; `undefined` after a change, until somebody asks. */
  #sorted: readonly Peer[] | undefined = [];
  readonly #byAddress = new Map<IpAddress, Peer>();
  readonly #byKey = new Map<string, Peer>();
  readonly #remotes = new Map<MacAddress, IpAddress>();
  /** Prefix lengths of the subnets, also of some that left. */
  readonly #lengths = new Set<number>();
  /** Two leases of one host have its MAC both. */
  #hasSharedMacs = false;

  /** As {@link selectPeers} gives them. */
  get peers(): readonly Peer[] {
    this.#sorted ??= [...this.#byAddress.values()].sort((a, b) => (a.subnet.address < b.subnet.address ? -1 : 1));
    return this.#sorted;
  }

  get size(): number {
    return this.#byAddress.size;
  }

  get problems(): readonly LeaseProblem[] {
    return this.#problems;
  }

  /** The peer whose subnet starts at `address`: no two do. */
  at(address: IpAddress): Peer | undefined {
    return this.#byAddress.get(address);
  }

  /** The host that a VTEP MAC leads to. */
  remoteOf(mac: MacAddress): IpAddress | undefined {
    return this.#remotes.get(mac);
  }

  /** Chooses anew among all leases. */
  select(leases: LeaseSource, self: SelfInOverlay): void {
    const { peers, problems } = selectPeers(leases.values(), self);
    const chosen = new Map(peers.map((peer) => [peer.subnet.address, peer]));
    this.#problems = problems;
    this.#sorted = peers;
    this.#byAddress.clear();
    this.#byKey.clear();
    this.#remotes.clear();
    this.#lengths.clear();
    this.#hasSharedMacs = false;
    for (const peer of chosen.values()) this.#add(peer);
    // With a fault about, nothing is looked up by its key.
    if (problems.length > 0) return;
    for (const known of leases.values()) {
      const subnet = known.lease.subnets[self.family];
      const peer = subnet && chosen.get(subnet.address);
      if (peer !== undefined && candidateOf(known, self) !== undefined) this.#byKey.set(known.key, peer);
    }
  }

  /** Takes one change; `leases` has it already, and all that follow it in the same update. */
  change(change: LeaseChange, leases: LeaseSource, self: SelfInOverlay): void {
    const key = change.kind === 'put' ? change.lease.key : change.key;
    const before = this.#byKey.get(key);
    const after = change.kind === 'put' ? candidateOf(change.lease, self) : undefined;
    const isAlone = after === undefined || (!('reason' in after) && this.#isFree(after, before));
    if (this.#problems.length > 0 || this.#hasSharedMacs || !isAlone) {
      this.select(leases, self);
      return;
    }
    this.#sorted = undefined;
    if (before !== undefined) this.#remove(key, before);
    if (after === undefined || 'reason' in after) return;
    this.#add(after);
    this.#byKey.set(key, after);
  }

  /** Whether a peer shares neither MAC nor part of its subnet with any but the one that it replaces. */
  #isFree({ subnet, vtepMac }: Peer, before: Peer | undefined): boolean {
    if (vtepMac !== undefined && before?.vtepMac !== vtepMac && this.#remotes.has(vtepMac)) return false;
    // Of subnets of one length those that overlap start alike; others are left to the whole choice.
    if (this.#lengths.size > 1 || !(this.#lengths.size === 0 || this.#lengths.has(subnet.prefixLength))) return false;
    const there = this.#byAddress.get(subnet.address);
    return there === undefined || there === before;
  }

  #add(peer: Peer): void {
    const { subnet, vtepMac, publicIp } = peer;
    this.#byAddress.set(subnet.address, peer);
    this.#lengths.add(subnet.prefixLength);
    if (vtepMac === undefined) return;
    if (this.#remotes.has(vtepMac)) this.#hasSharedMacs = true;
    this.#remotes.set(vtepMac, publicIp);
  }

  #remove(key: string, { subnet, vtepMac }: Peer): void {
    this.#byKey.delete(key);
    this.#byAddress.delete(subnet.address);
    if (vtepMac !== undefined) this.#remotes.delete(vtepMac);
  }
}
