import { cidr4Contains, sameCidr4, type Cidr4, type InterfaceAddress4 } from '../../native/net/cidr.ts';
import type { IpAddress } from '../../native/net/ip.ts';
import type { Ipv4 } from '../../native/net/ipv4.ts';
import type { MacAddress } from '../../native/net/mac.ts';
import { correctionsOf, incompatibility, type ActualDevice, type DeviceCorrection } from './device.ts';
import type { DesiredOverlay, Peer, VxlanDevice } from './overlay.ts';

/** An ARP entry of our device. */
export interface ActualNeighbor {
  readonly address: Ipv4;
  readonly mac: MacAddress | undefined;
  readonly permanent: boolean;
}

/** A forwarding entry of our device. */
export interface ActualFdb {
  readonly mac: MacAddress;
  readonly remote: IpAddress | undefined;
  readonly permanent: boolean;
}

/** A route of the main table, without metric, over our device. */
export interface ActualRoute {
  readonly destination: Cidr4;
  readonly gateway: IpAddress | undefined;
  readonly onlink: boolean;
  /** All else is as we set it: unicast, scope universe, protocol boot, no preferred source. */
  readonly plain: boolean;
}

/** What the kernel holds, restricted to our device: all else is not ours. */
export interface ActualOverlay {
  readonly device: ActualDevice | undefined;
  readonly addresses: readonly InterfaceAddress4[];
  readonly neighbors: readonly ActualNeighbor[];
  readonly fdb: readonly ActualFdb[];
  readonly routes: readonly ActualRoute[];
}

export type Step =
  | { readonly kind: 'delete-link'; readonly ifindex: number; readonly name: string; readonly because: string }
  | { readonly kind: 'create-link'; readonly device: VxlanDevice }
  | { readonly kind: 'set-link'; readonly correction: DeviceCorrection }
  | { readonly kind: 'add-address'; readonly address: Ipv4 }
  | { readonly kind: 'set-neighbor'; readonly address: Ipv4; readonly mac: MacAddress }
  | { readonly kind: 'set-fdb'; readonly mac: MacAddress; readonly remote: Ipv4 }
  /** Fails when a route of somebody else's has the destination: that one is not ours to replace. */
  | { readonly kind: 'add-route'; readonly destination: Cidr4 }
  /** Takes the place of a route of our own device that differs. */
  | { readonly kind: 'replace-route'; readonly destination: Cidr4 }
  | { readonly kind: 'remove-route'; readonly destination: Cidr4; readonly gateway: IpAddress | undefined }
  | { readonly kind: 'remove-fdb'; readonly mac: MacAddress; readonly remote: IpAddress }
  | { readonly kind: 'remove-neighbor'; readonly address: Ipv4 }
  | { readonly kind: 'remove-address'; readonly address: Ipv4; readonly prefixLength: number };

const NOTHING: ActualOverlay = { device: undefined, addresses: [], neighbors: [], fdb: [], routes: [] };

/** Two numbers as one: a subnet's place in a Map. */
const keyOf = (subnet: Cidr4): number => subnet.address * 64 + subnet.prefixLength;

/** All-zero and multicast MACs forward to groups: never ours. */
const isUnicast = (mac: MacAddress): boolean =>
  mac !== '00:00:00:00:00:00' && (parseInt(mac.slice(0, 2), 16) & 1) === 0;

/** ARP, FDB, then route: with the route in place and no ARP entry the kernel would ask everybody for the gateway. */
function peerSteps(peers: readonly Peer[], actual: ActualOverlay): Step[] {
  const neighbors = new Map(actual.neighbors.map((neighbor) => [neighbor.address, neighbor]));
  const fdb = new Map(actual.fdb.map((entry) => [entry.mac, entry]));
  const routes = new Map(actual.routes.map((route) => [keyOf(route.destination), route]));
  const steps: Step[] = [];
  const forwarded = new Set<MacAddress>();
  for (const { subnet, vtepMac, publicIp } of peers) {
    const neighbor = neighbors.get(subnet.address);
    if (neighbor?.mac !== vtepMac || !neighbor.permanent) {
      steps.push({ kind: 'set-neighbor', address: subnet.address, mac: vtepMac });
    }
    const entry = fdb.get(vtepMac);
    // A host that changed its subnet has two leases with one MAC for a while.
    if ((entry?.remote !== publicIp || !entry.permanent) && !forwarded.has(vtepMac)) {
      steps.push({ kind: 'set-fdb', mac: vtepMac, remote: publicIp });
      forwarded.add(vtepMac);
    }
    const route = routes.get(keyOf(subnet));
    if (route === undefined) steps.push({ kind: 'add-route', destination: subnet });
    else if (!isOurRoute(route)) steps.push({ kind: 'replace-route', destination: subnet });
  }
  return steps;
}

