import type { Cidr, IpAddress } from '../../native/net/ip.ts';
import type { MacAddress } from '../../native/net/mac.ts';
import type { VxlanPeer } from './overlay.ts';
import { nexthopIdOf } from './plan.ts';
import type { Step } from './step.ts';

/** A step on a peer's entries. */
export type EntryStep = Extract<
  Step,
  {
    kind:
      | 'set-neighbor'
      | 'set-fdb'
      | 'set-nexthop'
      | 'add-route'
      | 'remove-route'
      | 'remove-nexthop'
      | 'remove-fdb'
      | 'remove-neighbor';
  }
>;

/** An entry of a peer that an event says is gone from a device of ours, or is not what it has to be: this. */
export type MissingEntry = { readonly ifindex: number } & (
  | { readonly kind: 'neighbor'; readonly address: IpAddress; readonly mac: MacAddress }
  | { readonly kind: 'fdb'; readonly mac: MacAddress; readonly remote: IpAddress }
  | { readonly kind: 'route'; readonly destination: Cidr }
);

/** What puts it back, without a look at the kernel. A route that somebody else set meanwhile is left to the loop: it fails. */
export function restoreSteps(entry: MissingEntry, rules: Pick<PeerChangeRules, 'nexthopObjects'>): EntryStep[] {
  switch (entry.kind) {
    case 'neighbor':
      return [{ kind: 'set-neighbor', address: entry.address, mac: entry.mac }];
    case 'fdb':
      return [{ kind: 'set-fdb', mac: entry.mac, remote: entry.remote }];
    case 'route': {
      const { destination } = entry;
      const nexthopId = nexthopIdOf(rules, destination);
      const nexthop: EntryStep[] =
        nexthopId === undefined ? [] : [{ kind: 'set-nexthop', nexthopId, gateway: destination.address }];
      return [...nexthop, { kind: 'add-route', destination, nexthopId }];
    }
  }
}

export interface PeerChangeRules {
  readonly nexthopObjects: boolean;
  readonly isMacInUse: (mac: VxlanPeer['vtepMac']) => boolean;
}

/**
 * The steps of one subnet whose host came, changed or left, without a look at the kernel: the short path. The loop confirms them. An
 * FDB entry goes only when no other peer has its MAC.
 */
export function planPeerChange(
  before: VxlanPeer | undefined,
  after: VxlanPeer | undefined,
  rules: PeerChangeRules,
): EntryStep[] {
  const added = after === undefined ? [] : setSteps(before, after, rules);
  return before === undefined ? added : [...added, ...removeSteps(before, after, rules)];
}

function setSteps(
  before: VxlanPeer | undefined,
  { subnet, vtepMac, publicIp }: VxlanPeer,
  rules: PeerChangeRules,
): EntryStep[] {
  const isNewMac = before?.vtepMac !== vtepMac;
  const nexthopId = nexthopIdOf(rules, subnet);
  const nexthop: EntryStep[] =
    nexthopId === undefined ? [] : [{ kind: 'set-nexthop', nexthopId, gateway: subnet.address }];
  return [
    ...(isNewMac ? [{ kind: 'set-neighbor', address: subnet.address, mac: vtepMac } as const] : []),
    ...(isNewMac || before.publicIp !== publicIp ? [{ kind: 'set-fdb', mac: vtepMac, remote: publicIp } as const] : []),
    ...(before === undefined ? [...nexthop, { kind: 'add-route', destination: subnet, nexthopId } as const] : []),
  ];
}

function removeSteps(
  { subnet, vtepMac, publicIp }: VxlanPeer,
  after: VxlanPeer | undefined,
  rules: PeerChangeRules,
): EntryStep[] {
  const isLost = after?.vtepMac !== vtepMac && !rules.isMacInUse(vtepMac);
  const fdb: EntryStep[] = isLost ? [{ kind: 'remove-fdb', mac: vtepMac, remote: publicIp }] : [];
  if (after !== undefined) return fdb;
  const nexthopId = nexthopIdOf(rules, subnet);
  return [
    { kind: 'remove-route', destination: subnet, gateway: subnet.address },
    ...(nexthopId === undefined ? [] : [{ kind: 'remove-nexthop', nexthopId } as const]),
    ...fdb,
    { kind: 'remove-neighbor', address: subnet.address },
  ];
}
