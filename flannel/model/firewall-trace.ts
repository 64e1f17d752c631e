import { cidrContains, isCidr6, isIpv6, type Cidr, type IpAddress } from '../../native/net/ip.ts';
import { ownerOf, type BaseChain } from './base-chain.ts';
import { ruleMatches, type FirewallRule, type Packet } from './firewall-rule.ts';
import type { FirewallPart } from './firewall.ts';
import { conditionsMet, type PacketWay } from './rule-conditions.ts';

/** The first packet of a connection, and how it passes this host. */
export interface TracedPacket extends Packet {
  readonly way: PacketWay;
}

/** `end`: no rule decided, the chain's caller or its policy goes on. `unknown`: a map or another program decides. */
type Outcome = 'accept' | 'drop' | 'masquerade' | 'rewrite' | 'unknown' | 'end';

/** A rule that decides about the packet, or may: that depends on what is not known of it. */
export interface TraceStep {
  readonly part: FirewallPart;
  readonly table: string;
  readonly chain: string;
  readonly owner: string;
  /** From 1. */
  readonly ruleNumber: number;
  readonly rule: string;
  readonly verdict: string;
  readonly certainty: 'hits' | 'may-hit';
}

/** What one of the kernel's chains makes of the packet. */
export interface ChainTrace {
  readonly part: FirewallPart;
  readonly table: string;
  readonly chain: string;
  readonly owner: string;
  readonly priority: number;
  readonly policy: BaseChain['policy'];
  readonly steps: readonly TraceStep[];
  /** Every outcome that is possible by what is known. */
  readonly outcomes: readonly Exclude<Outcome, 'end'>[];
}

export interface NatTrace {
  /** Those that are asked, in their order: forward, then postrouting. */
  readonly chains: readonly ChainTrace[];
  readonly source: 'kept' | 'masqueraded' | 'rewritten' | 'unknown';
  readonly forward: 'accepted' | 'dropped' | 'unknown';
}

/** Chains that lead to each other in a ring are refused by the kernel; this deep it does not follow either. */
const DEEPEST = 16;

function matchOf(rule: FirewallRule, packet: TracedPacket): boolean | undefined {
  const matches = ruleMatches(rule, packet);
  if (matches !== undefined || rule.otherConditions === undefined) return matches;
  return conditionsMet(rule.otherConditions, packet.way);
}

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  accept: 'accept',
  drop: 'drop',
  return: 'end',
  masquerade: 'masquerade',
  'masquerade-fully-random': 'masquerade',
  rewrite: 'rewrite',
};

/** A verdict map, a queue to a program: what comes of it is not in the rule. */
const isOpaque = ({ verdict, otherConditions }: FirewallRule): boolean =>
  verdict.kind === 'continue' && /"vmap"|"queue"|QUEUE|TPROXY|"tproxy"/.test(otherConditions ?? '');

/** What a rule decides by itself; `undefined` for one that only leads elsewhere, logs or marks. */
function decisionOf(rule: FirewallRule): { outcome: Outcome; text: string } | undefined {
  const { verdict } = rule;
  if (verdict.kind === 'rewrite') return { outcome: 'rewrite', text: verdict.text };
  const outcome = OUTCOMES[verdict.kind];
  if (outcome !== undefined) return { outcome, text: outcome === 'masquerade' ? outcome : verdict.kind };
  return isOpaque(rule) ? { outcome: 'unknown', text: 'decide by itself' } : undefined;
}

/** Goes through one base chain as the kernel does, and both ways where it is not known whether a rule is met. */
class Walk {
  readonly steps: TraceStep[] = [];
  readonly #base: BaseChain;
  readonly #packet: TracedPacket;

  constructor(base: BaseChain, packet: TracedPacket) {
    this.#base = base;
    this.#packet = packet;
  }

