export const FIREWALL_CHOICES = ['auto', 'nftables', 'iptables'] as const;

/** `--firewall`. */
export type FirewallChoice = (typeof FIREWALL_CHOICES)[number];

export type FirewallMode = 'nftables' | 'iptables';

/** Why a firewall cannot be used here, in one sentence; `undefined` when it can. */
export type Obstacle = string | undefined;

export interface FirewallModeFacts {
  readonly choice: FirewallChoice;
  /** `EnableNFTables` of the network configuration. */
  readonly enableNftables: boolean;
  readonly obstacles: Readonly<Record<FirewallMode, Obstacle>>;
}

/** The mode to work in, or why there is none. */
export type FirewallModeResult =
  { readonly mode: FirewallMode; readonly why: string } | { readonly mode: undefined; readonly problem: string };

const REMEDY =
  'install nftables or iptables, or do without rules by --ip-masq=false and --iptables-forward-rules=false';

function only(mode: FirewallMode, obstacle: Obstacle, why: string): FirewallModeResult {
  if (obstacle === undefined) return { mode, why };
  return { mode: undefined, problem: `${why}, but ${obstacle}` };
}

/** An operator's word first, then the cluster's, then iptables as flannel does, then whatever works. */
export function chooseFirewallMode({ choice, enableNftables, obstacles }: FirewallModeFacts): FirewallModeResult {
  if (choice !== 'auto') return only(choice, obstacles[choice], `--firewall is ${choice}`);
  if (enableNftables) {
    return only('nftables', obstacles.nftables, 'EnableNFTables is set in the network config');
  }
  if (obstacles.iptables === undefined) return { mode: 'iptables', why: 'iptables works' };
  if (obstacles.nftables === undefined) return { mode: 'nftables', why: obstacles.iptables };
  const both = `no firewall can be used: ${obstacles.iptables}; ${obstacles.nftables}`;
  return { mode: undefined, problem: `${both}: ${REMEDY}` };
}
