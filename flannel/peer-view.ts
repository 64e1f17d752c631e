import { cidrKey, formatCidr, type Cidr, type IpAddress } from '../native/net/ip.ts';
import type { MacAddress } from '../native/net/mac.ts';
import type { KnownLease, LeaseUpdate } from './model/lease.ts';
import type { Peer } from './model/overlay.ts';
import { planPeerChange, type EntryStep } from './model/peer-change.ts';
import { vxlanPeer } from './model/plan.ts';
import { selectPeers, type LeaseProblem, type PeerSelection, type SelfInOverlay } from './model/select-peers.ts';
import { parseSubnetKey } from './wire.ts';

/** More changes than these in one update are left to the loop, which programs them in batches. */
const SHORT_PATH_CHANGES = 8;

export type LeaseDelta = LeaseUpdate & { readonly kind: 'delta' };

/** The peers of one family that follow from the leases, and what one update changes about them. */
export class PeerView {
  #self: SelfInOverlay;
  readonly #nexthopObjects: boolean;
  #selection: PeerSelection = { peers: [], problems: [] };
  #byAddress: ReadonlyMap<IpAddress, Peer> = new Map();
  #remotes: ReadonlyMap<MacAddress, IpAddress> = new Map();

  /** Subnets whose key was seen deleted, until {@link PeerView.forgetDeletions}. */
  readonly deleted = new Set<string>();

  constructor(self: SelfInOverlay, options: { readonly nexthopObjects: boolean }) {
    this.#self = self;
    this.#nexthopObjects = options.nexthopObjects;
  }

  get family(): SelfInOverlay['family'] {
    return this.#self.family;
  }

  get peers(): readonly Peer[] {
    return this.#selection.peers;
  }

  /** Leases left out because they contradict others. */
  get problems(): readonly LeaseProblem[] {
    return this.#selection.problems;
  }

  /** This host has other addresses now; takes effect with the next selection. */
  moveSelf(addresses: Pick<SelfInOverlay, 'publicIp' | 'publicIpv6'>): void {
    this.#self = { ...this.#self, ...addresses };
  }

  /** The peer whose subnet starts at `address`: no two do, for that is its neighbour address too. */
  peerAt(address: IpAddress): Peer | undefined {
    return this.#byAddress.get(address);
  }

  /** The host that a VTEP MAC leads to. */
  remoteOf(mac: MacAddress): IpAddress | undefined {
    return this.#remotes.get(mac);
  }

  /** Chooses anew among all leases. */
  select(leases: ReadonlyMap<string, KnownLease>): void {
    this.#selection = selectPeers(leases.values(), this.#self);
    const { peers } = this.#selection;
    this.#byAddress = new Map(peers.map((peer) => [peer.subnet.address, peer]));
    this.#remotes = new Map(
      peers.flatMap(({ vtepMac, publicIp }) => (vtepMac === undefined ? [] : [[vtepMac, publicIp]])),
    );
  }

  /** Takes a delta. @returns the steps for the short path, `[]` when they are the loop's business: many, or several removals. */
  change(update: LeaseDelta, leases: ReadonlyMap<string, KnownLease>): EntryStep[] {
    const before = this.#byAddress;
    this.select(leases);
    const touched = new Map<number | string, Cidr>();
    let removals = 0;
    for (const change of update.changes) {
      const subnet = subnetOf(change.kind === 'put' ? change.lease.key : change.key, this.family);
      if (subnet === undefined) continue;
      touched.set(cidrKey(subnet), subnet);
      if (change.kind === 'put') {
        this.deleted.delete(formatCidr(subnet));
      } else {
        removals += 1;
        this.deleted.add(formatCidr(subnet));
      }
    }
    if (touched.size > SHORT_PATH_CHANGES || removals > 1) return [];
    const rules = {
      nexthopObjects: this.#nexthopObjects,
      isMacInUse: (mac: MacAddress): boolean => this.#remotes.has(mac),
    };
    return [...touched.values()].flatMap((subnet) =>
      planPeerChange(peerIn(before, subnet), peerIn(this.#byAddress, subnet), rules),
    );
  }

  forgetDeletions(): void {
    this.deleted.clear();
  }
}

function peerIn(peers: ReadonlyMap<IpAddress, Peer>, subnet: Cidr): ReturnType<typeof vxlanPeer> {
  const peer = peers.get(subnet.address);
  return peer?.subnet.prefixLength === subnet.prefixLength ? vxlanPeer(peer) : undefined;
}

function subnetOf(key: string, family: SelfInOverlay['family']): Cidr | undefined {
  try {
    return parseSubnetKey(key)[family];
  } catch {
    return undefined; // junk
  }
}
