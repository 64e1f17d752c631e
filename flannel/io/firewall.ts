import type { FirewallMode } from '../model/firewall-mode.ts';
import type { FirewallRules } from '../model/firewall.ts';
import type { Program, RunProgram } from './programs.ts';

/** Where the firewall is: the namespace of the process, or one that a test made. */
export interface FirewallHost {
  readonly run: RunProgram;
  /** `/proc/self/net`. */
  readonly procNet: string;
}

/** What a look at the kernel found. */
export interface Inspection {
  /** A sentence for each; none when all is as wanted. */
  readonly differences: readonly string[];
  /** What makes it so. */
  readonly repairs: readonly Program[];
}

/** One of the two firewalls. */
export interface Firewall {
  readonly mode: FirewallMode;
  /** With its variant and version, for logs. */
  readonly label: string;
  /** Changes of it raise the ruleset's generation; otherwise it has to be looked at by the clock. */
  readonly raisesGeneration: boolean;
  /** `family name` of the tables whose changes may concern the rules. */
  readonly tables: ReadonlySet<string>;
  /** @throws {ProgramError} {NftListingError}; the signal's reason. */
  inspect(desired: FirewallRules, signal: AbortSignal): Promise<Inspection>;
}
