import {
  cidrContains,
  cidrKey,
  isCidr6,
  type Cidr,
  type InterfaceAddress,
  type IpAddress,
} from '../../native/net/ip.ts';
import { isUnicastMac, type MacAddress } from '../../native/net/mac.ts';
import { correctionsOf, incompatibility, type ActualDevice } from './device.ts';
import type { VxlanDevice, VxlanOverlay, VxlanPeer } from './overlay.ts';
import type { Step } from './step.ts';

/** An ARP or neighbour entry of our device. */
export interface ActualNeighbor {
  readonly address: IpAddress;
  readonly mac: MacAddress | undefined;
  readonly permanent: boolean;
}

/** A forwarding entry of our device. */
export interface ActualFdb {
  readonly mac: MacAddress;
  readonly remote: IpAddress | undefined;
  readonly permanent: boolean;
}

/** A nexthop object of ours over our device. */
export interface ActualNexthop {
  readonly id: number;
  readonly gateway: IpAddress | undefined;
  readonly onlink: boolean;
}

/** A route of the main table, without metric of its own, over our device. */
export interface ActualRoute {
  readonly destination: Cidr;
  readonly gateway: IpAddress | undefined;
  readonly onlink: boolean;
  readonly nexthopId: number | undefined;
  /** All else is as we set it: unicast, scope universe, protocol boot, no preferred source. */
  readonly plain: boolean;
}

/** What the kernel holds, restricted to our device: all else is not ours. */
export interface ActualOverlay {
  readonly device: ActualDevice | undefined;
  readonly addresses: readonly InterfaceAddress[];
  readonly neighbors: readonly ActualNeighbor[];
  readonly fdb: readonly ActualFdb[];
  readonly nexthops: readonly ActualNexthop[];
  readonly routes: readonly ActualRoute[];
}

const NOTHING: ActualOverlay = {
  device: undefined,
  addresses: [],
  neighbors: [],
  fdb: [],
  nexthops: [],
  routes: [],
};

/** The id of the nexthop object of a peer's route: its subnet's address, which no two peers share. `undefined` where none is wanted. */
export function nexthopIdOf(
  { nexthopObjects }: Pick<VxlanOverlay, 'nexthopObjects'>,
  subnet: Cidr,
): number | undefined {
  return nexthopObjects && !isCidr6(subnet) ? subnet.address : undefined;
}

/** What a device has, by what it is looked up with. */
class Tables {
  readonly neighbors: ReadonlyMap<IpAddress, ActualNeighbor>;
  readonly fdb: ReadonlyMap<MacAddress, ActualFdb>;
  readonly nexthops: ReadonlyMap<number, ActualNexthop>;
  readonly routes: ReadonlyMap<number | string, ActualRoute>;

  constructor({ neighbors, fdb, nexthops, routes }: ActualOverlay) {
    this.neighbors = new Map(neighbors.map((neighbor) => [neighbor.address, neighbor]));
    this.fdb = new Map(fdb.map((entry) => [entry.mac, entry]));
    this.nexthops = new Map(nexthops.map((nexthop) => [nexthop.id, nexthop]));
    this.routes = new Map(routes.map((route) => [cidrKey(route.destination), route]));
  }

  hasNeighbor({ subnet, vtepMac }: VxlanPeer): boolean {
    const neighbor = this.neighbors.get(subnet.address);
    return neighbor?.mac === vtepMac && neighbor.permanent;
  }

  hasFdb({ vtepMac, publicIp }: VxlanPeer): boolean {
    const entry = this.fdb.get(vtepMac);
    return entry?.remote === publicIp && entry.permanent;
  }

  hasNexthop(id: number, gateway: IpAddress): boolean {
    const nexthop = this.nexthops.get(id);
    return nexthop?.gateway === gateway && nexthop.onlink;
  }
}

/** ARP, FDB, then nexthop and route: with the route in place and no ARP entry the kernel would ask everybody for the gateway. */
function peerSteps(desired: VxlanOverlay, actual: ActualOverlay): Step[] {
  const tables = new Tables(actual);
  const steps: Step[] = [];
  // A host that changed its subnet has two leases with one MAC for a while.
  const forwarded = new Set<MacAddress>();
  for (const peer of desired.peers) {
    const { subnet, vtepMac, publicIp } = peer;
    if (!tables.hasNeighbor(peer)) steps.push({ kind: 'set-neighbor', address: subnet.address, mac: vtepMac });
    if (!forwarded.has(vtepMac) && !tables.hasFdb(peer)) {
      steps.push({ kind: 'set-fdb', mac: vtepMac, remote: publicIp });
      forwarded.add(vtepMac);
    }
    steps.push(...routeSteps(subnet, nexthopIdOf(desired, subnet), tables));
  }
  return steps;
}

