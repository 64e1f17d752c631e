import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { iptablesDifferences, iptablesPayload } from '../model/firewall-iptables.ts';
import { IPTABLES_PARENTS, NFT_FAMILY, type FirewallNames } from '../model/firewall-names.ts';
import { IP_FAMILIES, NO_RULES, type FirewallRules, type IpFamily } from '../model/firewall.ts';
import { parseIptablesSave, type IptablesTables } from '../model/iptables-save.ts';
import { parseIptablesVersion, type IptablesVersion } from '../model/iptables-version.ts';
import type { Firewall, FirewallHost, Inspection } from './firewall.ts';
import { ProgramError, type Program, type RunProgram } from './programs.ts';

/** One family's programs of one variant. */
export interface IptablesTool extends IptablesVersion {
  readonly family: IpFamily;
  /** `iptables`, `ip6tables-legacy`; `-save` and `-restore` hang on it. */
  readonly program: string;
}

const PROGRAMS: Readonly<Record<IpFamily, string>> = { ipv4: 'iptables', ipv6: 'ip6tables' };

async function toolOf(
  run: RunProgram,
  { family, program }: Pick<IptablesTool, 'family' | 'program'>,
  signal: AbortSignal,
): Promise<IptablesTool | ProgramError> {
  try {
    const text = await run({ argv: [program, '--version'] }, signal);
    const version = parseIptablesVersion(text);
    if (version !== undefined) return { ...version, family, program };
    const reason = `"${text.trim()}" is no version`;
    return new ProgramError(program, { reason, isMissing: false, cause: undefined });
  } catch (error) {
    if (error instanceof ProgramError) return error;
    throw error;
  }
}

/** What this host runs when it says `iptables`. */
export function activeIptables(
  run: RunProgram,
  family: IpFamily,
  signal: AbortSignal,
): Promise<IptablesTool | ProgramError> {
  return toolOf(run, { family, program: PROGRAMS[family] }, signal);
}

/** Every variant that is installed, the active one first: rules of an earlier run may lie in another. */
export async function allIptables(run: RunProgram, signal: AbortSignal): Promise<IptablesTool[]> {
  const tools: IptablesTool[] = [];
  for (const family of IP_FAMILIES) {
    for (const suffix of ['', '-nft', '-legacy']) {
      const tool = await toolOf(run, { family, program: `${PROGRAMS[family]}${suffix}` }, signal);
      const isNew = !tools.some(
        (each) => each.family === family && each.variant === ('variant' in tool && tool.variant),
      );
      if (!(tool instanceof ProgramError) && isNew) tools.push(tool);
    }
  }
  return tools;
}

/** The tables of iptables-legacy that this namespace has; asking the program itself would make them. */
export async function hasLegacyTables({ procNet }: FirewallHost, family: IpFamily): Promise<boolean> {
  const file = join(procNet, family === 'ipv4' ? 'ip_tables_names' : 'ip6_tables_names');
  try {
    return (await readFile(file, 'utf8')).trim() !== '';
  } catch {
    return false; // the module is not loaded
  }
}

/** What the tool's tables hold. @throws {ProgramError} */
export async function readIptables(run: RunProgram, tool: IptablesTool, signal: AbortSignal): Promise<IptablesTables> {
  return parseIptablesSave(await run({ argv: [`${tool.program}-save`] }, signal));
}

const LOCK_WAIT_SECONDS = 5;

function restoreProgram({ program, isRecent }: IptablesTool, input: string): Program {
  const wait = isRecent ? [`--wait=${LOCK_WAIT_SECONDS}`] : [];
  return { argv: [`${program}-restore`, '--noflush', ...wait], input };
}

/** Our chains in the tables of iptables, with a jump to each. */
export class IptablesFirewall implements Firewall {
  readonly mode = 'iptables';
  readonly label: string;
  readonly raisesGeneration: boolean;
  readonly tables: ReadonlySet<string>;
  readonly #host: FirewallHost;
  readonly #names: FirewallNames;
  readonly #tools: readonly IptablesTool[];

  constructor(host: FirewallHost, names: FirewallNames, tools: readonly IptablesTool[]) {
    this.#host = host;
    this.#names = names;
    this.#tools = tools;
    this.label = tools.map(({ program, version, variant }) => `${program} ${version} (${variant})`).join(', ');
    this.raisesGeneration = tools.every(({ variant }) => variant === 'nft');
    const parents = Object.values(IPTABLES_PARENTS);
    this.tables = new Set(tools.flatMap(({ family }) => parents.map(({ table }) => `${NFT_FAMILY[family]} ${table}`)));
  }

  async inspect(desired: FirewallRules, signal: AbortSignal): Promise<Inspection> {
    const differences: string[] = [];
    const repairs: Program[] = [];
    for (const tool of this.#tools) {
      const tables = await readIptables(this.#host.run, tool, signal);
      const family = { desired: desired[tool.family], tables, names: this.#names };
      const found = iptablesDifferences(family);
      if (found.length === 0) continue;
      differences.push(...found.map((text) => `${tool.program}: ${text}`));
      repairs.push(restoreProgram(tool, iptablesPayload(family)));
    }
    return { differences, repairs };
  }
}

/** What of our chains lies in a tool's tables, to be removed; a variant that does not work here has nothing. */
export async function iptablesLeftovers(
  host: FirewallHost,
  { names, tool }: { readonly names: FirewallNames; readonly tool: IptablesTool },
  signal: AbortSignal,
): Promise<Inspection> {
  const nothing = { differences: [], repairs: [] };
  if (tool.variant === 'legacy' && !(await hasLegacyTables(host, tool.family))) return nothing;
  try {
    return await new IptablesFirewall(host, names, [tool]).inspect({ ipv4: NO_RULES, ipv6: NO_RULES }, signal);
  } catch (error) {
    if (error instanceof ProgramError) return nothing;
    throw error;
  }
}

/** Tries the rules without setting them; why they cannot be set, or `undefined`. */
export async function probeIptables(
  run: RunProgram,
  {
    tool,
    names,
    desired,
  }: { readonly tool: IptablesTool; readonly names: FirewallNames; readonly desired: FirewallRules },
  signal: AbortSignal,
): Promise<string | undefined> {
  const tables: IptablesTables = new Map();
  const input = iptablesPayload({ desired: desired[tool.family], tables, names });
  if (input === '') return undefined;
  try {
    const { argv } = restoreProgram(tool, input);
    await run({ argv: [...argv, '--test'], input }, signal);
    return undefined;
  } catch (error) {
    if (error instanceof ProgramError) return error.message;
    throw error;
  }
}
