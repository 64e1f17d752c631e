import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { iptablesBaseChains, nftBaseChains, type BaseChain } from '../../../../flannel/model/base-chain.ts';
import { parseNftListing } from '../../../../flannel/model/firewall-nft.ts';
import { placeOf, traceChain, traceNat, type NatTrace } from '../../../../flannel/model/firewall-trace.ts';
import { formatIptablesRule } from '../../../../flannel/model/iptables-rule.ts';
import { parseIptablesSave } from '../../../../flannel/model/iptables-save.ts';
import type { PacketWay } from '../../../../flannel/model/rule-conditions.ts';
import { parseCidr, parseIp } from '../../../../native/net/ip.ts';
import { anyPacket, fixture, packetOf, rulesOf } from '../firewall-builders.ts';

const subnet = '10.5.72.0/24';
const NOWHERE: PacketWay = { input: undefined, output: undefined };
const OUT: PacketWay = { input: 'cni0', output: 'eth0' };

/** weft's rules in iptables, as iptables-save prints them, with what else is in the tables. */
function saved({ filter = '', nat = '', policy = 'ACCEPT' } = {}): string {
  const { postrouting, forward } = rulesOf(subnet).ipv4;
  const rules = (chain: string, list: typeof forward): string =>
    (list ?? []).map((rule) => `-A ${chain} ${formatIptablesRule(rule)}`).join('\n');
  return `*filter
:FORWARD ${policy} [0:0]
:MINE - [0:0]
:FLANNEL-FWD - [0:0]
${filter}
-A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
${rules('FLANNEL-FWD', forward)}
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
:FLANNEL-POSTRTG - [0:0]
${nat}
-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
${rules('FLANNEL-POSTRTG', postrouting)}
COMMIT
`;
}

const iptables = (text: string): BaseChain[] => iptablesBaseChains(parseIptablesSave(text), 'iptables');

const ask = (
  bases: readonly BaseChain[],
  pair: string,
  { way = OUT, mark = 0 }: { way?: PacketWay; mark?: number } = {},
): NatTrace => {
  const [from = '', to = ''] = pair.split(' to ');
  return traceNat(bases, { ...packetOf(from, to, mark), way });
};

/** `FLANNEL-POSTRTG 5` of every step, `may` before those that are not certain. */
const stepsOf = ({ chains }: NatTrace, part: 'forward' | 'postrouting'): string[] =>
  chains
    .filter((chain) => chain.part === part)
    .flatMap(({ steps }) => steps)
    .map(({ chain, ruleNumber, certainty }) => `${certainty === 'hits' ? '' : 'may '}${chain} ${ruleNumber}`);

describe('our rules', () => {
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
    const trace = ask(iptables(saved()), `${from} to ${to}`, { mark: mark ?? 0 });
    expect(trace.source).toBe(source);
    expect(stepsOf(trace, 'postrouting')).toEqual(rule === undefined ? [] : [`FLANNEL-POSTRTG ${rule}`]);
  });

  test('forwarding is accepted for the overlay; for the rest the policy decides', () => {
    const bases = iptables(saved({ policy: 'DROP' }));
    expect(ask(bases, '10.5.72.2 to 8.8.8.8').forward).toBe('accepted');
    expect(ask(bases, '1.2.3.4 to 10.5.72.2').forward).toBe('accepted');
    expect(ask(bases, '1.2.3.4 to 8.8.8.8').forward).toBe('dropped');
  });
});

