import { cidrKey, formatCidr, type Cidr, type IpAddress } from '../native/net/ip.ts';
import type { MacAddress } from '../native/net/mac.ts';
import type { LeaseChange, LeaseSource, LeaseUpdate } from './model/lease.ts';
import type { Peer, VxlanPeer } from './model/overlay.ts';
import { PeerIndex } from './model/peer-index.ts';
import { planPeerChange, type EntryStep } from './model/peer-change.ts';
import { vxlanPeer } from './model/plan.ts';
import type { LeaseProblem, SelfInOverlay } from './model/select-peers.ts';
import { parseSubnetKey } from './wire.ts';

/** More changes than these in one update are left to the loop, which programs them in batches. */
const SHORT_PATH_CHANGES = 8;

export type LeaseDelta = LeaseUpdate & { readonly kind: 'delta' };

/** The peers of one family that follow from the leases, and what one update changes about them. */
export class PeerView {
  #self: SelfInOverlay;
  readonly #nexthopObjects: boolean;
  readonly #index = new PeerIndex();

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
    return this.#index.peers;
  }

  /** How many peers. */
  get size(): number {
    return this.#index.size;
  }

  /** Leases left out because they contradict others. */
  get problems(): readonly LeaseProblem[] {
    return this.#index.problems;
  }

  /** This host has other addresses now; takes effect with the next selection. */
  moveSelf(addresses: Pick<SelfInOverlay, 'publicIp' | 'publicIpv6'>): void {
    this.#self = { ...this.#self, ...addresses };
  }

  /** The peer whose subnet starts at `address`: no two do, for that is its neighbour address too. */
  peerAt(address: IpAddress): Peer | undefined {
    return this.#index.at(address);
  }

  /** The host that a VTEP MAC leads to. */
  remoteOf(mac: MacAddress): IpAddress | undefined {
    return this.#index.remoteOf(mac);
  }

  /** Chooses anew among all leases. */
  select(leases: LeaseSource): void {
    this.#index.select(leases, this.#self);
  }

  /** Whether this host's own key went together with others: leases that ran out while nobody reached etcd, not hosts that left. */
  isMassLoss({ changes }: LeaseDelta): boolean {
    const gone = changes.flatMap((change) => {
      const subnet = change.kind === 'put' ? undefined : subnetOf(change.key, this.family);
      return subnet === undefined ? [] : [cidrKey(subnet)];
    });
    return gone.length > 1 && gone.includes(cidrKey(this.#self.subnet));
  }

  /** Takes changes of leases. @returns the steps for the short path, `[]` when they are the loop's business: many, or several removals. */
  change(changes: readonly LeaseChange[], leases: LeaseSource): EntryStep[] {
    const touched = new Map<number | string, { subnet: Cidr; before: VxlanPeer | undefined }>();
    let removals = 0;
    for (const change of changes) {
      const subnet = subnetOf(change.kind === 'put' ? change.lease.key : change.key, this.family);
      if (subnet === undefined) continue;
      touched.set(cidrKey(subnet), { subnet, before: this.#peerIn(subnet) });
      if (change.kind === 'put') {
        this.deleted.delete(formatCidr(subnet));
      } else {
        removals += 1;
        this.deleted.add(formatCidr(subnet));
      }
    }
    for (const change of changes) this.#index.change(change, leases, this.#self);
    if (touched.size > SHORT_PATH_CHANGES || removals > 1) return [];
    const rules = {
      nexthopObjects: this.#nexthopObjects,
      isMacInUse: (mac: MacAddress): boolean => this.#index.remoteOf(mac) !== undefined,
    };
    return [...touched.values()].flatMap(({ subnet, before }) => planPeerChange(before, this.#peerIn(subnet), rules));
  }

  forgetDeletions(): void {
    this.deleted.clear();
  }

  #peerIn(subnet: Cidr): VxlanPeer | undefined {
    const peer = this.#index.at(subnet.address);
    return peer?.subnet.prefixLength === subnet.prefixLength ? vxlanPeer(peer) : undefined;
  }
}

function subnetOf(key: string, family: SelfInOverlay['family']): Cidr | undefined {
  try {
    return parseSubnetKey(key)[family];
  } catch {
    return undefined; // junk
  }
}
