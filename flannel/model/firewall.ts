import type { Cidr4 } from '../../native/net/cidr.ts';
import { isCidr6, parseCidr, type Cidr } from '../../native/net/ip.ts';
import type { Cidr6 } from '../../native/net/ipv6.ts';
import { sameRules, type FirewallRule, type NetworkMatch, type Verdict } from './firewall-rule.ts';

export type IpFamily = 'ipv4' | 'ipv6';

export const familyOf = (network: Cidr): IpFamily => (isCidr6(network) ? 'ipv6' : 'ipv4');

/** What one family of the overlay consists of, for the rules. */
export interface OverlayRange<Network> {
  /** All of the overlay; one in etcd's configuration. */
  readonly networks: readonly Network[];
  /** This host's part. */
  readonly subnet: Network;
}

/** What the settings and the lease ask of the firewall. */
export interface FirewallIntent {
  readonly ipv4: OverlayRange<Cidr4> | undefined;
  readonly ipv6: OverlayRange<Cidr6> | undefined;
  /** `--ip-masq`. */
  readonly masquerade: boolean;
  /** `--iptables-forward-rules`. */
  readonly forward: boolean;
  /** Source ports by chance: wanted, and possible here. */
  readonly fullyRandom: boolean;
}

/** The rules of one family; `undefined` is no chain at all, not an empty one. */
export interface FamilyRules {
  readonly postrouting: readonly FirewallRule[] | undefined;
  readonly forward: readonly FirewallRule[] | undefined;
}

export type FirewallRules = Readonly<Record<IpFamily, FamilyRules>>;

export const IP_FAMILIES: readonly IpFamily[] = ['ipv4', 'ipv6'];

export type FirewallPart = keyof FamilyRules;

export const FIREWALL_PARTS: readonly FirewallPart[] = ['forward', 'postrouting'];

/** As flannel comments its rules; `iptables -C` compares them. */
export const RULE_COMMENTS: Readonly<Record<FirewallPart, string>> = {
  postrouting: 'flanneld masq',
  forward: 'flanneld forward',
};

export const NO_RULES: FamilyRules = { postrouting: undefined, forward: undefined };

/** kube-proxy's mark for what it masquerades itself: masquerading twice stalls connections. */
const KUBE_PROXY_MARK = { value: 0x4000, mask: 0x4000 };

const MULTICAST: Readonly<Record<IpFamily, Cidr>> = {
  ipv4: parseCidr('224.0.0.0/4'),
  ipv6: parseCidr('ff00::/8'),
};

const within = (network: Cidr): NetworkMatch => ({ network, isNegated: false });
const outside = (network: Cidr): NetworkMatch => ({ network, isNegated: true });

interface Conditions {
  readonly mark?: FirewallRule['mark'];
  readonly source?: NetworkMatch;
  readonly destination?: NetworkMatch;
}

function ruleOf(part: FirewallPart, { mark, source, destination }: Conditions, kind: SimpleVerdict): FirewallRule {
  return {
    mark,
    source,
    destination,
    otherConditions: undefined,
    verdict: { kind },
    otherEffects: undefined,
    comment: RULE_COMMENTS[part],
  };
}

type SimpleVerdict = Exclude<Verdict['kind'], 'jump' | 'goto' | 'rewrite'>;

/** flannel's set since v0.21, in its order: the first that matches decides. */
function masqueradeRules({ networks, subnet }: OverlayRange<Cidr>, masquerade: SimpleVerdict): FirewallRule[] {
  const rule = (conditions: Conditions, verdict: SimpleVerdict): FirewallRule =>
    ruleOf('postrouting', conditions, verdict);
  return [
    rule({ mark: KUBE_PROXY_MARK }, 'return'),
    ...networks.flatMap((network) => [
      rule({ source: within(subnet), destination: within(network) }, 'return'),
      rule({ source: within(network), destination: within(subnet) }, 'return'),
    ]),
    // What comes from outside to a container here keeps its source.
    ...networks.map((network) => rule({ source: outside(network), destination: within(subnet) }, 'return')),
    ...networks.map((network) =>
      rule({ source: within(network), destination: outside(MULTICAST[familyOf(subnet)]) }, masquerade),
    ),
    // Other hosts' containers can answer only to an address of the overlay.
    ...networks.map((network) => rule({ source: outside(network), destination: within(network) }, masquerade)),
  ];
}

function forwardRules({ networks }: OverlayRange<Cidr>): FirewallRule[] {
  return networks.flatMap((network) => [
    ruleOf('forward', { source: within(network) }, 'accept'),
    ruleOf('forward', { destination: within(network) }, 'accept'),
  ]);
}

function familyRules(range: OverlayRange<Cidr> | undefined, intent: FirewallIntent): FamilyRules {
  if (range === undefined) return NO_RULES;
  const masquerade = intent.fullyRandom ? 'masquerade-fully-random' : 'masquerade';
  return {
    postrouting: intent.masquerade ? masqueradeRules(range, masquerade) : undefined,
    forward: intent.forward ? forwardRules(range) : undefined,
  };
}

/** The rules that have to be there; the same in both firewalls. */
export function desiredFirewall(intent: FirewallIntent): FirewallRules {
  return { ipv4: familyRules(intent.ipv4, intent), ipv6: familyRules(intent.ipv6, intent) };
}

/** Whether any chain is wanted. */
export function wantsRules({ ipv4, ipv6 }: FirewallRules): boolean {
  return [ipv4, ipv6].some(({ postrouting, forward }) => (postrouting ?? forward) !== undefined);
}

/** How a chain differs from what is wanted, for a person; `undefined` when it is the same. */
export function chainDifference(
  chain: string,
  desired: readonly FirewallRule[] | undefined,
  actual: readonly FirewallRule[] | undefined,
): string | undefined {
  if (desired === undefined) return actual === undefined ? undefined : `${chain} is there and not wanted`;
  if (actual === undefined) return `${chain} is missing`;
  if (sameRules(desired, actual)) return undefined;
  if (actual.length !== desired.length) return `${chain} has ${actual.length} rules, not ${desired.length}`;
  return `${chain} has other rules or another order`;
}
