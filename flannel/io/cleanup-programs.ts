import { chainRemoval, OWN_NFT_TABLE, ownChains, type CleanupStep } from '../model/cleanup.ts';
import { isObject } from '../model/config-fields.ts';
import { ProgramError, programsOf, type Program } from './programs.ts';

const run = programsOf();

/** @returns what it printed; `undefined` when there is no such program. @throws {ProgramError}; the signal's reason. */
async function runIfThere(program: Program, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await run(program, signal);
  } catch (error) {
    if (error instanceof ProgramError && error.isMissing) return undefined;
    throw error;
  }
}

async function nftTables(signal: AbortSignal): Promise<CleanupStep[]> {
  const text = await runIfThere({ argv: ['nft', '-j', 'list', 'tables'] }, signal);
  const parsed: unknown = text === undefined ? {} : JSON.parse(text);
  const listed = isObject(parsed) && Array.isArray(parsed['nftables']) ? (parsed['nftables'] as unknown[]) : [];
  return listed.flatMap((item): CleanupStep[] => {
    const table = isObject(item) ? item['table'] : undefined;
    if (!isObject(table)) return [];
    const { family, name } = table;
    if (typeof family !== 'string' || typeof name !== 'string' || !OWN_NFT_TABLE.test(name)) return [];
    return family === 'ip' || family === 'ip6' ? [{ kind: 'delete-nft-table', family, table: name }] : [];
  });
}

/** By variant, for a host may have rules in both; `iptables` alone where it is not split. */
const FAMILIES = ['iptables', 'ip6tables'];
const VARIANTS = ['-nft', '-legacy'];

async function chainsOf(program: string, signal: AbortSignal): Promise<CleanupStep[] | undefined> {
  const saved = await runIfThere({ argv: [`${program}-save`] }, signal);
  if (saved === undefined) return undefined;
  return ownChains(saved).map((table) => ({ kind: 'delete-iptables-chains', program, ...table }));
}

async function iptablesChains(signal: AbortSignal): Promise<CleanupStep[]> {
  const steps: CleanupStep[] = [];
  for (const family of FAMILIES) {
    let isSplit = false;
    for (const variant of VARIANTS) {
      const found = await chainsOf(`${family}${variant}`, signal);
      isSplit ||= found !== undefined;
      steps.push(...(found ?? []));
    }
    if (!isSplit) steps.push(...((await chainsOf(family, signal)) ?? []));
  }
  return steps;
}

/** Tables and chains that an overlay agent left in either firewall. @throws {ProgramError}; the signal's reason. */
export async function firewallLeftovers(signal: AbortSignal): Promise<CleanupStep[]> {
  return [...(await nftTables(signal)), ...(await iptablesChains(signal))];
}

type FirewallStep = Extract<CleanupStep, { kind: 'delete-nft-table' | 'delete-iptables-chains' }>;

/** @throws {ProgramError}; the signal's reason. */
export async function removeFirewall(step: FirewallStep, signal: AbortSignal): Promise<void> {
  if (step.kind === 'delete-nft-table') {
    await run({ argv: ['nft', 'delete', 'table', step.family, step.table] }, signal);
  } else {
    await run({ argv: [`${step.program}-restore`, '--noflush', '--wait'], input: chainRemoval(step) }, signal);
  }
}