function routeSteps(subnet: Cidr, nexthopId: number | undefined, tables: Tables): Step[] {
  const route = tables.routes.get(cidrKey(subnet));
  const hasNexthop = nexthopId === undefined || tables.hasNexthop(nexthopId, subnet.address);
  if (hasNexthop && route !== undefined && isOurRoute(route, nexthopId)) return NO_STEPS;
  const kind = route === undefined ? 'add-route' : 'replace-route';
  return [
    ...(hasNexthop ? [] : [{ kind: 'set-nexthop', nexthopId, gateway: subnet.address } as const]),
    { kind, destination: subnet, nexthopId },
  ];
}

const NO_STEPS: Step[] = [];

const isOurRoute = ({ destination, gateway, onlink, plain, ...route }: ActualRoute, nexthopId?: number): boolean =>
  gateway === destination.address && onlink && plain && route.nexthopId === nexthopId;

/**
 * What nobody wants any more, in reverse order. Ours are only onlink routes and permanent neighbours inside the network, our
 * nexthop objects, and permanent unicast forwarding entries, all of our own device.
 */
function removalSteps(desired: VxlanOverlay, actual: ActualOverlay): Step[] {
  const { peers, network } = desired;
  const subnets = new Set(peers.map(({ subnet }) => cidrKey(subnet)));
  const addresses = new Set<IpAddress>(peers.map(({ subnet }) => subnet.address));
  const macs = new Set(peers.map(({ vtepMac }) => vtepMac));
  const nexthops = new Set(peers.map(({ subnet }) => nexthopIdOf(desired, subnet)));
  const isStaleRoute = ({ destination, onlink }: ActualRoute): boolean =>
    onlink && isInside(network, destination) && !subnets.has(cidrKey(destination));
  // All-zero and multicast MACs forward to groups: never ours.
  const isStaleFdb = ({ mac, permanent }: ActualFdb): boolean => permanent && isUnicastMac(mac) && !macs.has(mac);
  const isStaleNeighbor = ({ address, permanent }: ActualNeighbor): boolean =>
    permanent && cidrContains(network, address) && !addresses.has(address);
  return [
    ...actual.routes
      .filter(isStaleRoute)
      .map(({ destination, gateway }): Step => ({ kind: 'remove-route', destination, gateway })),
    ...actual.nexthops
      .filter(({ id }) => !nexthops.has(id))
      .map(({ id }): Step => ({ kind: 'remove-nexthop', nexthopId: id })),
    ...actual.fdb
      .filter(isStaleFdb)
      .flatMap(({ mac, remote }): Step[] => (remote === undefined ? [] : [{ kind: 'remove-fdb', mac, remote }])),
    ...actual.neighbors.filter(isStaleNeighbor).map(({ address }): Step => ({ kind: 'remove-neighbor', address })),
  ];
}

/** Whether a subnet lies inside a network of its family. */
export function isInside(network: Cidr, subnet: Cidr): boolean {
  return subnet.prefixLength >= network.prefixLength && cidrContains(network, subnet.address);
}

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
function addressSteps({ address, network }: VxlanOverlay, actual: ActualOverlay): { add: Step[]; remove: Step[] } {
  const hostLength = typeof address === 'bigint' ? 128 : 32;
  const isWanted = (found: InterfaceAddress): boolean => found.address === address && found.prefixLength === hostLength;
  const remove: Step[] = actual.addresses
    .filter((found) => !isWanted(found) && cidrContains(network, found.address))
    .map(({ address: stale, prefixLength }) => ({ kind: 'remove-address', address: stale, prefixLength }));
  return { add: actual.addresses.some(isWanted) ? [] : [{ kind: 'add-address', address }], remove };
}

/**
 * What turns `actual` into `desired`: link, address, then for each peer ARP, FDB, route; removals last and in reverse. Whole
 * values are compared. `[]` when they agree. A device that has to be made anew starts empty.
 */
export function plan(desired: VxlanOverlay, actual: ActualOverlay): Step[] {
  const link = linkSteps(desired.device, actual.device);
  const kept = keptBy(link, actual);
  const { add, remove } = addressSteps(desired, kept);
  return [...link, ...add, ...peerSteps(desired, kept), ...removalSteps(desired, kept), ...remove];
}

/** A peer without whatever a vxlan device has no use for; `undefined` for a lease that tells no VTEP MAC. */
export function vxlanPeer({
  subnet,
  publicIp,
  vtepMac,
}: {
  subnet: Cidr;
  publicIp: IpAddress;
  vtepMac: MacAddress | undefined;
}): VxlanPeer | undefined {
  return vtepMac === undefined ? undefined : { subnet, publicIp, vtepMac };
}
