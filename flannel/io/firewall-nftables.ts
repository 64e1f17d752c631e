import { nftDifferences, nftScript, parseNftListing, type NftTable } from '../model/firewall-nft.ts';
import { NFT_FAMILY, type FirewallNames } from '../model/firewall-names.ts';
import { desiredFirewall, IP_FAMILIES, NO_RULES, type FirewallIntent, type FirewallRules } from '../model/firewall.ts';
import type { Firewall, Inspection } from './firewall.ts';
import { ProgramError, type RunProgram } from './programs.ts';

/** The tables and the chains with their hooks, without any rule. */
async function outline(run: RunProgram, signal: AbortSignal): Promise<NftTable[]> {
  return parseNftListing(await run({ argv: ['nft', '-j', 'list tables; list chains'] }, signal));
}

/** nft 1.0.6 finds only one table of several in a command. A table that went meanwhile is not there. */
async function readTable(run: RunProgram, { family, name }: NftTable, signal: AbortSignal): Promise<NftTable[]> {
  try {
    return parseNftListing(await run({ argv: ['nft', '-j', 'list', 'table', family, name] }, signal));
  } catch (error) {
    if (error instanceof ProgramError && error.message.includes('No such file or directory')) return [];
    throw error;
  }
}

/**
 * The rules of the tables that `isWanted`, judged by their chains: a program run for each, and one to find them.
 * @throws {ProgramError} {NftListingError}
 */
export async function readNftTables(
  run: RunProgram,
  isWanted: (table: NftTable) => boolean,
  signal: AbortSignal,
): Promise<NftTable[]> {
  const tables: NftTable[] = [];
  for (const table of (await outline(run, signal)).filter(isWanted)) {
    tables.push(...(await readTable(run, table, signal)));
  }
  return tables;
}

/** `ip flannel-ipv4`, `ip6 flannel-ipv6`. */
export function ownNftTables(names: FirewallNames): ReadonlySet<string> {
  return new Set(IP_FAMILIES.map((family) => `${NFT_FAMILY[family]} ${names.tables[family]}`));
}

/** Our own tables, replaced as a whole. */
export class NftablesFirewall implements Firewall {
  readonly mode = 'nftables';
  readonly label = 'nftables';
  readonly raisesGeneration = true;
  readonly tables: ReadonlySet<string>;
  readonly #run: RunProgram;
  readonly #names: FirewallNames;

  constructor(run: RunProgram, names: FirewallNames) {
    this.#run = run;
    this.#names = names;
    this.tables = ownNftTables(names);
  }

  async inspect(desired: FirewallRules, signal: AbortSignal): Promise<Inspection> {
    const isOwn = ({ family, name }: NftTable): boolean => this.tables.has(`${family} ${name}`);
    const tables = await readNftTables(this.#run, isOwn, signal);
    const differences = nftDifferences(tables, this.#names, desired);
    if (differences.length === 0) return { differences, repairs: [] };
    return { differences, repairs: [{ argv: ['nft', '-f', '-'], input: nftScript(this.#names, desired) }] };
  }

  /** Nothing of ours is to be there. */
  inspectForRemoval(signal: AbortSignal): Promise<Inspection> {
    return this.inspect({ ipv4: NO_RULES, ipv6: NO_RULES }, signal);
  }
}

/** What a dry run of the rules showed. */
export interface NftProbe {
  /** Why nft cannot be used; `undefined` when it can. */
  readonly obstacle: string | undefined;
  readonly fullyRandom: boolean;
}

/** Tries the rules without setting them, with and, where the kernel has none of that, without ports by chance. */
export async function probeNftables(
  run: RunProgram,
  { names, intent }: { readonly names: FirewallNames; readonly intent: FirewallIntent },
  signal: AbortSignal,
): Promise<NftProbe> {
  const attempt = async (fullyRandom: boolean): Promise<string | undefined> => {
    const input = nftScript(names, desiredFirewall({ ...intent, fullyRandom }));
    try {
      await run({ argv: ['nft', '-c', '-f', '-'], input }, signal);
      return undefined;
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      return error.message;
    }
  };
  if (intent.fullyRandom && (await attempt(true)) === undefined) return { obstacle: undefined, fullyRandom: true };
  return { obstacle: await attempt(false), fullyRandom: false };
}
