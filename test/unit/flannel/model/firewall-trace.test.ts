import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { iptablesRules } from '../../../../flannel/model/firewall-iptables.ts';
import { firewallNames } from '../../../../flannel/model/firewall-names.ts';
import { nftRules, parseNftListing } from '../../../../flannel/model/firewall-nft.ts';
import type { FirewallRule } from '../../../../flannel/model/firewall-rule.ts';
import {
  describeTrace,
  placeOf,
  traceNat,
  traceRules,
  type TracedChain,
} from '../../../../flannel/model/firewall-trace.ts';
import { formatIptablesRule, parseIptablesRule, splitWords } from '../../../../flannel/model/iptables-rule.ts';
import { parseIptablesSave } from '../../../../flannel/model/iptables-save.ts';
import { parseCidr, parseIp } from '../../../../native/net/ip.ts';
import { anyPacket, fixture, packetOf, rulesOf } from '../firewall-builders.ts';

const names = firewallNames(1);
const subnet = '10.5.72.0/24';
const { postrouting, forward } = rulesOf(subnet).ipv4;

function chain(
  part: 'postrouting' | 'forward',
  rules: readonly FirewallRule[] | undefined,
  isReached = true,
): TracedChain {
  const name = names.chains[part];
  return { part, name, isReached, rules: rules ?? [], formatRule: formatIptablesRule };
}

const chains = [chain('forward', forward), chain('postrouting', postrouting)];

describe('what becomes of a packet', () => {
  test.each([
    { name: 'container to the internet', from: '10.5.72.2', to: '8.8.8.8', rule: 5, source: 'masqueraded' },
    { name: 'container to a container here', from: '10.5.72.2', to: '10.5.72.3', rule: 2, source: 'kept' },
    { name: 'container to one elsewhere', from: '10.5.72.2', to: '10.5.9.3', rule: 2, source: 'kept' },
    { name: 'a container elsewhere to one here', from: '10.5.9.2', to: '10.5.72.3', rule: 3, source: 'kept' },
    { name: 'from outside to a container here', from: '1.2.3.4', to: '10.5.72.3', rule: 4, source: 'kept' },
    {
      name: 'this host to a container elsewhere',
      from: '192.168.77.11',
      to: '10.5.9.3',
      rule: 6,
      source: 'masqueraded',
    },
    { name: 'container to multicast', from: '10.5.72.2', to: '239.1.1.1', rule: undefined, source: 'kept' },
    { name: 'outside to outside', from: '1.2.3.4', to: '8.8.8.8', rule: undefined, source: 'kept' },
    { name: 'marked by kube-proxy', from: '10.5.72.2', to: '8.8.8.8', mark: 0xc000, rule: 1, source: 'kept' },
  ])('$name', ({ from, to, mark, rule, source }) => {
    const trace = traceNat(chains, packetOf(from, to, mark));
    expect(trace.source).toBe(source);
    expect(trace.steps[1]?.ruleNumber).toBe(rule);
  });
});

test('forwarding is accepted for the overlay and left to others for the rest', () => {
  expect(traceNat(chains, packetOf('10.5.72.2', '8.8.8.8')).forward).toBe('accepted');
  expect(traceNat(chains, packetOf('1.2.3.4', '10.5.72.2')).forward).toBe('accepted');
  expect(traceNat(chains, packetOf('1.2.3.4', '8.8.8.8')).forward).toBe('undecided');
});

test('a chain to which nothing leads decides nothing', () => {
  const cut = [chain('postrouting', postrouting, false)];
  expect(traceNat(cut, packetOf('10.5.72.2', '8.8.8.8'))).toMatchObject({
    source: 'kept',
    steps: [{ decision: 'not-reached' }],
  });
});

test('a rule whose conditions are not known leaves it open', () => {
  const rules = [parseIptablesRule(splitWords('-p tcp -j RETURN')), ...(postrouting ?? [])];
  const trace = traceNat([chain('postrouting', rules)], packetOf('10.5.72.2', '8.8.8.8'));
  expect(trace).toMatchObject({ source: 'unknown', steps: [{ decision: 'unknown', ruleNumber: 1 }] });
});

test('the answer in words', () => {
  const packet = packetOf('10.5.72.2', '8.8.8.8');
  const places = { networks: [parseCidr('10.5.0.0/16')], subnets: [parseCidr(subnet)] };
  expect(describeTrace(traceNat(chains, packet), packet, places)).toBe(
    [
      "10.5.72.2 is in this host's subnet, 8.8.8.8 is outside the overlay.",
      'forward:     rule 1 of FLANNEL-FWD: -s 10.5.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT',
      'postrouting: rule 5 of FLANNEL-POSTRTG: -s 10.5.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully',
      "Packets from 10.5.72.2 to 8.8.8.8 leave with the host's address; forwarding accepts them.",
    ].join('\n'),
  );
  expect(describeTrace(traceNat([], packet), packet, places)).toContain('postrouting: no chain of flannel or weft');
});

test('places', () => {
  const places = { networks: [parseCidr('10.5.0.0/16')], subnets: [parseCidr(subnet)] };
  expect(placeOf(parseIp('10.5.9.1'), places)).toBe("in another host's subnet");
  expect(placeOf(parseIp('fc00::1'), places)).toBe('of a family without an overlay');
});

/** Rule by rule the same decision, whichever firewall printed the rules. */
test.each([
  {
    name: 'weft in nftables, flanneld in iptables, IPv4',
    subnet: '10.5.29.0/24',
    a: nftRules(parseNftListing(fixture('firewall/weft.json')), names).ipv4.postrouting,
    b: iptablesRules(
      parseIptablesSave(
        fixture('flannel/R02-head-vxlan-masq/h1/iptables-save.txt').replaceAll('10.5.72.0', '10.5.29.0'),
      ),
      names,
    ).postrouting,
  },
  {
    name: 'the same, IPv6',
    subnet: 'fc00:5:0:21::/64',
    a: nftRules(parseNftListing(fixture('firewall/weft.json')), names).ipv6.postrouting,
    b: iptablesRules(
      parseIptablesSave(
        fixture('flannel/R07-head-dualstack-vxlan-masq-iptables/h1/ip6tables-save-nat.txt').replaceAll(
          'fc00:5:0:5f::/64',
          'fc00:5:0:21::/64',
        ),
      ),
      names,
    ).postrouting,
  },
])('trace agrees: $name', ({ subnet: own, a, b }) => {
  expect(a).toHaveLength(6);
  fc.assert(
    fc.property(anyPacket(own), (packet) => {
      const [one, other] = [a, b].map((rules) => traceRules(rules ?? [], packet));
      expect([one?.kind, one && 'number' in one && one.number]).toEqual([
        other?.kind,
        other && 'number' in other && other.number,
      ]);
    }),
    { numRuns: 20_000 },
  );
});

test("today's flanneld decides otherwise in nftables: its rule 4 leaves nothing for its last one", () => {
  const { ipv4 } = nftRules(parseNftListing(fixture('firewall/flannel-head.json')), names);
  const packet = packetOf('192.168.77.11', '10.5.9.3');
  expect(traceRules(ipv4.postrouting ?? [], packet)).toMatchObject({ kind: 'rule', number: 4 });
  expect(traceRules(rulesOf('10.5.29.0/24').ipv4.postrouting ?? [], packet)).toMatchObject({ kind: 'rule', number: 6 });
});
