import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { FirewallRule, Packet } from '../../../flannel/model/firewall-rule.ts';
import { desiredFirewall, type FirewallIntent, type FirewallRules } from '../../../flannel/model/firewall.ts';
import { packageRoot } from '../../../native/host/package-root.ts';
import { parseCidr4 } from '../../../native/net/cidr.ts';
import { cidr, parseCidr, parseIp, type IpAddress } from '../../../native/net/ip.ts';
import type { Ipv4 } from '../../../native/net/ipv4.ts';
import { parseCidr6, type Ipv6 } from '../../../native/net/ipv6.ts';

/** A file below test/fixtures. */
export const fixture = (path: string): string => readFileSync(join(packageRoot(), 'test/fixtures', path), 'utf8');

/** Host 1 of the recordings: 10.5.0.0/16 and fc00:5::/48 with the subnets given. */
export function intentOf(subnet: string, subnet6?: string, more: Partial<FirewallIntent> = {}): FirewallIntent {
  return {
    ipv4: { networks: [parseCidr4('10.5.0.0/16')], subnet: parseCidr4(subnet) },
    ipv6: subnet6 === undefined ? undefined : { networks: [parseCidr6('fc00:5::/48')], subnet: parseCidr6(subnet6) },
    masquerade: true,
    forward: true,
    fullyRandom: true,
    ...more,
  };
}

export const rulesOf = (...args: Parameters<typeof intentOf>): FirewallRules => desiredFirewall(intentOf(...args));

export const packetOf = (source: string, destination: string, mark = 0): Packet => ({
  source: parseIp(source),
  destination: parseIp(destination),
  mark,
});

const anyIpv4 = fc.nat(0xffff_ffff).map((value) => value as Ipv4);
const anyIpv6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((value) => value as Ipv6);
const networkOf = (address: fc.Arbitrary<IpAddress>, longest: number) =>
  fc.tuple(address, fc.integer({ min: 1, max: longest })).map(([first, length]) => cidr(first, length));

/** A rule as either firewall can say it. */
export function anyRule(family: 'ipv4' | 'ipv6'): fc.Arbitrary<FirewallRule> {
  const network = family === 'ipv4' ? networkOf(anyIpv4, 32) : networkOf(anyIpv6, 128);
  const match = fc.option(fc.record({ network, isNegated: fc.boolean() }), { nil: undefined });
  return fc.record({
    mark: fc.option(fc.constantFrom({ value: 0x4000, mask: 0x4000 }, { value: 7, mask: 0xffff_ffff }), {
      nil: undefined,
    }),
    source: match,
    destination: match,
    otherConditions: fc.constant(undefined),
    verdict: fc.constantFrom<FirewallRule['verdict']>(
      { kind: 'accept' },
      { kind: 'return' },
      { kind: 'masquerade' },
      { kind: 'masquerade-fully-random' },
      { kind: 'drop' },
    ),
    otherEffects: fc.constant(undefined),
    comment: fc.constantFrom(undefined, 'flanneld masq'),
  });
}

/** Addresses inside and around the recordings' networks, so that rules are met. */
export function anyPacket(subnet: string): fc.Arbitrary<Packet> {
  const inside = (text: string): fc.Arbitrary<IpAddress> => {
    const { address, prefixLength } = parseCidr(text);
    if (typeof address === 'number') return fc.nat(2 ** (32 - prefixLength) - 1).map((n) => (address + n) as Ipv4);
    return fc.bigInt({ min: 0n, max: (1n << BigInt(128 - prefixLength)) - 1n }).map((n) => (address + n) as Ipv6);
  };
  const near = subnet.includes(':') ? ['fc00:5::/48', 'ff00::/8', '::/0'] : ['10.5.0.0/16', '224.0.0.0/4', '0.0.0.0/1'];
  const address = fc.oneof(...[subnet, ...near].map(inside));
  return fc.record({ source: address, destination: address, mark: fc.constantFrom(0, 0x4000, 0xc001, 1) });
}
