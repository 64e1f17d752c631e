import { cidrKey, formatCidr, formatIp, type Cidr, type IpAddress } from '../native/net/ip.ts';
import type { StepFailure } from './io/kernel.ts';
import type { LeaseSource } from './model/lease.ts';
import type { DesiredState, Family, Peer } from './model/overlay.ts';
import { networksLost } from './model/removal-guard.ts';
import type { Step } from './model/step.ts';
import type { PeerView } from './peer-view.ts';
import type { Section } from './reconciler.ts';
import type { PeerStatus } from './status-wire.ts';

export interface ReportedPass {
  readonly desired: DesiredState;
  /** Before the guard held anything back. */
  readonly planned: readonly Section[];
  /** What was done. */
  readonly sections: readonly Section[];
  readonly failures: readonly StepFailure[];
}

const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

/** Remembers how the last pass left each peer, and tells it when somebody asks. */
export class PeerReport {
  readonly #backend: string;
  readonly #errors = new Map<number | string, string>();
  readonly #errorsAt = new Map<string | IpAddress, string>();
  #direct = new Set<number | string>();
  #held: Cidr[] = [];
  #seen = false;

  /** @param backend of the network, the one that peers share. */
  constructor(backend: string) {
    this.#backend = backend;
  }

  pass({ desired, planned, sections, failures }: ReportedPass): void {
    this.#seen = true;
    this.#direct = new Set(desired.direct.flatMap(({ peers }) => peers.map(({ subnet }) => cidrKey(subnet))));
    this.#held = planned === sections ? [] : removalsLeftOut(planned, sections);
    this.#errors.clear();
    this.#errorsAt.clear();
    for (const { step, error } of failures) this.#note(step, error.message);
  }

  /** One entry for each host that has to be reached, and one for each that is held. @param grave why no peer can be reached. */
  list(views: readonly PeerView[], leases: LeaseSource, grave: string | undefined): PeerStatus[] {
    const bySubnet = new Map(views.flatMap(({ peers }) => peers.map((peer) => [cidrKey(peer.subnet), peer] as const)));
    const wanted = [...leases.values()].flatMap(({ lease }) => {
      const peers = FAMILIES.flatMap((family): Peer[] => {
        const subnet = lease.subnets[family];
        const peer = subnet && bySubnet.get(cidrKey(subnet));
        return peer === undefined ? [] : [peer];
      });
      return peers.length === 0 ? [] : [this.#wanted(peers, lease.nodeId, grave)];
    });
    return [...wanted, ...this.#held.map((subnet) => this.#heldPeer(subnet))];
  }

  #note(step: Step, message: string): void {
    if ('destination' in step) this.#errors.set(cidrKey(step.destination), message);
    else if ('mac' in step) this.#errorsAt.set(step.mac, message);
    if ('address' in step) this.#errorsAt.set(step.address, message);
    if ('gateway' in step && step.gateway !== undefined) this.#errorsAt.set(step.gateway, message);
  }

  #errorOf({ subnet, vtepMac }: Peer): string | undefined {
    return (
      this.#errors.get(cidrKey(subnet)) ??
      this.#errorsAt.get(subnet.address) ??
      (vtepMac === undefined ? undefined : this.#errorsAt.get(vtepMac))
    );
  }

  #wanted(peers: readonly Peer[], nodeId: string | undefined, grave: string | undefined): PeerStatus {
    const [first] = peers;
    const ipv4 = peers.find(({ subnet }) => typeof subnet.address === 'number');
    const ipv6 = peers.find(({ subnet }) => typeof subnet.address === 'bigint');
    const error = grave ?? peers.map((peer) => this.#errorOf(peer)).find((message) => message !== undefined);
    const settled = this.#seen ? 'programmed' : 'pending';
    return {
      subnets: peers.map(({ subnet }) => formatCidr(subnet)),
      nodeId,
      publicIp: ipv4 && formatIp(ipv4.publicIp),
      publicIpv6: ipv6 && formatIp(ipv6.publicIp),
      backend: this.#backend,
      vtepMac: ipv4?.vtepMac,
      vtepMacIpv6: ipv6?.vtepMac,
      publicKey: first?.wireguard?.publicKey,
      via: first === undefined ? 'none' : this.#via(first.subnet),
      state: error === undefined ? settled : 'failed',
      error,
    };
  }

  #via(subnet: Cidr): string {
    if (this.#backend === 'alloc') return 'none';
    return this.#backend === 'host-gw' || this.#direct.has(cidrKey(subnet)) ? 'direct' : this.#backend;
  }

  #heldPeer(subnet: Cidr): PeerStatus {
    return { subnets: [formatCidr(subnet)], backend: this.#backend, via: this.#via(subnet), state: 'held' };
  }
}

function removalsLeftOut(planned: readonly Section[], sections: readonly Section[]): Cidr[] {
  const done = new Set(sections.flatMap(({ steps }) => steps));
  return planned.flatMap(({ steps }) => steps.flatMap((step) => (done.has(step) ? [] : networksLost(step))));
}
