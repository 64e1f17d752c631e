import { isObject, type JsonObject } from './config-fields.ts';
import { NFT_CHAINS, NFT_FAMILY, type FirewallNames } from './firewall-names.ts';
import { FIREWALL_PARTS, IP_FAMILIES, chainDifference } from './firewall.ts';
import type { FamilyRules, FirewallPart, FirewallRules, IpFamily } from './firewall.ts';
import type { FirewallRule } from './firewall-rule.ts';
import { formatNftRule, parseNftRule } from './nft-rule.ts';

/** Where the kernel calls a base chain, and what becomes of packets that no rule of it decides. */
export interface NftHook {
  readonly type: string;
  readonly hook: string;
  readonly priority: number;
  readonly policy: string;
}

export interface NftChain {
  /** `undefined` for a chain that is only jumped to. */
  readonly hook: NftHook | undefined;
  readonly rules: readonly FirewallRule[];
}

export interface NftTable {
  /** `ip`, `ip6`, `inet`, `arp`, `bridge` or `netdev`. */
  readonly family: string;
  readonly name: string;
  readonly chains: ReadonlyMap<string, NftChain>;
  /** Sets, maps and whatever else is in it, by kind and name. */
  readonly others: readonly string[];
}

/** `nft` printed something else than a listing. */
export class NftListingError extends Error {
  override readonly name = 'NftListingError';
}

/** As flannel's: a flanneld can only take over chains of the same kind. */
const HOOKS: Readonly<Record<FirewallPart, NftHook>> = {
  postrouting: { type: 'nat', hook: 'postrouting', priority: 100, policy: 'accept' },
  forward: { type: 'filter', hook: 'forward', priority: 0, policy: 'accept' },
};

interface TableDraft {
  readonly family: string;
  readonly name: string;
  readonly chains: Map<string, { hook: NftHook | undefined; rules: FirewallRule[] }>;
  readonly others: string[];
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function hookOf(chain: JsonObject): NftHook | undefined {
  const { type, hook, prio, policy } = chain;
  if (typeof hook !== 'string') return undefined;
  return { type: text(type), hook, priority: Number(prio), policy: text(policy) };
}

class Listing {
  readonly tables = new Map<string, TableDraft>();

  table(family: string, name: string): TableDraft {
    const key = `${family} ${name}`;
    const known = this.tables.get(key) ?? { family, name, chains: new Map(), others: [] };
    this.tables.set(key, known);
    return known;
  }

  take(kind: string, object: JsonObject): void {
    const { family, table, name, chain } = object;
    if (kind === 'table') {
      this.table(text(family), text(name));
      return;
    }
    const { chains, others } = this.table(text(family), text(table));
    if (kind === 'chain') {
      chains.set(text(name), { hook: hookOf(object), rules: chains.get(text(name))?.rules ?? [] });
    } else if (kind === 'rule') {
      const known = chains.get(text(chain)) ?? { hook: undefined, rules: [] };
      chains.set(text(chain), known);
      known.rules.push(parseNftRule(object));
    } else {
      others.push(`${kind} ${text(name)}`);
    }
  }
}

function documentOf(line: string): readonly unknown[] {
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch (cause) {
    throw new NftListingError(`nft -j printed "${line.slice(0, 60)}", which is not JSON`, { cause });
  }
  const objects = isObject(document) ? document['nftables'] : undefined;
  if (!Array.isArray(objects)) throw new NftListingError(`nft -j printed no list: "${line.slice(0, 60)}"`);
  return objects as readonly unknown[];
}

/** Reads what `nft -j list …` printed, one document for each command, as one listing. @throws {NftListingError} */
export function parseNftListing(output: string): NftTable[] {
  const listing = new Listing();
  for (const line of output.split('\n').filter((each) => each.trim() !== '')) {
    for (const entry of documentOf(line)) {
      const [[kind, object] = ['', undefined]] = isObject(entry) ? Object.entries(entry) : [];
      if (kind !== 'metainfo' && isObject(object)) listing.take(kind, object);
    }
  }
  return [...listing.tables.values()];
}

function ownTable(tables: readonly NftTable[], names: FirewallNames, family: IpFamily): NftTable | undefined {
  return tables.find((table) => table.family === NFT_FAMILY[family] && table.name === names.tables[family]);
}

/** What of the rules is in our tables. */
export function nftRules(tables: readonly NftTable[], names: FirewallNames): FirewallRules {
  const of = (family: IpFamily): FamilyRules => {
    const chains = ownTable(tables, names, family)?.chains;
    return {
      postrouting: chains?.get(NFT_CHAINS.postrouting)?.rules,
      forward: chains?.get(NFT_CHAINS.forward)?.rules,
    };
  };
  return { ipv4: of('ipv4'), ipv6: of('ipv6') };
}

function sameHook(a: NftHook, b: NftHook | undefined): boolean {
  return a.type === b?.type && a.hook === b.hook && a.priority === b.priority && a.policy === b.policy;
}

function tableDifferences(table: NftTable | undefined, label: string, desired: FamilyRules): string[] {
  const wanted = FIREWALL_PARTS.filter((part) => desired[part] !== undefined);
  if (table === undefined) return wanted.length === 0 ? [] : [`${label} is missing`];
  if (wanted.length === 0) return [`${label} is there and not wanted`];
  const ours = new Set(Object.values(NFT_CHAINS));
  const strangers = [...table.chains.keys()].filter((name) => !ours.has(name)).map((name) => `chain ${name}`);
  const faults = FIREWALL_PARTS.flatMap((part) => {
    const chain = table.chains.get(NFT_CHAINS[part]);
    const named = `${label} ${NFT_CHAINS[part]}`;
    const difference = chainDifference(named, desired[part], chain?.rules);
    if (difference !== undefined) return [difference];
    return chain === undefined || sameHook(HOOKS[part], chain.hook) ? [] : [`${named} hangs at another hook`];
  });
  return [...faults, ...[...strangers, ...table.others].map((what) => `${label} holds a strange ${what}`)];
}

/** How our tables differ from what is wanted, a sentence for each; none when they are the same. */
export function nftDifferences(tables: readonly NftTable[], names: FirewallNames, desired: FirewallRules): string[] {
  return IP_FAMILIES.flatMap((family) => {
    const label = `table ${NFT_FAMILY[family]} ${names.tables[family]}`;
    return tableDifferences(ownTable(tables, names, family), label, desired[family]);
  });
}

function chainScript(part: FirewallPart, rules: readonly FirewallRule[]): string[] {
  const { type, hook, priority, policy } = HOOKS[part];
  return [
    `  chain ${NFT_CHAINS[part]} {`,
    `    type ${type} hook ${hook} priority ${priority}; policy ${policy};`,
    ...rules.map((rule) => {
      const comment = rule.comment === undefined ? '' : ` comment "${rule.comment}"`;
      return `    ${formatNftRule(rule)}${comment}`;
    }),
    '  }',
  ];
}

/**
 * For `nft -f -`: our tables made anew in one transaction, so that no packet meets half of them. Creating a table first makes
 * the removal succeed whether it was there or not.
 */
export function nftScript(names: FirewallNames, desired: FirewallRules): string {
  const lines = IP_FAMILIES.flatMap((family) => {
    const table = `table ${NFT_FAMILY[family]} ${names.tables[family]}`;
    const chains = FIREWALL_PARTS.flatMap((part) => {
      const rules = desired[family][part];
      return rules === undefined ? [] : chainScript(part, rules);
    });
    return [table, `delete ${table}`, ...(chains.length === 0 ? [] : [`${table} {`, ...chains, '}'])];
  });
  return `${lines.join('\n')}\n`;
}
