import { IPTABLES_PARENTS, type FirewallNames } from './firewall-names.ts';
import { chainDifference, FIREWALL_PARTS, RULE_COMMENTS, type FamilyRules, type FirewallPart } from './firewall.ts';
import { formatIptablesRule } from './iptables-rule.ts';
import type { IptablesChain, IptablesRule, IptablesTables } from './iptables-save.ts';

/** A rule that leads into a chain of ours, and where it stands. */
interface Jump {
  readonly chain: string;
  readonly rule: IptablesRule;
  /** From 0, in its chain. */
  readonly position: number;
}

const chainsOf = (tables: IptablesTables, part: FirewallPart): ReadonlyMap<string, IptablesChain> =>
  tables.get(IPTABLES_PARENTS[part].table) ?? new Map<string, IptablesChain>();

function jumpsTo(chains: ReadonlyMap<string, IptablesChain>, target: string): Jump[] {
  return [...chains].flatMap(([chain, { rules }]) =>
    rules.flatMap((rule, position) => {
      const leads = 'chain' in rule.verdict && rule.verdict.chain === target;
      return leads ? [{ chain, rule, position }] : [];
    }),
  );
}

/** Whether it sends every packet there and back. */
function isPlain({ chain, rule }: Jump, part: FirewallPart): boolean {
  const { mark, source, destination, otherConditions } = rule;
  const conditions = [mark, source, destination, otherConditions];
  return (
    chain === IPTABLES_PARENTS[part].chain &&
    rule.verdict.kind === 'jump' &&
    conditions.every((condition) => condition === undefined)
  );
}

/** What of the rules is in our chains. */
export function iptablesRules(tables: IptablesTables, names: FirewallNames): FamilyRules {
  const of = (part: FirewallPart): IptablesChain | undefined => chainsOf(tables, part).get(names.chains[part]);
  return { postrouting: of('postrouting')?.rules, forward: of('forward')?.rules };
}

/** Whether packets come to the chain at all. */
export function isJumpedTo(tables: IptablesTables, names: FirewallNames, part: FirewallPart): boolean {
  return jumpsTo(chainsOf(tables, part), names.chains[part]).some((jump) => isPlain(jump, part));
}

function jumpDifference(jumps: readonly Jump[], part: FirewallPart, chain: string): string[] {
  const from = IPTABLES_PARENTS[part].chain;
  if (!jumps.some((jump) => isPlain(jump, part))) return [`the jump from ${from} to ${chain} is missing`];
  return jumps.length === 1 ? [] : [`there are ${jumps.length} jumps to ${chain}, not one`];
}

/** What is in one family's tables and what has to be. */
export interface IptablesFamily {
  readonly desired: FamilyRules;
  readonly tables: IptablesTables;
  readonly names: FirewallNames;
}

function partDifferences(part: FirewallPart, { desired, tables, names }: IptablesFamily): string[] {
  const chains = chainsOf(tables, part);
  const chain = names.chains[part];
  const difference = chainDifference(chain, desired[part], chains.get(chain)?.rules);
  const rules = difference === undefined ? [] : [difference];
  if (desired[part] === undefined) return rules;
  return [...rules, ...jumpDifference(jumpsTo(chains, chain), part, chain)];
}

/** How the chains differ from what is wanted, a sentence for each; none when they are the same. */
export function iptablesDifferences(family: IptablesFamily): string[] {
  return FIREWALL_PARTS.flatMap((part) => partDifferences(part, family));
}

const deletion = ({ chain, rule }: Jump): string => `-D ${chain} ${rule.text}`;

/**
 * The first plain jump keeps its place, for where it stands is an operator's choice. Equal rules can only be deleted from the
 * front, so all go and one comes back at its place; at the end, where flannel puts it, if there was none.
 */
function jumpLines(jumps: readonly Jump[], part: FirewallPart, chain: string): string[] {
  const parent = IPTABLES_PARENTS[part].chain;
  const kept = jumps.find((jump) => isPlain(jump, part));
  if (kept !== undefined && jumps.length === 1) return [];
  const words = `-m comment --comment "${RULE_COMMENTS[part]}" -j ${chain}`;
  if (kept === undefined) return [...jumps.map(deletion), `-A ${parent} ${words}`];
  const before = jumps.filter((jump) => jump.chain === parent && jump.position < kept.position).length;
  return [...jumps.map(deletion), `-I ${parent} ${kept.position - before + 1} ${words}`];
}

function partPayload(part: FirewallPart, family: IptablesFamily): string[] {
  if (partDifferences(part, family).length === 0) return [];
  const { desired, tables, names } = family;
  const chain = names.chains[part];
  const jumps = jumpsTo(chainsOf(tables, part), chain);
  const rules = desired[part];
  // With --noflush the declaration of a chain that is there empties it, in the same commit.
  const lines = [`*${IPTABLES_PARENTS[part].table}`, `:${chain} - [0:0]`];
  if (rules === undefined) return [...lines, ...jumps.map(deletion), `-X ${chain}`, 'COMMIT'];
  const filled = rules.map((rule) => `-A ${chain} ${formatIptablesRule(rule)}`);
  return [...lines, ...jumpLines(jumps, part, chain), ...filled, 'COMMIT'];
}

/** For `iptables-restore --noflush`: our chains made anew, each table in one commit; empty when there is nothing to do. */
export function iptablesPayload(family: IptablesFamily): string {
  const lines = FIREWALL_PARTS.flatMap((part) => partPayload(part, family));
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
