import type { ChosenFirewall } from './firewall-start.ts';

/** Only ever grow. */
export interface FirewallCounters {
  /** Looks at the rules that ran a program. */
  firewallChecks: number;
  /** Times the rules had to be set again because somebody else had changed them. */
  firewallRepairs: number;
  firewallFailures: number;
}

/** Where the keeper tells what it knows. */
export interface FirewallReport {
  readonly counters: FirewallCounters;
  /** The rules are there; told each time that they were looked at. */
  inPlace(): void;
  /** Why the rules are not there; `undefined` when they are. */
  problem(sentence: string | undefined): void;
  /** What others do that hinders the overlay's packets or these rules, a sentence each. */
  conflicts(sentences: readonly string[]): void;
}

/** What the keeper works with, and how that stands. */
export interface FirewallView {
  /** `undefined` while none could be opened. */
  readonly chosen: Pick<ChosenFirewall, 'firewall' | 'why'> | undefined;
  readonly wantsRules: boolean;
  /** At the last look the rules were as they are wanted now. */
  readonly isInPlace: boolean;
  readonly problem: string | undefined;
  /** The program that changed the tables last, as far as the kernel told. */
  readonly lastChangedBy: string | undefined;
}
