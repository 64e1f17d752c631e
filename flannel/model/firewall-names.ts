import type { FirewallPart, IpFamily } from './firewall.ts';

/** What the rules of one agent are called in either firewall. */
export interface FirewallNames {
  readonly tables: Readonly<Record<IpFamily, string>>;
  readonly chains: Readonly<Record<FirewallPart, string>>;
}

/** nft's name of a family. */
export const NFT_FAMILY: Readonly<Record<IpFamily, 'ip' | 'ip6'>> = { ipv4: 'ip', ipv6: 'ip6' };

/** The chains of our tables, as flannel calls them. */
export const NFT_CHAINS: Readonly<Record<FirewallPart, string>> = { postrouting: 'postrtg', forward: 'forward' };

/** The chains of iptables from which ours are jumped to, and their tables. */
export const IPTABLES_PARENTS: Readonly<Record<FirewallPart, { readonly table: string; readonly chain: string }>> = {
  postrouting: { table: 'nat', chain: 'POSTROUTING' },
  forward: { table: 'filter', chain: 'FORWARD' },
};

/**
 * flannel's names for the first agent of a host, so that a flanneld finds and replaces its rules; another agent beside it gets
 * the same with its number. @param place from 1.
 */
export function firewallNames(place: number): FirewallNames {
  const suffix = place === 1 ? '' : `-${place}`;
  return {
    tables: { ipv4: `flannel-ipv4${suffix}`, ipv6: `flannel-ipv6${suffix}` },
    chains: { postrouting: `FLANNEL-POSTRTG${suffix}`, forward: `FLANNEL-FWD${suffix}` },
  };
}
