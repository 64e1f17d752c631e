import { formatIp, type IpAddress } from '../../native/net/ip.ts';
import type { Ipv4 } from '../../native/net/ipv4.ts';
import type { Ipv6 } from '../../native/net/ipv6.ts';
import type { HostInterfaces, InterfaceWish, Rejection, Stacks, Underlay, UnderlayChoice } from './host-interfaces.ts';
import { drawbackOf, familyOf, unusableReason, type IpFamily } from './interface-address.ts';
import { addressesOf, findInterface, sourceOn, type Hit, type Search } from './interface-search.ts';

export {
  InterfaceChoiceError,
  targetsOf,
  type DefaultRoute,
  type HostInterfaces,
  type InterfaceWish,
  type ReachableTarget,
  type Stacks,
  type Underlay,
  type UnderlayChoice,
} from './host-interfaces.ts';
export type { CandidateAddress } from './interface-address.ts';

const FAMILIES = ['ipv4', 'ipv6'] as const;

/** The other addresses of the chosen interface, and why packets do not come from them. */
function unusedAddresses({ host, families }: Search, { link }: Hit, chosen: ReadonlySet<IpAddress>): Rejection[] {
  return addressesOf(host, link.ifindex)
    .filter(({ address }) => families.includes(familyOf(address)) && !chosen.has(address))
    .map((candidate) => ({
      what: `${formatIp(candidate.address)} on ${link.name}`,
      why: unusableReason(candidate) ?? drawbackOf(candidate) ?? 'another address was found first',
    }));
}

/** The other default routes, where those were asked. */
function unusedRoutes({ host, families }: Search, { link }: Hit): Rejection[] {
  return host.defaultRoutes
    .filter(({ family, oif }) => families.includes(family) && oif !== link.ifindex)
    .map(({ oif, metric }) => {
      const name = host.links.find(({ ifindex }) => ifindex === oif)?.name ?? 'several next hops';
      return {
        what: `default route by ${name}, metric ${metric}`,
        why: 'another one has a lower metric or comes first',
      };
    });
}

function isIpv4(address: IpAddress | undefined): address is Ipv4 {
  return typeof address === 'number';
}

function isIpv6(address: IpAddress | undefined): address is Ipv6 {
  return typeof address === 'bigint';
}

/**
 * Chooses as flannel does: `--iface`, `--iface-regex`, `--iface-can-reach`, else the owner of the public address, else the
 * default route's; an interface that is down counts too. @throws {InterfaceChoiceError}
 */
export function chooseUnderlay(host: HostInterfaces, wish: InterfaceWish, stacks: Stacks): UnderlayChoice {
  const families: readonly IpFamily[] = FAMILIES.filter((family) => stacks[family]);
  const search = { host, families };
  const { hit, rejected } = findInterface(search, wish);
  const { name, ifindex, mtu, up } = hit.link;
  const [ipv4, ipv6] = FAMILIES.map((family) => (stacks[family] ? sourceOn(search, hit, family) : undefined));
  const own4 = isIpv4(ipv4) ? ipv4 : undefined;
  const own6 = isIpv6(ipv6) ? ipv6 : undefined;
  const chosen = new Set<IpAddress>([own4, own6].filter((address) => address !== undefined));
  return {
    underlay: {
      name,
      ifindex,
      mtu,
      ipv4: own4,
      ipv6: own6,
      publicIp: own4 === undefined ? undefined : (wish.publicIp ?? own4),
      publicIpv6: own6 === undefined ? undefined : (wish.publicIpv6 ?? own6),
    },
    because: up ? hit.because : `${hit.because} (it is down now)`,
    rejected: [
      ...rejected,
      ...(hit.asked === 'default-route' ? unusedRoutes(search, hit) : []),
      ...unusedAddresses(search, hit, chosen),
    ],
  };
}

/** The chosen interface as it stands now, found by name and addresses: its index changes when it is made anew. `undefined` while it is gone. */
export function findUnderlay(
  host: Pick<HostInterfaces, 'links' | 'addresses'>,
  chosen: Underlay,
): Underlay | undefined {
  const link = host.links.find(({ name }) => name === chosen.name);
  if (link === undefined) return undefined;
  const present = new Set(addressesOf(host, link.ifindex).map(({ address }) => address));
  const needed = [chosen.ipv4, chosen.ipv6].filter((address) => address !== undefined);
  return needed.every((address) => present.has(address))
    ? { ...chosen, ifindex: link.ifindex, mtu: link.mtu }
    : undefined;
}
