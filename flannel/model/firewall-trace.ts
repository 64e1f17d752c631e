import { cidrContains, formatIp, isCidr6, isIpv6, type IpAddress, type Cidr } from '../../native/net/ip.ts';
import { ruleMatches, type FirewallRule, type Packet } from './firewall-rule.ts';
import type { FirewallPart } from './firewall.ts';

/** What a chain makes of a packet. */
export type ChainDecision =
  | { readonly kind: 'rule'; readonly number: number; readonly rule: FirewallRule }
  /** No rule of it meets the packet. */
  | { readonly kind: 'none' }
  /** Whether this rule does depends on conditions that are neither flannel's nor weft's. */
  | { readonly kind: 'unknown'; readonly number: number; readonly rule: FirewallRule };

/** Goes through a chain as the kernel does: the first rule that meets the packet and decides. */
export function traceRules(rules: readonly FirewallRule[], packet: Packet): ChainDecision {
  for (const [index, rule] of rules.entries()) {
    const matches = ruleMatches(rule, packet);
    const decides = rule.verdict.kind !== 'continue';
    if (matches === undefined && decides) return { kind: 'unknown', number: index + 1, rule };
    if (matches === true && decides) return { kind: 'rule', number: index + 1, rule };
  }
  return { kind: 'none' };
}

/** A chain of flannel's or weft's as it is in the kernel. */
export interface TracedChain {
  readonly part: FirewallPart;
  /** `FLANNEL-POSTRTG (iptables, nf_tables)`, `postrtg of table ip flannel-ipv4`. */
  readonly name: string;
  /** Packets come to it: it hangs at a hook or is jumped to. */
  readonly isReached: boolean;
  readonly rules: readonly FirewallRule[];
  readonly formatRule: (rule: FirewallRule) => string;
}

/** One chain's word on the packet, as `weft trace-nat --json` prints it. */
export interface TraceStep {
  readonly part: FirewallPart;
  readonly chain: string;
  readonly decision: ChainDecision['kind'] | 'not-reached';
  /** From 1. */
  readonly ruleNumber: number | undefined;
  readonly rule: string | undefined;
  readonly verdict: string | undefined;
}

/** What becomes of the source address, and of the packet in the forward chains. */
export interface NatTrace {
  readonly steps: readonly TraceStep[];
  readonly source: 'kept' | 'masqueraded' | 'unknown';
  readonly forward: 'accepted' | 'dropped' | 'undecided' | 'unknown';
}

function stepOf(chain: TracedChain, packet: Packet): TraceStep {
  const { part, name, isReached, rules, formatRule } = chain;
  const nothing = { part, chain: name, ruleNumber: undefined, rule: undefined, verdict: undefined };
  if (!isReached) return { ...nothing, decision: 'not-reached' };
  const decision = traceRules(rules, packet);
  if (decision.kind === 'none') return { ...nothing, decision: 'none' };
  const { number, rule } = decision;
  const verdict = rule.verdict.kind;
  return { part, chain: name, decision: decision.kind, ruleNumber: number, rule: formatRule(rule), verdict };
}

function sourceOf(steps: readonly TraceStep[]): NatTrace['source'] {
  for (const { decision, verdict } of steps) {
    if (decision === 'unknown') return 'unknown';
    if (decision === 'rule' && verdict !== 'return' && verdict !== 'accept') {
      return verdict === 'masquerade' || verdict === 'masquerade-fully-random' ? 'masqueraded' : 'unknown';
    }
  }
  return 'kept';
}

function forwardOf(steps: readonly TraceStep[]): NatTrace['forward'] {
  if (steps.some(({ decision }) => decision === 'unknown')) return 'unknown';
  const verdicts = steps.map(({ verdict }) => verdict);
  if (verdicts.includes('drop')) return 'dropped';
  return verdicts.includes('accept') ? 'accepted' : 'undecided';
}

/** What the chains that are there make of a packet. Where two firewalls hold rules, all of them are asked. */
export function traceNat(chains: readonly TracedChain[], packet: Packet): NatTrace {
  const steps = chains.map((chain) => stepOf(chain, packet));
  const of = (part: FirewallPart): TraceStep[] => steps.filter((step) => step.part === part);
  return { steps, source: sourceOf(of('postrouting')), forward: forwardOf(of('forward')) };
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

function stepText({ part, chain, decision, ruleNumber, rule, verdict }: TraceStep): string {
  const where = `${part}: `.padEnd(13);
  switch (decision) {
    case 'rule':
      return `${where}rule ${ruleNumber ?? 0} of ${chain}: ${rule ?? ''}`;
    case 'unknown':
      return `${where}rule ${ruleNumber ?? 0} of ${chain} may ${verdict ?? ''}: ${rule ?? ''}`;
    case 'none':
      return `${where}no rule of ${chain} matches`;
    case 'not-reached':
      return `${where}nothing leads to ${chain}`;
  }
}

const SOURCE_WORDS: Readonly<Record<NatTrace['source'], string>> = {
  kept: 'keep their source address',
  masqueraded: "leave with the host's address",
  unknown: 'may get another source address: a rule depends on more than addresses and mark',
};

const FORWARD_WORDS: Readonly<Record<NatTrace['forward'], string>> = {
  accepted: 'forwarding accepts them',
  dropped: 'forwarding drops them',
  undecided: 'forwarding is left to the other rules of this host',
  unknown: 'whether they are forwarded depends on more than addresses and mark',
};

/** The answer of `weft trace-nat`, without a line end at its end. */
export function describeTrace(trace: NatTrace, packet: Packet, places: OverlayPlaces): string {
  const [source, destination] = [formatIp(packet.source), formatIp(packet.destination)];
  const said = (part: FirewallPart, missing: string): string[] => {
    const steps = trace.steps.filter((step) => step.part === part);
    return steps.length === 0 ? [`${`${part}: `.padEnd(13)}${missing}`] : steps.map(stepText);
  };
  return [
    `${source} is ${placeOf(packet.source, places)}, ${destination} is ${placeOf(packet.destination, places)}.`,
    ...said('forward', 'no chain of flannel or weft'),
    ...said('postrouting', 'no chain of flannel or weft'),
    `Packets from ${source} to ${destination} ${SOURCE_WORDS[trace.source]}; ${FORWARD_WORDS[trace.forward]}.`,
  ].join('\n');
}
