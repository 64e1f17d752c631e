import { formatCidr, cidrContains, type IpAddress, type Cidr } from '../../native/net/ip.ts';

export interface NetworkMatch {
  readonly network: Cidr;
  /** Everything but this network. */
  readonly isNegated: boolean;
}

/** `packet mark & mask == value`. */
export interface MarkMatch {
  readonly value: number;
  readonly mask: number;
}

export type Verdict =
  | { readonly kind: 'accept' | 'drop' | 'return' | 'masquerade' | 'masquerade-fully-random' | 'continue' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  /** Another address or port, in the words of its firewall: neither flannel nor weft sets such. */
  | { readonly kind: 'rewrite'; readonly text: string };

/** One rule of a chain in the words of both firewalls; all that is there must match. */
export interface FirewallRule {
  readonly mark: MarkMatch | undefined;
  readonly source: NetworkMatch | undefined;
  readonly destination: NetworkMatch | undefined;
  /** Conditions that neither flannel nor weft sets, as they were printed: whether they match is not known. */
  readonly otherConditions: string | undefined;
  readonly verdict: Verdict;
  /** What it does beside its verdict, as it was printed: logs, another way to masquerade. */
  readonly otherEffects: string | undefined;
  readonly comment: string | undefined;
}

/** A packet as the rules see it: both addresses of one family. */
export interface Packet {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly mark: number;
}

function networkText(match: NetworkMatch | undefined): string {
  return match === undefined ? '' : `${match.isNegated ? '! ' : ''}${formatCidr(match.network)}`;
}

/** Everything about a rule in one text: equal texts are equal rules. */
function ruleKey(rule: FirewallRule): string {
  const { mark, source, destination, otherConditions, verdict, otherEffects, comment } = rule;
  const target = 'chain' in verdict ? verdict.chain : verdict.kind === 'rewrite' ? verdict.text : '';
  const facts = [networkText(source), networkText(destination), otherConditions, verdict.kind, target, otherEffects];
  return JSON.stringify([mark?.value ?? '', mark?.mask ?? '', ...facts.map((fact) => fact ?? ''), comment ?? '']);
}

/** Whole values in their order. */
export function sameRules(a: readonly FirewallRule[], b: readonly FirewallRule[]): boolean {
  return a.length === b.length && a.every((rule, index) => ruleKey(rule) === ruleKey(b[index] ?? rule));
}

function inMatch(match: NetworkMatch | undefined, address: IpAddress): boolean {
  if (match === undefined) return true;
  return cidrContains(match.network, address) !== match.isNegated;
}

function isMarked(mark: number, match: MarkMatch | undefined): boolean {
  if (match === undefined) return true;
  return (mark & match.mask) >>> 0 === match.value;
}

/** Whether a packet meets the rule's conditions; `undefined` if that depends on some which weft does not know. */
export function ruleMatches(rule: FirewallRule, packet: Packet): boolean | undefined {
  const { mark, source, destination, otherConditions } = rule;
  if (!isMarked(packet.mark, mark)) return false;
  if (!inMatch(source, packet.source) || !inMatch(destination, packet.destination)) return false;
  return otherConditions === undefined ? true : undefined;
}
