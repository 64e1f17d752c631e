import {
  cidrContains,
  cidrKey,
  cidrOverlaps,
  formatCidr,
  type Cidr,
  type InterfaceAddress,
} from '../../native/net/ip.ts';

/** An interface as far as it can be in the overlay's way. */
export interface ConflictLink {
  readonly ifindex: number;
  readonly name: string;
  readonly vxlan: { readonly vni: number; readonly port: number } | undefined;
}

export interface ConflictAddress {
  readonly ifindex: number;
  readonly address: InterfaceAddress;
}

/** A route of the main table. */
export interface ConflictRoute {
  readonly destination: Cidr;
  readonly oif: number | undefined;
  /** Set by weft. */
  readonly ours: boolean;
}

export interface ConflictView {
  readonly links: readonly ConflictLink[];
  readonly addresses: readonly ConflictAddress[];
  readonly routes: readonly ConflictRoute[];
}

export interface OverlayPlace {
  /** Of our own devices. */
  readonly deviceNames: readonly string[];
  /** vxlan only. */
  readonly vxlan: { readonly vni: number; readonly port: number } | undefined;
  readonly networks: readonly Cidr[];
  readonly subnets: readonly Cidr[];
  /** Subnets of peers: a route of somebody else to one of these is told as the failure of ours. */
  readonly peers: ReadonlySet<number | string>;
}

/** Bridges that container runtimes make from subnet.env, and the way to have them made anew. */
const RUNTIME_BRIDGES: ReadonlyMap<string, string> = new Map([
  ['docker0', 'restart dockerd with the --bip of subnet.env'],
  ['cni0', 'remove it with `ip link del cni0`, the next container makes it anew'],
]);

function sameVni({ links }: ConflictView, { deviceNames, vxlan }: OverlayPlace): string[] {
  if (vxlan === undefined) return [];
  return links
    .filter((link) => !deviceNames.includes(link.name))
    .filter((link) => link.vxlan?.vni === vxlan.vni && link.vxlan.port === vxlan.port)
    .map(
      ({ name }) =>
        `${name} is a vxlan device with VNI ${vxlan.vni} and port ${vxlan.port} as well: delete it, or give one of them another VNI or Port`,
    );
}

function strayBridges({ links, addresses }: ConflictView, { networks, subnets }: OverlayPlace): string[] {
  return links.flatMap(({ name, ifindex }) => {
    const remedy = RUNTIME_BRIDGES.get(name);
    if (remedy === undefined) return [];
    return addresses
      .filter((entry) => entry.ifindex === ifindex && isStray(entry.address, networks, subnets))
      .map(
        ({ address }) =>
          `${name} has ${formatCidr(address)}, but this host leases ${subnets.map(formatCidr).join(' and ')}: ${remedy}`,
      );
  });
}

const isStray = ({ address }: InterfaceAddress, networks: readonly Cidr[], subnets: readonly Cidr[]): boolean =>
  networks.some((network) => cidrContains(network, address)) &&
  !subnets.some((subnet) => cidrContains(subnet, address));

function overlappingRoutes({ links, routes }: ConflictView, place: OverlayPlace): string[] {
  const own = new Set(links.filter(({ name }) => place.deviceNames.includes(name)).map(({ ifindex }) => ifindex));
  const isForeign = ({ destination, oif, ours }: ConflictRoute): boolean =>
    !ours &&
    destination.prefixLength > 0 &&
    !(oif !== undefined && own.has(oif)) &&
    !place.peers.has(cidrKey(destination)) &&
    // The bridge of this host's containers, and what runs behind it.
    !place.subnets.some((subnet) => cidrOverlaps(subnet, destination));
  return routes.filter(isForeign).flatMap((route) => {
    const network = place.networks.find((range) => takesFrom(range, route.destination));
    if (network === undefined) return [];
    const device = links.find(({ ifindex }) => ifindex === route.oif)?.name ?? 'another place';
    return [
      `the route to ${formatCidr(route.destination)} over ${device} takes packets out of the overlay's ${formatCidr(network)}: ` +
        'remove it, or choose another Network',
    ];
  });
}

/** A wider route loses to the peers' own; one inside takes their packets. */
const takesFrom = (network: Cidr, destination: Cidr): boolean =>
  destination.prefixLength >= network.prefixLength && cidrContains(network, destination.address);

/** What stands in the overlay's way on this host: one sentence each, with the remedy. */
export function findConflicts(view: ConflictView, place: OverlayPlace): string[] {
  return [...sameVni(view, place), ...strayBridges(view, place), ...overlappingRoutes(view, place)];
}
