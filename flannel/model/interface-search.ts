import { formatIp, parseIp, type IpAddress } from '../../native/net/ip.ts';
import {
  InterfaceChoiceError,
  type CandidateLink,
  type HostInterfaces,
  type InterfaceWish,
  type Rejection,
} from './host-interfaces.ts';
import {
  FAMILY_NAMES,
  familyOf,
  unusableReason,
  usableAddresses,
  type CandidateAddress,
  type IpFamily,
} from './interface-address.ts';
import { interfacePattern } from './interface-pattern.ts';

/** An interface that was found, the addresses on it that led there, and how. */
export interface Hit {
  readonly link: CandidateLink;
  readonly by: Partial<Record<IpFamily, IpAddress>>;
  readonly because: string;
  /** Nothing was wished: the routing table was asked. */
  readonly asked?: 'default-route';
}

/** Nothing was found, and the reason. */
interface Miss {
  readonly why: string;
}

export interface Found {
  readonly hit: Hit;
  /** What was tried before. */
  readonly rejected: readonly Rejection[];
}

/** Where is looked, and for which families. */
export interface Search {
  readonly host: HostInterfaces;
  readonly families: readonly IpFamily[];
}

const MAX_NAMED = 12;

/** `eth0 (192.168.77.11), lo`: what can be chosen from. */
function interfacesText({ host, families }: Search): string {
  const texts = host.links.map(({ ifindex, name }) => {
    const mine = addressesOf(host, ifindex);
    const usable = families.flatMap((family) => usableAddresses(mine, family).slice(0, 1));
    return usable.length === 0 ? name : `${name} (${usable.map(({ address }) => formatIp(address)).join(', ')})`;
  });
  const more = texts.length > MAX_NAMED ? ` and ${texts.length - MAX_NAMED} more` : '';
  return texts.length === 0 ? 'no interface' : `${texts.slice(0, MAX_NAMED).join(', ')}${more}`;
}

export function addressesOf({ addresses }: Pick<HostInterfaces, 'addresses'>, ifindex: number): CandidateAddress[] {
  return addresses.filter((candidate) => candidate.ifindex === ifindex);
}

function addressOrName(text: string): IpAddress | undefined {
  try {
    return parseIp(text);
  } catch {
    return undefined; // a name
  }
}

/** The interface that bears an address which packets may come from. @returns the reason when there is none. */
function ownerOf({ host, families }: Search, address: IpAddress): CandidateLink | Miss {
  const family = familyOf(address);
  const name = FAMILY_NAMES[family];
  if (!families.includes(family)) return { why: `it is an ${name} address, and the network has no ${name}` };
  const candidate = host.addresses.find((known) => known.address === address);
  const link = candidate && host.links.find(({ ifindex }) => ifindex === candidate.ifindex);
  if (candidate === undefined || link === undefined) return { why: 'no interface has this address' };
  const why = unusableReason(candidate);
  return why === undefined ? link : { why };
}

function byIface(search: Search, wish: string): Hit | Miss {
  const address = addressOrName(wish);
  if (address === undefined) {
    const link = search.host.links.find(({ name }) => name === wish);
    if (link === undefined) return { why: 'no interface has this name' };
    return { link, by: {}, because: `--iface ${wish} names it` };
  }
  const link = ownerOf(search, address);
  if ('why' in link) return link;
  return { link, by: { [familyOf(address)]: address }, because: `it has the address of --iface ${wish}` };
}

/** Addresses first, in the order of the interfaces, then names; where the network has both families both must match. */
function byPattern({ host, families }: Search, wish: string): Hit | Miss {
  const pattern = interfacePattern(wish);
  for (const link of host.links.toSorted((a, b) => a.ifindex - b.ifindex)) {
    const mine = addressesOf(host, link.ifindex);
    const matches = families.flatMap((family) => {
      const match = usableAddresses(mine, family).find(({ address }) => pattern.test(formatIp(address)));
      return match === undefined ? [] : [[family, match.address] as const];
    });
    if (matches.length < families.length) continue;
    const texts = matches.map(([, address]) => formatIp(address)).join(' and ');
    return { link, by: Object.fromEntries(matches), because: `--iface-regex ${wish} matches ${texts}` };
  }
  const link = host.links.find(({ name }) => pattern.test(name));
  if (link === undefined) return { why: 'it matches no address and no name' };
  return { link, by: {}, because: `--iface-regex ${wish} matches its name` };
}

function byReach({ host, families }: Search, target: IpAddress): Hit | Miss {
  const family = familyOf(target);
  if (!families.includes(family)) return { why: `the network has no ${FAMILY_NAMES[family]}` };
  const answer = host.reachable.find((known) => known.target === target);
  const link = answer && host.links.find(({ ifindex }) => ifindex === answer.oif);
  if (answer === undefined || link === undefined) return { why: 'this host has no route there' };
  const because = `--iface-can-reach ${formatIp(target)}: packets go there by it, from ${formatIp(answer.source)}`;
  return { link, by: { [family]: answer.source }, because };
}

