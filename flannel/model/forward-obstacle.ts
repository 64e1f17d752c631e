import { cidrContains, cidrOverlaps, formatCidr, isCidr6, type Cidr } from '../../native/net/ip.ts';
import type { FirewallNames } from './firewall-names.ts';
import type { NftTable } from './firewall-nft.ts';
import type { FirewallRule, NetworkMatch } from './firewall-rule.ts';
import type { IptablesTables } from './iptables-save.ts';

/** A chain through which the kernel sends forwarded packets. */
export interface ForwardChain {
  /** `inet` sees both families. */
  readonly family: 'ip' | 'ip6' | 'inet';
  readonly table: string;
  readonly chain: string;
  /** Made by iptables, of whichever variant. */
  readonly tool: 'nft' | 'iptables-legacy';
  readonly policy: string;
  readonly rules: readonly FirewallRule[];
  /** The rules of another chain of its table. */
  readonly rulesOf: (chain: string) => readonly FirewallRule[];
}

const FAMILIES = ['ip', 'ip6', 'inet'] as const;

/** The forward chains of others in what `nft -j` listed. */
export function nftForwardChains(tables: readonly NftTable[], names: FirewallNames): ForwardChain[] {
  const ours = new Set(Object.values(names.tables));
  return tables.flatMap((table) => {
    const family = FAMILIES.find((each) => each === table.family);
    if (family === undefined || ours.has(table.name)) return [];
    const rulesOf = (chain: string): readonly FirewallRule[] => table.chains.get(chain)?.rules ?? [];
    return [...table.chains].flatMap(([chain, { hook, rules }]): ForwardChain[] => {
      if (hook?.hook !== 'forward') return [];
      return [{ family, table: table.name, chain, tool: 'nft', policy: hook.policy, rules, rulesOf }];
    });
  });
}

/** The FORWARD chain in what `iptables-legacy-save` or `ip6tables-legacy-save` printed. */
export function legacyForwardChains(tables: IptablesTables, family: 'ip' | 'ip6'): ForwardChain[] {
  const chains = tables.get('filter');
  const chain = chains?.get('FORWARD');
  if (chains === undefined || chain === undefined) return [];
  const rulesOf = (name: string): readonly FirewallRule[] => chains.get(name)?.rules ?? [];
  const policy = (chain.policy ?? 'ACCEPT').toLowerCase();
  return [{ family, table: 'filter', chain: 'FORWARD', tool: 'iptables-legacy', policy, rules: chain.rules, rulesOf }];
}

type Side = 'source' | 'destination';

/** Whether all addresses of the network meet the match; `undefined` if only some do. */
function coversAll(match: NetworkMatch | undefined, network: Cidr): boolean | undefined {
  if (match === undefined) return true;
  if (!cidrOverlaps(match.network, network)) return match.isNegated;
  const covers = match.network.prefixLength <= network.prefixLength && cidrContains(match.network, network.address);
  return covers ? !match.isNegated : undefined;
}

/** Whether the rule concerns every packet that has the network on that side; `undefined` if that depends on more. */
function concerns(rule: FirewallRule, network: Cidr, side: Side): boolean | undefined {
  const own = coversAll(rule[side], network);
  if (own === false) return false;
  const other = side === 'source' ? rule.destination : rule.source;
  const isPlain = rule.mark === undefined && rule.otherConditions === undefined && other === undefined;
  return own === true && isPlain ? true : undefined;
}

type Outcome = 'accept' | 'drop' | 'end';

const DEEPEST = 16;

function follow(chain: ForwardChain, network: Cidr, side: Side): Outcome {
  const walk = (rules: readonly FirewallRule[], depth: number): Outcome => {
    for (const rule of rules) {
      if (concerns(rule, network, side) !== true) continue; // what only some packets meet decides nothing for all
      const { verdict } = rule;
      if (verdict.kind === 'accept' || verdict.kind === 'drop') return verdict.kind;
      if (verdict.kind === 'return') return 'end';
      if (!('chain' in verdict) || depth === DEEPEST) continue;
      const outcome = walk(chain.rulesOf(verdict.chain), depth + 1);
      if (outcome !== 'end' || verdict.kind === 'goto') return outcome;
    }
    return 'end';
  };
  const outcome = walk(chain.rules, 0);
  if (outcome !== 'end') return outcome;
  return chain.policy === 'drop' ? 'drop' : 'accept';
}

/** What lets the overlay's packets through, as commands. */
function remedy({ family, table, chain, tool }: ForwardChain, network: string, sides: readonly Side[]): string {
  const v6 = network.includes(':');
  if (table === 'firewalld')
    return `run "firewall-cmd --permanent --zone=trusted --add-source=${network}" and reload it`;
  const isIptables = family !== 'inet' && table === 'filter' && chain === 'FORWARD';
  const program = `${v6 ? 'ip6tables' : 'iptables'}${tool === 'iptables-legacy' ? '-legacy' : ''}`;
  const commands = sides.map((side) =>
    isIptables
      ? `${program} -I FORWARD ${side === 'source' ? '-s' : '-d'} ${network} -j ACCEPT`
      : `nft insert rule ${family} ${table} ${chain} ${v6 ? 'ip6' : 'ip'} ${side === 'source' ? 's' : 'd'}addr ${network} accept`,
  );
  const other = isIptables ? ', or use --firewall iptables' : '';
  return `run "${commands.join('; ')}"${other}`;
}

const WORDS: Readonly<Record<string, string>> = {
  source: 'from',
  destination: 'to',
};

/**
 * Who drops the overlay's forwarded packets whatever another table accepts: a sentence with the remedy for each chain and
 * network. What depends on interfaces, ports or connection states is taken to let nothing through.
 */
export function forwardObstacles(chains: readonly ForwardChain[], networks: readonly Cidr[]): string[] {
  return networks.flatMap((network) => {
    const family = isCidr6(network) ? 'ip6' : 'ip';
    return chains
      .filter((chain) => chain.family === 'inet' || chain.family === family)
      .flatMap((chain) => {
        const sides = (['source', 'destination'] as const).filter((side) => follow(chain, network, side) === 'drop');
        if (sides.length === 0) return [];
        const text = formatCidr(network);
        const who = `chain ${chain.chain} of table ${chain.family} ${chain.table}`;
        const which = sides.map((side) => WORDS[side]).join(' and ');
        const policy = chain.policy === 'drop' ? ' (policy drop)' : '';
        return [`${who}${policy} drops forwarded packets ${which} ${text}: ${remedy(chain, text, sides)}`];
      });
  });
}
