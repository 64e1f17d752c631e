import type { Logger } from '../native/host/log.ts';
import type { Firewall, FirewallHost, Inspection } from './io/firewall.ts';
import {
  activeIptables,
  allIptables,
  iptablesLeftovers,
  IptablesFirewall,
  probeIptables,
} from './io/firewall-iptables.ts';
import type { IptablesTool } from './io/firewall-iptables.ts';
import { NftablesFirewall, probeNftables } from './io/firewall-nftables.ts';
import { ProgramError } from './io/programs.ts';
import { chooseFirewallMode, type FirewallChoice, type FirewallMode } from './model/firewall-mode.ts';
import type { FirewallNames } from './model/firewall-names.ts';
import { desiredFirewall, IP_FAMILIES, type FirewallIntent } from './model/firewall.ts';

/** No firewall can be used as the settings want it. */
export class FirewallUnavailable extends Error {
  override readonly name = 'FirewallUnavailable';
}

export interface FirewallSettings {
  readonly choice: FirewallChoice;
  readonly enableNftables: boolean;
  readonly names: FirewallNames;
  readonly host: FirewallHost;
  readonly log: Logger;
}

/** A firewall that works here. */
export interface OpenFirewall {
  readonly firewall: Firewall;
  /** Ports by chance: wanted, and what kernel and program can do. */
  readonly fullyRandom: boolean;
  /** What it works with; every other variant of iptables is to hold nothing of ours. */
  readonly tools: readonly IptablesTool[];
}

export interface ChosenFirewall extends OpenFirewall {
  readonly why: string;
}

type Candidate = OpenFirewall | { readonly obstacle: string };

async function openNftables(
  { host, names }: FirewallSettings,
  intent: FirewallIntent,
  signal: AbortSignal,
): Promise<Candidate> {
  const { obstacle, fullyRandom } = await probeNftables(host.run, { names, intent }, signal);
  if (obstacle !== undefined) return { obstacle };
  return { firewall: new NftablesFirewall(host.run, names), fullyRandom, tools: [] };
}

async function openIptables(
  { host, names }: FirewallSettings,
  intent: FirewallIntent,
  signal: AbortSignal,
): Promise<Candidate> {
  const tools: IptablesTool[] = [];
  for (const family of IP_FAMILIES.filter((each) => intent[each] !== undefined)) {
    const tool = await activeIptables(host.run, family, signal);
    if (tool instanceof ProgramError) return { obstacle: tool.message };
    tools.push(tool);
  }
  const fullyRandom = intent.fullyRandom && tools.every(({ isRecent }) => isRecent);
  for (const isRandom of fullyRandom ? [true, false] : [false]) {
    const desired = desiredFirewall({ ...intent, fullyRandom: isRandom });
    const obstacles: string[] = [];
    for (const tool of tools) {
      const obstacle = await probeIptables(host.run, { tool, names, desired }, signal);
      if (obstacle !== undefined) obstacles.push(obstacle);
    }
    if (obstacles[0] === undefined) {
      return { firewall: new IptablesFirewall(host, names, tools), fullyRandom: isRandom, tools };
    }
    if (!isRandom) return { obstacle: obstacles[0] };
  }
  return { obstacle: 'iptables does not work' };
}

const NOT_TRIED = { obstacle: 'it was not tried' };

/** Tries what may be used, and nothing else: a look through iptables-legacy makes the kernel load its tables. */
async function candidates(
  settings: FirewallSettings,
  intent: FirewallIntent,
  signal: AbortSignal,
): Promise<Readonly<Record<FirewallMode, Candidate>>> {
  const { choice, enableNftables } = settings;
  const wantsIptables = choice === 'iptables' || (choice === 'auto' && !enableNftables);
  const iptables = wantsIptables ? await openIptables(settings, intent, signal) : NOT_TRIED;
  const wantsNftables = choice !== 'iptables' && !('firewall' in iptables);
  return { iptables, nftables: wantsNftables ? await openNftables(settings, intent, signal) : NOT_TRIED };
}

/** What other firewalls and variants hold of flannel's and our rules. */
async function leftovers(settings: FirewallSettings, open: OpenFirewall, signal: AbortSignal): Promise<Inspection[]> {
  const { host, names } = settings;
  const found: Inspection[] = [];
  for (const tool of await allIptables(host.run, signal)) {
    const isInUse = open.tools.some(({ family, variant }) => family === tool.family && variant === tool.variant);
    if (!isInUse) found.push(await iptablesLeftovers(host, { names, tool }, signal));
  }
  if (open.firewall.mode === 'nftables') return found;
  try {
    found.push(await new NftablesFirewall(host.run, names).inspectForRemoval(signal));
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error; // without nft nobody can have used it
  }
  return found;
}

/**
 * Takes away what an earlier run left in the firewalls that are not used: after the rules stand in the one that is, so that
 * no packet finds neither. @throws {ProgramError} {NftListingError}; the signal's reason.
 */
export async function removeLeftovers(
  settings: FirewallSettings,
  open: OpenFirewall,
  signal: AbortSignal,
): Promise<void> {
  const { host, log } = settings;
  for (const { differences, repairs } of await leftovers(settings, open, signal)) {
    if (differences.length === 0) continue;
    for (const repair of repairs) await host.run(repair, signal);
    log.info({ removed: differences, mode: open.firewall.mode }, 'rules of an earlier run in another firewall removed');
  }
}

/**
 * Chooses a firewall that works.
 * @throws {FirewallUnavailable} with one sentence; {ProgramError} {NftListingError}; the signal's reason.
 */
export async function openFirewall(
  settings: FirewallSettings,
  intent: FirewallIntent,
  signal: AbortSignal,
): Promise<ChosenFirewall> {
  const { choice, enableNftables } = settings;
  const found = await candidates(settings, intent, signal);
  const obstacle = (candidate: Candidate): string | undefined =>
    'obstacle' in candidate ? candidate.obstacle : undefined;
  const obstacles = { iptables: obstacle(found.iptables), nftables: obstacle(found.nftables) };
  const chosen = chooseFirewallMode({ choice, enableNftables, obstacles });
  const open = chosen.mode === undefined ? undefined : found[chosen.mode];
  if (chosen.mode === undefined || open === undefined || !('firewall' in open)) {
    throw new FirewallUnavailable('problem' in chosen ? chosen.problem : 'no firewall can be used');
  }
  return { ...open, why: chosen.why };
}
