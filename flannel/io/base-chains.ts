import { iptablesBaseChains, isOnTheWay, nftBaseChains, type BaseChain } from '../model/base-chain.ts';
import type { IpFamily } from '../model/firewall.ts';
import type { FirewallHost } from './firewall.ts';
import { allIptables, hasLegacyTables, readIptables, type IptablesTool } from './firewall-iptables.ts';
import { readNftTables } from './firewall-nftables.ts';
import { ProgramError } from './programs.ts';

async function nftChains(
  { run }: FirewallHost,
  family: IpFamily,
  signal: AbortSignal,
): Promise<BaseChain[] | undefined> {
  try {
    return nftBaseChains(await readNftTables(run, (table) => isOnTheWay(table, family), signal), family);
  } catch (error) {
    if (error instanceof ProgramError && error.isMissing) return undefined;
    throw error;
  }
}

async function chainsOf({ run }: FirewallHost, tool: IptablesTool, signal: AbortSignal): Promise<BaseChain[]> {
  const name = tool.family === 'ipv4' ? 'iptables' : 'ip6tables';
  const program = tool.variant === 'legacy' ? `${name}-legacy` : name;
  return iptablesBaseChains(await readIptables(run, tool, signal), program);
}

/** nft shows what iptables made as well, with less detail: iptables' own words are taken where it has any. */
function withoutDoubles(fromNft: readonly BaseChain[], fromIptables: readonly BaseChain[]): BaseChain[] {
  const key = ({ table, chain }: BaseChain): string => `${table.split(' ')[1] ?? ''} ${chain}`;
  const known = new Set(fromIptables.map(key));
  return [...fromNft.filter((chain) => chain.table.startsWith('inet ') || !known.has(key(chain))), ...fromIptables];
}

/**
 * Every chain of this host, whoever made it, that sees packets of the family when they are forwarded or their source may be
 * changed. @throws {ProgramError} if there is no program to ask, or one fails; {NftListingError}; the signal's reason.
 */
export async function readBaseChains(host: FirewallHost, family: IpFamily, signal: AbortSignal): Promise<BaseChain[]> {
  const tools = (await allIptables(host.run, signal)).filter((tool) => tool.family === family);
  const fromNft = await nftChains(host, family, signal);
  if (fromNft === undefined && tools.length === 0) {
    const reason = 'neither nft nor iptables is installed, so no rules can be read';
    throw new ProgramError('nft', { reason, isMissing: false, cause: undefined });
  }
  const modern: BaseChain[] = [];
  const legacy: BaseChain[] = [];
  for (const tool of tools) {
    if (tool.variant === 'nft') modern.push(...(await chainsOf(host, tool, signal)));
    else if (await hasLegacyTables(host, family)) legacy.push(...(await chainsOf(host, tool, signal)));
  }
  return [...withoutDoubles(fromNft ?? [], modern), ...legacy];
}
