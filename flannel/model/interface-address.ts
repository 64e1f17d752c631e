import { cidrContains, isIpv6, parseCidr, type IpAddress } from '../../native/net/ip.ts';

export type IpFamily = 'ipv4' | 'ipv6';

export const FAMILY_NAMES: Readonly<Record<IpFamily, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };

export function familyOf(address: IpAddress): IpFamily {
  return isIpv6(address) ? 'ipv6' : 'ipv4';
}

/** An address of an interface, as the kernel tells it. */
export interface CandidateAddress {
  readonly ifindex: number;
  readonly address: IpAddress;
  /** RT_SCOPE_*: 0 universe, 253 link, 254 host. */
  readonly scope: number;
  readonly permanent: boolean;
  /** One that changes by itself, for privacy (RFC 8981). */
  readonly temporary: boolean;
  /** Must not be used for anything new. */
  readonly deprecated: boolean;
}

const SCOPE_HOST = 254;
const LINK_LOCAL = ['169.254.0.0/16', 'fe80::/10'].map(parseCidr);
/** Loopback, multicast, limited broadcast and the unspecified address: no host can be reached at them. */
const NO_HOST = ['0.0.0.0/32', '127.0.0.0/8', '224.0.0.0/4', '255.255.255.255/32', '::/127', 'ff00::/8'].map(parseCidr);

const isLinkLocal = (address: IpAddress): boolean => LINK_LOCAL.some((network) => cidrContains(network, address));

/** Why no packet of the overlay may come from an address; `undefined` when one may. */
export function unusableReason({ address, scope, deprecated }: CandidateAddress): string | undefined {
  const isNoHost = NO_HOST.some((network) => cidrContains(network, address));
  if (isNoHost || scope >= SCOPE_HOST) return 'other hosts cannot reach it';
  return deprecated ? 'deprecated: it is about to go' : undefined;
}

/** What speaks against an address that could be used; `undefined` when nothing does. */
export function drawbackOf({ address, permanent, temporary }: CandidateAddress): string | undefined {
  const drawbacks = [
    ...(isLinkLocal(address) ? ['link-local'] : []),
    ...(permanent ? [] : ['not permanent']),
    ...(temporary ? ['temporary'] : []),
  ];
  return drawbacks.length === 0 ? undefined : drawbacks.join(', ');
}

/** Lower is better: flannel's order since v0.28.0. */
function rank({ address, permanent, temporary }: CandidateAddress): number {
  return (isLinkLocal(address) ? 4 : 0) + (permanent ? 0 : 2) + (temporary ? 1 : 0);
}

/** The usable addresses of one family, the best first: global, then permanent, then not temporary, else the kernel's order. */
export function usableAddresses(addresses: readonly CandidateAddress[], family: IpFamily): CandidateAddress[] {
  return addresses
    .filter((candidate) => familyOf(candidate.address) === family && unusableReason(candidate) === undefined)
    .toSorted((a, b) => rank(a) - rank(b));
}
