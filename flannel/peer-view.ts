import type { Logger } from '../native/host/log.ts';
import { formatCidr4 } from '../native/net/cidr.ts';
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
  #bySubnet: ReadonlyMap<string, Peer> = new Map();
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

  /** Chooses anew among all leases; contradictions are logged when they change. */
  select(leases: ReadonlyMap<string, KnownLease>): void {
    this.#selection = selectPeers(leases.values(), this.#self);
    const { peers, problems } = this.#selection;
    this.#bySubnet = new Map(peers.map((peer) => [formatCidr4(peer.subnet), peer]));
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
    const before = this.#bySubnet;
    this.select(leases);
    const subnets = new Set<string>();
    let removals = 0;
    for (const change of update.changes) {
      const subnet = subnetOf(change.kind === 'put' ? change.lease.key : change.key);
      if (subnet === undefined) continue;
      subnets.add(subnet);
      if (change.kind === 'put') {
        this.deleted.delete(subnet);
      } else {
        removals += 1;
        this.deleted.add(subnet);
      }
    }
    if (subnets.size > SHORT_PATH_CHANGES || removals > 1) return [];
    const isMacInUse = (mac: MacAddress): boolean => this.peers.some(({ vtepMac }) => vtepMac === mac);
    return [...subnets].flatMap((subnet) => planPeerChange(before.get(subnet), this.#bySubnet.get(subnet), isMacInUse));
  }

  forgetDeletions(): void {
    this.deleted.clear();
  }
}

function subnetOf(key: string): string | undefined {
  try {
    return formatCidr4(parseSubnetKey(key));
  } catch {
    return undefined; // junk
  }
}
