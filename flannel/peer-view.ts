import type { Logger } from '../native/host/log.ts';
import { formatCidr4, sameCidr4, type Cidr4 } from '../native/net/cidr.ts';
import type { Ipv4 } from '../native/net/ipv4.ts';
import type { MacAddress } from '../native/net/mac.ts';
import type { KnownLease, LeaseUpdate } from './model/lease.ts';
import { selectPeers, type Peer, type PeerSelection, type SelfInOverlay } from './model/overlay.ts';
import { planPeerChange, type EntryStep } from './model/peer-change.ts';
import type { FlannelStatus } from './status.ts';
import { parseSubnetKey } from './wire.ts';

/** More changes than these in one update are left to the loop, which programs them in batches. */
const SHORT_PATH_CHANGES = 8;

type Delta = LeaseUpdate & { readonly kind: 'delta' };

/** The peers that follow from the leases, and what one update changes about them. */
export class PeerView {
  readonly #self: SelfInOverlay;
  readonly #status: FlannelStatus;
  readonly #log: Logger;
  #selection: PeerSelection = { peers: [], problems: [] };
  #byAddress: ReadonlyMap<Ipv4, Peer> = new Map();
  #remotes: ReadonlyMap<MacAddress, Ipv4> = new Map();
  #problemKeys = '';

  /** Subnets whose key was seen deleted, until {@link PeerView.forgetDeletions}. */
  readonly deleted = new Set<string>();

  constructor(self: SelfInOverlay, status: FlannelStatus, log: Logger) {
    this.#self = self;
    this.#status = status;
    this.#log = log;
  }

  get peers(): readonly Peer[] {
    return this.#selection.peers;
  }

  /** The peer whose subnet starts at `address`: no two do, for that is its neighbour address too. */
  peerAt(address: Ipv4): Peer | undefined {
    return this.#byAddress.get(address);
  }

  /** The host that a VTEP MAC leads to. */
  remoteOf(mac: MacAddress): Ipv4 | undefined {
    return this.#remotes.get(mac);
  }

  /** Chooses anew among all leases; contradictions are logged when they change. */
  select(leases: ReadonlyMap<string, KnownLease>): void {
    this.#selection = selectPeers(leases.values(), this.#self);
    const { peers, problems } = this.#selection;
    this.#byAddress = new Map(peers.map((peer) => [peer.subnet.address, peer]));
    this.#remotes = new Map(peers.map(({ vtepMac, publicIp }) => [vtepMac, publicIp]));
    this.#status.levels.peers = peers.length;
    this.#status.levels.contradictions = problems.length;
    const problemKeys = problems.map(({ key }) => key).join(' ');
    if (problemKeys !== this.#problemKeys && problems.length > 0) {
      this.#log.warn({ problems }, 'leases contradict each other');
    }
    this.#problemKeys = problemKeys;
  }

  /** Takes a delta. @returns the steps for the short path, `[]` when they are the loop's business: many, or several removals. */
  change(update: Delta, leases: ReadonlyMap<string, KnownLease>): EntryStep[] {
    const before = this.#byAddress;
    this.select(leases);
    const touched = new Map<string, Cidr4>();
    let removals = 0;
    for (const change of update.changes) {
      const subnet = subnetOf(change.kind === 'put' ? change.lease.key : change.key);
      if (subnet === undefined) continue;
      const text = formatCidr4(subnet);
      touched.set(text, subnet);
      if (change.kind === 'put') {
        this.deleted.delete(text);
      } else {
        removals += 1;
        this.deleted.add(text);
      }
    }
    if (touched.size > SHORT_PATH_CHANGES || removals > 1) return [];
    const peerIn = (peers: ReadonlyMap<Ipv4, Peer>, subnet: Cidr4): Peer | undefined => {
      const peer = peers.get(subnet.address);
      return peer !== undefined && sameCidr4(peer.subnet, subnet) ? peer : undefined;
    };
    const isMacInUse = (mac: MacAddress): boolean => this.#remotes.has(mac);
    return [...touched.values()].flatMap((subnet) =>
      planPeerChange(peerIn(before, subnet), peerIn(this.#byAddress, subnet), isMacInUse),
    );
  }

  forgetDeletions(): void {
    this.deleted.clear();
  }
}

function subnetOf(key: string): Cidr4 | undefined {
  try {
    return parseSubnetKey(key).ipv4;
  } catch {
    return undefined; // junk
  }
}