/** Flannel takes the IPv4 one where both are given, and the one that counts for the network. */
function publicAddress(wish: InterfaceWish, families: readonly IpFamily[]): IpAddress | undefined {
  return (
    (families.includes('ipv4') ? wish.publicIp : undefined) ?? (families.includes('ipv6') ? wish.publicIpv6 : undefined)
  );
}

function byPublicAddress(search: Search, address: IpAddress): Hit {
  const link = ownerOf(search, address);
  const flag = familyOf(address) === 'ipv4' ? '--public-ip' : '--public-ipv6';
  if ('why' in link) {
    throw new InterfaceChoiceError(
      `Failed to find any valid interface to use: ${flag} ${formatIp(address)}: ${link.why}; this host has ${interfacesText(search)}: ` +
        'behind NAT name the interface with --iface as well',
    );
  }
  return { link, by: { [familyOf(address)]: address }, because: `it has the address of ${flag} ${formatIp(address)}` };
}

function linkOfDefaultRoute(search: Search, family: IpFamily): CandidateLink {
  const { host } = search;
  const routes = host.defaultRoutes.filter((route) => route.family === family);
  const [first] = routes.toSorted((a, b) => a.metric - b.metric);
  const name = FAMILY_NAMES[family];
  const remedy = `name the interface with --iface; this host has ${interfacesText(search)}`;
  if (first === undefined) throw new InterfaceChoiceError(`unable to find default route of ${name}: ${remedy}`);
  const link = host.links.find(({ ifindex }) => ifindex === first.oif);
  if (link !== undefined) return link;
  throw new InterfaceChoiceError(
    `found default route of ${name} but could not determine interface, for it has several next hops: ${remedy}`,
  );
}

function byDefaultRoute(search: Search): Hit {
  const [link, other] = search.families.map((family) => linkOfDefaultRoute(search, family));
  if (link === undefined) throw new InterfaceChoiceError('the network has neither IPv4 nor IPv6');
  if (other === undefined || other.ifindex === link.ifindex) {
    return { link, by: {}, because: 'the default route leaves by it', asked: 'default-route' };
  }
  throw new InterfaceChoiceError(
    `the default route of IPv4 leaves by ${link.name} and that of IPv6 by ${other.name}: name one interface with --iface`,
  );
}

/** The address that led to the interface, else its best one. */
export function sourceOn(search: Search, hit: Hit, family: IpFamily): IpAddress | undefined {
  const [best] = usableAddresses(addressesOf(search.host, hit.link.ifindex), family);
  return hit.by[family] ?? best?.address;
}

/** @returns the reason when the interface lacks a family of the network. */
function missingAddress(search: Search, hit: Hit): Miss | undefined {
  const missing = search.families.find((family) => sourceOn(search, hit, family) === undefined);
  return missing && { why: `failed to find ${FAMILY_NAMES[missing]} address for interface ${hit.link.name}` };
}

/** The tries of the three flags, in flannel's order; each gives a hit or the reason why not. */
function attempts(search: Search, wish: InterfaceWish): { what: string; look: () => Hit | Miss }[] {
  const { ifaceCanReach: target } = wish;
  return [
    ...wish.iface.map((text) => ({ what: `--iface ${text}`, look: () => byIface(search, text) })),
    ...wish.ifaceRegex.map((text) => ({ what: `--iface-regex ${text}`, look: () => byPattern(search, text) })),
    ...(target === undefined
      ? []
      : [{ what: `--iface-can-reach ${formatIp(target)}`, look: () => byReach(search, target) }]),
  ];
}

/** The first hit that has an address of each family. @throws {InterfaceChoiceError} */
function firstHit(search: Search, wish: InterfaceWish): Found {
  const rejected: Rejection[] = [];
  for (const { what, look } of attempts(search, wish)) {
    const found = look();
    const miss = 'why' in found ? found : missingAddress(search, found);
    if (!('why' in found) && miss === undefined) return { hit: found, rejected };
    if (miss !== undefined) rejected.push({ what, ...miss });
  }
  const reasons = rejected.map(({ what, why }) => `${what}: ${why}`).join('; ');
  throw new InterfaceChoiceError(
    'Failed to find interface to use that matches the interfaces and/or regexes provided: ' +
      `${reasons}; this host has ${interfacesText(search)}`,
    rejected,
  );
}

/** A single way that must do. @throws {InterfaceChoiceError} */
function onlyHit(search: Search, hit: Hit): Found {
  const miss = missingAddress(search, hit);
  if (miss === undefined) return { hit, rejected: [] };
  throw new InterfaceChoiceError(`${miss.why}: give it one, or choose another with --iface`);
}

/** Looks as flannel does: the flags in their order, else the owner of the public address, else the default route's. @throws {InterfaceChoiceError} */
export function findInterface(search: Search, wish: InterfaceWish): Found {
  if (wish.iface.length > 0 || wish.ifaceRegex.length > 0 || wish.ifaceCanReach !== undefined) {
    return firstHit(search, wish);
  }
  const address = publicAddress(wish, search.families);
  return onlyHit(search, address === undefined ? byDefaultRoute(search) : byPublicAddress(search, address));
}
