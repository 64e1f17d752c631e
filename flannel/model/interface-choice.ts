import type { Ipv4 } from '../../native/net/ipv4.ts';
import { formatIpv4, parseIpv4 } from '../../native/net/ipv4.ts';

export interface CandidateLink {
  readonly ifindex: number;
  readonly name: string;
  readonly mtu: number;
}

export interface CandidateAddress {
  readonly ifindex: number;
  readonly address: Ipv4;
  /** RT_SCOPE_*: 0 universe. */
  readonly scope: number;
  readonly permanent: boolean;
  readonly deprecated: boolean;
}

export interface CandidateRoute {
  /** `undefined` for a multipath route. */
  readonly oif: number | undefined;
}

export interface HostInterfaces {
  readonly links: readonly CandidateLink[];
  readonly addresses: readonly CandidateAddress[];
  /** Of the main table, in the kernel's order. */
  readonly defaultRoutes: readonly CandidateRoute[];
}

export interface InterfaceWish {
  /** `--iface`: names or addresses; the first that is there counts. */
  readonly iface: readonly string[];
  readonly publicIp: Ipv4 | undefined;
}

/** Where the overlay's packets leave this host. The name and address are the choice, the rest is how it stands now. */
export interface Underlay {
  readonly name: string;
  readonly address: Ipv4;
  readonly ifindex: number;
  readonly mtu: number;
  /** What other hosts are told to send to. */
  readonly publicIp: Ipv4;
}

/** No interface fits; one sentence. */
export class InterfaceChoiceError extends Error {
  override readonly name = 'InterfaceChoiceError';
}

const SCOPE_UNIVERSE = 0;
const LINK_LOCAL = parseIpv4('169.254.0.0');

const isLinkLocal = (address: Ipv4): boolean => address >= LINK_LOCAL && address < LINK_LOCAL + 0x10000;

/** Global before link-local, permanent before dynamic, else the kernel's order. */
function firstUsable(addresses: readonly CandidateAddress[], ifindex: number): Ipv4 | undefined {
  const usable = addresses.filter((a) => a.ifindex === ifindex && !a.deprecated && a.scope <= SCOPE_UNIVERSE + 253);
  const rank = (a: CandidateAddress): number => (isLinkLocal(a.address) ? 2 : 0) + (a.permanent ? 0 : 1);
  return usable.toSorted((a, b) => rank(a) - rank(b))[0]?.address;
}

function addressOn(host: HostInterfaces, link: CandidateLink): Ipv4 {
  const address = firstUsable(host.addresses, link.ifindex);
  if (address !== undefined) return address;
  throw new InterfaceChoiceError(
    `failed to find IPv4 address for interface ${link.name}: give it one, or choose another with --iface`,
  );
}

function linkByIndex(host: HostInterfaces, ifindex: number): CandidateLink | undefined {
  return host.links.find((link) => link.ifindex === ifindex);
}

interface Place {
  readonly link: CandidateLink;
  readonly address: Ipv4;
}

function byAddress(host: HostInterfaces, address: Ipv4): Place | undefined {
  const owner = host.addresses.find((candidate) => candidate.address === address);
  const link = owner && linkByIndex(host, owner.ifindex);
  return link && { link, address };
}

function asAddress(text: string): Ipv4 | undefined {
  try {
    return parseIpv4(text);
  } catch {
    return undefined; // an interface name
  }
}

function byWish(host: HostInterfaces, wish: string): Place | undefined {
  const address = asAddress(wish);
  if (address !== undefined) return byAddress(host, address);
  const link = host.links.find(({ name }) => name === wish);
  return link && { link, address: addressOn(host, link) };
}

function byDefaultRoute(host: HostInterfaces): Place {
  const [first] = host.defaultRoutes;
  if (first === undefined) {
    throw new InterfaceChoiceError('unable to find default route: name the interface with --iface');
  }
  const link = first.oif === undefined ? undefined : linkByIndex(host, first.oif);
  if (link === undefined) {
    throw new InterfaceChoiceError(
      'found default route but could not determine interface (it has several next hops): name the interface with --iface',
    );
  }
  return { link, address: addressOn(host, link) };
}

function choosePlace(host: HostInterfaces, { iface, publicIp }: InterfaceWish): Place {
  if (iface.length > 0) {
    const found = iface.map((wish) => byWish(host, wish)).find((place) => place !== undefined);
    if (found !== undefined) return found;
    throw new InterfaceChoiceError(
      `Failed to find interface to use that matches ${iface.join(', ')}: this host has ${host.links.map((l) => l.name).join(', ')}`,
    );
  }
  if (publicIp === undefined) return byDefaultRoute(host);
  const found = byAddress(host, publicIp);
  if (found !== undefined) return found;
  throw new InterfaceChoiceError(
    `no interface with the public address ${formatIpv4(publicIp)} found: behind NAT name the interface with --iface as well`,
  );
}

/** Chooses as flannel does: `--iface`, else the owner of `--public-ip`, else the default route's. @throws {InterfaceChoiceError} */
export function chooseUnderlay(host: HostInterfaces, wish: InterfaceWish): Underlay {
  const { link, address } = choosePlace(host, wish);
  return { ...link, address, publicIp: wish.publicIp ?? address };
}

/** The chosen interface as it stands now, found by name and address: its index changes when it is made anew. */
export function findUnderlay(
  host: Pick<HostInterfaces, 'links' | 'addresses'>,
  chosen: Underlay,
): Underlay | undefined {
  const link = host.links.find(({ name }) => name === chosen.name);
  if (link === undefined) return undefined;
  const present = host.addresses.some((a) => a.ifindex === link.ifindex && a.address === chosen.address);
  return present ? { ...chosen, ifindex: link.ifindex, mtu: link.mtu } : undefined;
}
