import type { FirewallNames } from '../model/firewall-names.ts';
import { legacyForwardChains, nftForwardChains, type ForwardChain } from '../model/forward-obstacle.ts';
import type { NftTable } from '../model/firewall-nft.ts';
import type { FirewallHost } from './firewall.ts';
import { hasLegacyTables, readIptables } from './firewall-iptables.ts';
import { ownNftTables, readNftTables } from './firewall-nftables.ts';
import { ProgramError } from './programs.ts';

const hooksForward = ({ chains }: NftTable): boolean =>
  [...chains.values()].some(({ hook }) => hook?.hook === 'forward');

async function orNothing<T>(read: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof ProgramError) return []; // not installed: nobody else uses it either
    throw error;
  }
}

async function legacyChains(host: FirewallHost, signal: AbortSignal): Promise<ForwardChain[]> {
  const chains: ForwardChain[] = [];
  for (const [family, program, short] of [
    ['ipv4', 'iptables-legacy', 'ip'],
    ['ipv6', 'ip6tables-legacy', 'ip6'],
  ] as const) {
    if (!(await hasLegacyTables(host, family))) continue;
    const tool = { family, program, variant: 'legacy', version: '', isRecent: true } as const;
    chains.push(...legacyForwardChains(await readIptables(host.run, tool, signal), short));
  }
  return chains;
}

/** Every chain through which this host sends forwarded packets, but our own. @throws {NftListingError}; the signal's reason. */
export async function readForwardChains(
  host: FirewallHost,
  names: FirewallNames,
  signal: AbortSignal,
): Promise<readonly ForwardChain[]> {
  const own = ownNftTables(names);
  const isForeign = (table: NftTable): boolean => !own.has(`${table.family} ${table.name}`) && hooksForward(table);
  const tables = await orNothing(readNftTables(host.run, isForeign, signal));
  return [...nftForwardChains(tables, names), ...(await orNothing(legacyChains(host, signal)))];
}