describe('rules of others', () => {
  test.each([
    {
      name: 'one that is not met',
      nat: '-A POSTROUTING -s 10.9.0.0/16 -j SNAT --to-source 192.0.2.1',
      source: 'masqueraded',
    },
    {
      name: 'one that comes first',
      nat: '-A POSTROUTING -s 10.5.0.0/16 -j SNAT --to-source 192.0.2.1',
      source: 'rewritten',
    },
    {
      name: 'one of another interface',
      nat: '-A POSTROUTING -o eth1 -j SNAT --to-source 192.0.2.1',
      source: 'masqueraded',
    },
    {
      name: 'one of every other interface',
      nat: '-A POSTROUTING ! -o eth+ -j SNAT --to-source 192.0.2.1',
      source: 'masqueraded',
    },
    { name: 'one that asks for a port', nat: '-A POSTROUTING -p tcp -m tcp --dport 80 -j ACCEPT', source: 'unknown' },
    {
      name: 'one that asks for a port and does the same',
      nat: '-A POSTROUTING -p tcp -j MASQUERADE',
      source: 'masqueraded',
    },
    { name: 'one that only logs', nat: '-A POSTROUTING -p tcp -j LOG', source: 'masqueraded' },
    { name: 'one that leaves it to a program', nat: '-A POSTROUTING -j NFQUEUE --queue-num 1', source: 'unknown' },
  ])('nat: $name', ({ nat, source }) => {
    expect(ask(iptables(saved({ nat })), '10.5.72.2 to 8.8.8.8').source).toBe(source);
  });

  test.each([
    {
      name: 'established connections only',
      filter: '-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j DROP',
      forward: 'accepted',
      steps: ['FLANNEL-FWD 1'],
    },
    {
      name: 'new connections too',
      filter: '-A FORWARD -m state --state NEW -j DROP',
      forward: 'dropped',
      steps: ['FORWARD 1'],
    },
    {
      name: 'a jump and a return',
      filter: '-A FORWARD -j MINE\n-A MINE -j RETURN\n-A MINE -j DROP',
      forward: 'accepted',
      steps: ['MINE 1', 'FLANNEL-FWD 1'],
    },
    {
      name: 'a goto that ends',
      filter: '-A FORWARD -g MINE\n-A MINE -s 1.2.3.4/32 -j DROP',
      forward: 'accepted',
      steps: [],
    },
    {
      name: 'a jump that may be',
      filter: '-A FORWARD -p udp -j MINE\n-A MINE -j DROP',
      forward: 'unknown',
      steps: ['may MINE 1', 'may FLANNEL-FWD 1'],
    },
    {
      name: 'a return that may be',
      filter: '-A FORWARD -j MINE\n-A MINE -p udp -j RETURN\n-A MINE -j DROP',
      forward: 'unknown',
      steps: ['may MINE 1', 'may MINE 2', 'may FLANNEL-FWD 1'],
    },
    {
      name: 'a jump that never decides',
      filter: '-A FORWARD -p udp -j MINE\n-A MINE -j LOG',
      forward: 'accepted',
      steps: ['FLANNEL-FWD 1'],
    },
  ])('filter: $name', ({ filter, forward, steps }) => {
    const trace = ask(iptables(saved({ filter })), '10.5.72.2 to 8.8.8.8');
    expect([trace.forward, stepsOf(trace, 'forward')]).toEqual([forward, steps]);
  });

  test('an interface that is not known leaves it open', () => {
    const bases = iptables(saved({ nat: '-A POSTROUTING -o eth1 -j ACCEPT' }));
    expect(ask(bases, '10.5.72.2 to 8.8.8.8', { way: NOWHERE }).source).toBe('unknown');
  });

  test('a chain that drops is the last one that is asked, in the order of priorities', () => {
    const tables = parseNftListing(fixture('firewall/neighbours.json'));
    const bases = [...iptables(saved()), ...nftBaseChains(tables, 'ipv4')];
    const trace = ask(bases, '10.5.72.2 to 8.8.8.8');
    expect(trace.forward).toBe('dropped');
    const forward = trace.chains.filter(({ part }) => part === 'forward');
    expect(forward.map(({ table }) => table)).toEqual(['iptables filter', 'inet guard', 'ip filter']); // not firewalld's, of priority 10
    expect(forward.at(-1)?.outcomes).toEqual(['drop']);
  });
});

test("each program's chains are known by their names", () => {
  const bases = iptables(fixture('firewall/docker-iptables-nft-save.txt'));
  const trace = ask(bases, '172.17.0.2 to 8.8.8.8', { way: { input: 'docker0', output: 'eth0' } });
  expect(trace).toMatchObject({ forward: 'accepted', source: 'masqueraded' });
  expect(trace.chains[0]?.steps.map(({ owner, verdict }) => `${owner}: ${verdict}`)).toEqual([
    'docker: return',
    'other: accept',
  ]);
  expect(ask(bases, '10.5.72.2 to 8.8.8.8').forward).toBe('dropped');
});

test('places', () => {
  const places = { networks: [parseCidr('10.5.0.0/16')], subnets: [parseCidr(subnet)] };
  expect(placeOf(parseIp('10.5.72.1'), places)).toBe("in this host's subnet");
  expect(placeOf(parseIp('10.5.9.1'), places)).toBe("in another host's subnet");
  expect(placeOf(parseIp('8.8.8.8'), places)).toBe('outside the overlay');
  expect(placeOf(parseIp('fc00::1'), places)).toBe('of a family without an overlay');
});

/** What the postrouting chain of a base decides, whichever firewall printed it. */
const natOf = (bases: readonly BaseChain[]): BaseChain => bases.find(({ part }) => part === 'postrouting')!;
const nft = (path: string, family: 'ipv4' | 'ipv6'): BaseChain =>
  natOf(nftBaseChains(parseNftListing(fixture(path)), family));

/** Rule by rule the same decision, whichever firewall printed the rules. */
test.each([
  {
    name: 'weft in nftables, flanneld in iptables, IPv4',
    subnet: '10.5.29.0/24',
    a: nft('firewall/weft.json', 'ipv4'),
    b: fixture('flannel/R02-head-vxlan-masq/h1/iptables-save.txt').replaceAll('10.5.72.0', '10.5.29.0'),
  },
  {
    name: 'the same, IPv6',
    subnet: 'fc00:5:0:21::/64',
    a: nft('firewall/weft.json', 'ipv6'),
    b: fixture('flannel/R07-head-dualstack-vxlan-masq-iptables/h1/ip6tables-save-nat.txt').replaceAll(
      'fc00:5:0:5f::/64',
      'fc00:5:0:21::/64',
    ),
  },
])('trace agrees: $name', ({ subnet: own, a, b }) => {
  const other = natOf(iptables(b));
  fc.assert(
    fc.property(anyPacket(own), (packet) => {
      const [one, two] = [a, other].map((base) => {
        const { steps, outcomes } = traceChain(base, { ...packet, way: NOWHERE });
        return { numbers: steps.map(({ ruleNumber }) => ruleNumber), outcomes };
      });
      expect(one).toEqual(two);
    }),
    { numRuns: 20_000 },
  );
});

test("today's flanneld decides otherwise in nftables: its rule 4 leaves nothing for its last one", () => {
  const packet = { ...packetOf('192.168.77.11', '10.5.9.3'), way: OUT };
  expect(traceChain(nft('firewall/flannel-head.json', 'ipv4'), packet).steps).toMatchObject([{ ruleNumber: 4 }]);
  expect(traceChain(nft('firewall/weft.json', 'ipv4'), packet).steps).toMatchObject([{ ruleNumber: 6 }]);
});