const isOurRoute = ({ destination, gateway, onlink, plain }: ActualRoute): boolean =>
  gateway === destination.address && onlink && plain;

/**
 * What nobody wants any more, in reverse order. Ours are only onlink routes and permanent neighbours inside the network, and
 * permanent unicast forwarding entries, all of our own device.
 */
function removalSteps({ peers, network }: DesiredOverlay, actual: ActualOverlay): Step[] {
  const subnets = new Set(peers.map(({ subnet }) => keyOf(subnet)));
  const addresses = new Set(peers.map(({ subnet }) => subnet.address));
  const macs = new Set(peers.map(({ vtepMac }) => vtepMac));
  const isStaleRoute = ({ destination, onlink }: ActualRoute): boolean =>
    onlink && isInside(network, destination) && !subnets.has(keyOf(destination));
  const isStaleFdb = ({ mac, permanent }: ActualFdb): boolean => permanent && isUnicast(mac) && !macs.has(mac);
  const isStaleNeighbor = ({ address, permanent }: ActualNeighbor): boolean =>
    permanent && cidr4Contains(network, address) && !addresses.has(address);
  return [
    ...actual.routes
      .filter(isStaleRoute)
      .map(({ destination, gateway }): Step => ({ kind: 'remove-route', destination, gateway })),
    ...actual.fdb
      .filter(isStaleFdb)
      .flatMap(({ mac, remote }): Step[] => (remote === undefined ? [] : [{ kind: 'remove-fdb', mac, remote }])),
    ...actual.neighbors.filter(isStaleNeighbor).map(({ address }): Step => ({ kind: 'remove-neighbor', address })),
  ];
}

const isInside = (network: Cidr4, subnet: Cidr4): boolean =>
  subnet.prefixLength >= network.prefixLength && cidr4Contains(network, subnet.address);

function linkSteps(device: VxlanDevice, actual: ActualDevice | undefined): Step[] {
  if (actual === undefined) return [{ kind: 'create-link', device }];
  const because = incompatibility(device, actual);
  if (because !== undefined) {
    return [
      { kind: 'delete-link', ifindex: actual.ifindex, name: actual.name, because },
      { kind: 'create-link', device },
    ];
  }
  const correction = correctionsOf(device, actual);
  return correction === undefined ? [] : [{ kind: 'set-link', correction }];
}

/** What is left of the device's contents after the steps on the link: the kernel drops all ARP entries with the old MAC. */
function keptBy(link: readonly Step[], actual: ActualOverlay): ActualOverlay {
  if (link.some(({ kind }) => kind === 'create-link')) return NOTHING;
  const changesMac = link.some((step) => step.kind === 'set-link' && step.correction.mac !== undefined);
  return changesMac ? { ...actual, neighbors: [] } : actual;
}

/** Addresses inside the network are ours; those outside it somebody else's, also on our device. */
function addressSteps({ address, network }: DesiredOverlay, actual: ActualOverlay): { add: Step[]; remove: Step[] } {
  const wanted = { address, prefixLength: 32 };
  const remove: Step[] = actual.addresses
    .filter((found) => !sameCidr4(found, wanted) && cidr4Contains(network, found.address))
    .map(({ address: stale, prefixLength }) => ({ kind: 'remove-address', address: stale, prefixLength }));
  const present = actual.addresses.some((found) => sameCidr4(found, wanted));
  return { add: present ? [] : [{ kind: 'add-address', address }], remove };
}

/**
 * What turns `actual` into `desired`: link, address, then for each peer ARP, FDB, route; removals last and in reverse. Whole
 * values are compared. `[]` when they agree. A device that has to be made anew starts empty.
 */
export function plan(desired: DesiredOverlay, actual: ActualOverlay): Step[] {
  const link = linkSteps(desired.device, actual.device);
  const kept = keptBy(link, actual);
  const { add, remove } = addressSteps(desired, kept);
  return [...link, ...add, ...peerSteps(desired.peers, kept), ...removalSteps(desired, kept), ...remove];
}
