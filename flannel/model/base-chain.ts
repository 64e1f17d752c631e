import type { FirewallRule } from './firewall-rule.ts';
import type { FirewallPart, IpFamily } from './firewall.ts';
import type { NftTable } from './firewall-nft.ts';
import { formatIptablesRule } from './iptables-rule.ts';
import type { IptablesTables } from './iptables-save.ts';
import { formatNftRule } from './nft-rule.ts';
import { conditionsText } from './rule-conditions.ts';

/** A chain to which the kernel gives the packets that it forwards, or those whose source it may change. */
export interface BaseChain {
  readonly part: FirewallPart;
  /** `ip flannel-ipv4`; `iptables nat`, `ip6tables-legacy filter` where iptables made it. */
  readonly table: string;
  readonly chain: string;
  /** The kernel asks the lowest first. */
  readonly priority: number;
  readonly policy: 'accept' | 'drop';
  /** Of any chain of its table. */
  readonly rulesOf: (chain: string) => readonly FirewallRule[];
  readonly formatRule: (rule: FirewallRule) => string;
}

const NFT_FAMILIES: Readonly<Record<IpFamily, readonly string[]>> = { ipv4: ['ip', 'inet'], ipv6: ['ip6', 'inet'] };

const policyOf = (policy: string | undefined): BaseChain['policy'] =>
  policy?.toLowerCase() === 'drop' ? 'drop' : 'accept';

/** What of a hook concerns source addresses and forwarding. */
function partOf(hook: { readonly type: string; readonly hook: string } | undefined): FirewallPart | undefined {
  if (hook?.hook === 'forward') return 'forward';
  return hook?.hook === 'postrouting' && hook.type === 'nat' ? 'postrouting' : undefined;
}

/** Whether a table has chains that see such packets. */
export function isOnTheWay({ family, chains }: NftTable, of: IpFamily): boolean {
  if (!NFT_FAMILIES[of].includes(family)) return false;
  return [...chains.values()].some(({ hook }) => partOf(hook) !== undefined);
}

const shortText = (text: string | undefined): string | undefined => text && conditionsText(text);

function formatNft(rule: FirewallRule): string {
  const { otherConditions, otherEffects } = rule;
  return formatNftRule({
    ...rule,
    otherConditions: shortText(otherConditions),
    otherEffects: shortText(otherEffects),
  });
}

export function nftBaseChains(tables: readonly NftTable[], family: IpFamily): BaseChain[] {
  return tables
    .filter((table) => isOnTheWay(table, family))
    .flatMap(({ family: kind, name, chains }) => {
      const rulesOf = (chain: string): readonly FirewallRule[] => chains.get(chain)?.rules ?? [];
      return [...chains].flatMap(([chain, { hook }]): BaseChain[] => {
        const part = partOf(hook);
        if (part === undefined || hook === undefined) return [];
        const { priority, policy } = hook;
        const table = `${kind} ${name}`;
        return [{ part, table, chain, priority, policy: policyOf(policy), rulesOf, formatRule: formatNft }];
      });
    });
}

/** Where iptables hooks its chains. */
const IPTABLES_HOOKS = [
  { part: 'forward', table: 'mangle', chain: 'FORWARD', priority: -150 },
  { part: 'forward', table: 'filter', chain: 'FORWARD', priority: 0 },
  { part: 'forward', table: 'security', chain: 'FORWARD', priority: 50 },
  { part: 'postrouting', table: 'nat', chain: 'POSTROUTING', priority: 100 },
] as const;

/** @param program `iptables`, `ip6tables-legacy`: for the tables' names. */
export function iptablesBaseChains(tables: IptablesTables, program: string): BaseChain[] {
  return IPTABLES_HOOKS.flatMap((hook): BaseChain[] => {
    const chains = tables.get(hook.table);
    const base = chains?.get(hook.chain);
    if (chains === undefined || base === undefined) return [];
    const rulesOf = (chain: string): readonly FirewallRule[] => chains.get(chain)?.rules ?? [];
    const policy = policyOf(base.policy);
    return [{ ...hook, table: `${program} ${hook.table}`, policy, rulesOf, formatRule: formatIptablesRule }];
  });
}

/** Who makes tables and chains of such names. */
const OWNERS: readonly (readonly [pattern: RegExp, owner: string])[] = [
  [/^(?:flannel-ipv[46]|FLANNEL-(?:FWD|POSTRTG))(?:-\d+)?$/, 'weft'],
  [/^DOCKER/, 'docker'],
  [/^KUBE-/, 'kube'],
  [/^CNI-/, 'CNI'],
  [/^netavark|^NETAVARK/i, 'podman'],
  [/^cali-/, 'calico'],
  [/^CILIUM_/, 'cilium'],
  [/^ufw6?-/, 'ufw'],
  [/^LIBVIRT_|^libvirt/, 'libvirt'],
  [/^firewalld$/, 'firewalld'],
];

/** Whose a chain is, by the names that programs give; `other` for an operator's own and what is not known. */
export function ownerOf({ table }: Pick<BaseChain, 'table'>, chain: string): string {
  const name = table.split(' ')[1] ?? table;
  return OWNERS.find(([pattern]) => pattern.test(chain) || pattern.test(name))?.[1] ?? 'other';
}