  /** @param isCertain whether the packet comes here whatever is not known. */
  follow(chain: string, isCertain: boolean, depth = 0): Set<Outcome> {
    const outcomes = new Set<Outcome>();
    let stays = isCertain;
    for (const [index, rule] of this.#base.rulesOf(chain).entries()) {
      const matches = matchOf(rule, this.#packet);
      if (matches === false) continue;
      const isMet = stays && matches === true;
      const found = this.#take(rule, { chain, index, isMet, depth });
      for (const outcome of found.outcomes) outcomes.add(outcome);
      if (found.goesOn) stays &&= found.outcomes.size === 0;
      else if (matches === true) return outcomes;
      else stays = false;
    }
    return outcomes.add('end');
  }

  /** `goesOn`: the chain's next rule may be asked although this one is met. */
  #take(
    rule: FirewallRule,
    place: { readonly chain: string; readonly index: number; readonly isMet: boolean; readonly depth: number },
  ): { readonly outcomes: ReadonlySet<Outcome>; readonly goesOn: boolean } {
    const { verdict } = rule;
    if ('chain' in verdict) {
      if (place.depth === DEEPEST) return { outcomes: new Set(['unknown']), goesOn: true };
      const inner = this.follow(verdict.chain, place.isMet, place.depth + 1);
      if (verdict.kind === 'goto') return { outcomes: inner, goesOn: false };
      const comesBack = inner.delete('end');
      return { outcomes: inner, goesOn: comesBack };
    }
    const decision = decisionOf(rule);
    if (decision === undefined) return { outcomes: new Set(), goesOn: true };
    this.#note(rule, decision.text, place);
    return { outcomes: new Set([decision.outcome]), goesOn: false };
  }

  #note(
    rule: FirewallRule,
    verdict: string,
    { chain, index, isMet }: { readonly chain: string; readonly index: number; readonly isMet: boolean },
  ): void {
    const { part, table, formatRule } = this.#base;
    const owner = ownerOf(this.#base, chain);
    const certainty = isMet ? 'hits' : 'may-hit';
    this.steps.push({
      part,
      table,
      chain,
      owner,
      ruleNumber: index + 1,
      rule: formatRule(rule),
      verdict,
      certainty,
    });
  }
}

/** What one chain makes of the packet. */
export function traceChain(base: BaseChain, packet: TracedPacket): ChainTrace {
  const { part, table, chain, priority, policy } = base;
  const walk = new Walk(base, packet);
  const outcomes = walk.follow(chain, true);
  if (outcomes.delete('end')) outcomes.add(policy);
  const known = [...outcomes].filter((outcome) => outcome !== 'end');
  return { part, table, chain, owner: ownerOf(base, chain), priority, policy, steps: walk.steps, outcomes: known };
}

/** A chain that accepts hands the packet on to the next one; after one that never does nobody else is asked. */
function askedOf(chains: readonly ChainTrace[]): readonly ChainTrace[] {
  const last = chains.findIndex(({ outcomes }) => !outcomes.includes('accept'));
  return last === -1 ? chains : chains.slice(0, last + 1);
}

function combined(asked: readonly ChainTrace[]): Set<Outcome> {
  const possible = new Set<Outcome>(asked.flatMap(({ outcomes }) => outcomes));
  if (asked.some(({ outcomes }) => !outcomes.includes('accept'))) possible.delete('accept');
  return possible.size === 0 ? possible.add('accept') : possible;
}

const SOURCES: Readonly<Partial<Record<Outcome, NatTrace['source']>>> = {
  accept: 'kept',
  masquerade: 'masqueraded',
  rewrite: 'rewritten',
};
const FORWARDS: Readonly<Partial<Record<Outcome, NatTrace['forward']>>> = { accept: 'accepted', drop: 'dropped' };

function only<T>(outcomes: ReadonlySet<Outcome>, words: Readonly<Partial<Record<Outcome, T>>>, otherwise: T): T {
  const [outcome] = outcomes;
  return (outcomes.size === 1 && outcome !== undefined ? words[outcome] : undefined) ?? otherwise;
}

/** What all chains make of the packet together. The first that gives another source address wins; any may drop. */
export function traceNat(bases: readonly BaseChain[], packet: TracedPacket): NatTrace {
  const traced = bases.toSorted((a, b) => a.priority - b.priority).map((base) => traceChain(base, packet));
  const asked = (part: FirewallPart): readonly ChainTrace[] => askedOf(traced.filter((chain) => chain.part === part));
  const [forward, postrouting] = [asked('forward'), asked('postrouting')];
  return {
    chains: [...forward, ...postrouting],
    source: only(combined(postrouting), SOURCES, 'unknown'),
    forward: only(combined(forward), FORWARDS, 'unknown'),
  };
}

/** What subnet.env says of the overlay. */
export interface OverlayPlaces {
  readonly networks: readonly Cidr[];
  readonly subnets: readonly Cidr[];
}

/** Where an address is, for a person. */
export function placeOf(address: IpAddress, { networks, subnets }: OverlayPlaces): string {
  const isIn = (network: Cidr): boolean => cidrContains(network, address);
  if (!networks.some((network) => isCidr6(network) === isIpv6(address))) return 'of a family without an overlay';
  if (subnets.some(isIn)) return "in this host's subnet";
  return networks.some(isIn) ? "in another host's subnet" : 'outside the overlay';
}
