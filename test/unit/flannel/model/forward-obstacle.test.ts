import { expect, test } from 'vitest';
import { firewallNames } from '../../../../flannel/model/firewall-names.ts';
import { parseNftListing } from '../../../../flannel/model/firewall-nft.ts';
import { forwardObstacles, legacyForwardChains, nftForwardChains } from '../../../../flannel/model/forward-obstacle.ts';
import { parseIptablesSave } from '../../../../flannel/model/iptables-save.ts';
import { parseCidr } from '../../../../native/net/ip.ts';
import { fixture } from '../firewall-builders.ts';

const names = firewallNames(1);
const network = parseCidr('10.5.0.0/16');
const neighbours = nftForwardChains(parseNftListing(fixture('firewall/neighbours.json')), names);
const named = (chain: string, table: string): typeof neighbours =>
  neighbours.filter((each) => each.chain === chain && each.table === table);

test('forward chains of others are found, by their hook', () => {
  expect(neighbours.map(({ family, table, chain, policy }) => `${family} ${table} ${chain} ${policy}`)).toEqual([
    'inet firewalld filter_FORWARD accept',
    'inet guard forward drop',
    'ip filter FORWARD drop',
  ]);
});

test('our own tables are none of others', () => {
  expect(nftForwardChains(parseNftListing(fixture('firewall/weft.json')), names)).toEqual([]);
});

test.each([
  {
    name: "docker's policy",
    chains: named('FORWARD', 'filter'),
    want: 'chain FORWARD of table ip filter (policy drop) drops forwarded packets from and to 10.5.0.0/16: run "iptables -I FORWARD -s 10.5.0.0/16 -j ACCEPT; iptables -I FORWARD -d 10.5.0.0/16 -j ACCEPT", or use --firewall iptables',
  },
  {
    name: "firewalld's last rule",
    chains: named('filter_FORWARD', 'firewalld'),
    want: 'chain filter_FORWARD of table inet firewalld drops forwarded packets from and to 10.5.0.0/16: run "firewall-cmd --permanent --zone=trusted --add-source=10.5.0.0/16" and reload it',
  },
  {
    name: 'a guard that lets containers out and nothing in',
    chains: named('forward', 'guard'),
    want: 'chain forward of table inet guard (policy drop) drops forwarded packets to 10.5.0.0/16: run "nft insert rule inet guard forward ip daddr 10.5.0.0/16 accept"',
  },
  {
    name: 'iptables-legacy beside nftables',
    chains: legacyForwardChains(parseIptablesSave(fixture('firewall/docker-iptables-legacy-save.txt')), 'ip'),
    want: 'chain FORWARD of table ip filter (policy drop) drops forwarded packets from and to 10.5.0.0/16: run "iptables-legacy -I FORWARD -s 10.5.0.0/16 -j ACCEPT; iptables-legacy -I FORWARD -d 10.5.0.0/16 -j ACCEPT", or use --firewall iptables',
  },
])('$name is told with the remedy', ({ chains, want }) => {
  expect(forwardObstacles(chains, [network])).toEqual([want]);
});

const docker = fixture('firewall/docker-iptables-legacy-save.txt');
const legacy = (saved: string): readonly string[] =>
  forwardObstacles(legacyForwardChains(parseIptablesSave(saved), 'ip'), [network]);
const forward = (...rules: string[]): string => ['*filter', ':FORWARD DROP [0:0]', ':A - [0:0]', ...rules].join('\n');

test.each([
  {
    name: 'our jump at the end',
    saved: docker
      .replace('-A DOCKER-USER', '-A FORWARD -j FLANNEL-FWD\n-A DOCKER-USER')
      .replace(':DOCKER-USER', ':FLANNEL-FWD - [0:0]\n:DOCKER-USER')
      .replace('COMMIT\n# Completed on Wed Nov 25 00:01:58 2026\n', 'COMMIT\n')
      .replace(
        /COMMIT\n# Completed[^\n]*\n$/,
        '-A FLANNEL-FWD -s 10.5.0.0/16 -j ACCEPT\n-A FLANNEL-FWD -d 10.5.0.0/16 -j ACCEPT\nCOMMIT\n',
      ),
  },
  { name: 'no legacy tables', saved: '' },
  { name: 'a policy to accept', saved: docker.replace(':FORWARD DROP', ':FORWARD ACCEPT') },
  {
    name: 'both sides accepted by a wider network',
    saved: forward('-A FORWARD -s 10.0.0.0/8 -j ACCEPT', '-A FORWARD -d 10.0.0.0/8 -j ACCEPT'),
  },
  { name: 'everything accepted', saved: forward('-A FORWARD -j ACCEPT') },
  { name: 'a drop of another network', saved: forward('-A FORWARD -s 10.6.0.0/16 -j DROP', '-A FORWARD -j ACCEPT') },
  { name: 'accepted in a chain', saved: forward('-A FORWARD -j A', '-A A -j ACCEPT') },
])('$name is no obstacle', ({ saved }) => {
  expect(legacy(saved)).toEqual([]);
});

test.each([
  { name: 'a drop before the accept', saved: forward('-A FORWARD -s 10.5.0.0/16 -j DROP', '-A FORWARD -j ACCEPT') },
  {
    name: 'an accept of a part',
    saved: forward('-A FORWARD -s 10.5.1.0/24 -j ACCEPT', '-A FORWARD -d 10.5.0.0/16 -j ACCEPT'),
  },
  { name: 'a chain that leads nowhere', saved: forward('-A FORWARD -g A', '-A FORWARD -j ACCEPT') },
  { name: 'a ring of chains', saved: forward('-A FORWARD -j A', '-A A -j A') },
  {
    name: 'an accept of established connections',
    saved: forward('-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT'),
  },
])('$name is one', ({ saved }) => {
  expect(legacy(saved)).toHaveLength(1);
});

test('IPv6 is asked of ip6 and inet', () => {
  const chains = nftForwardChains(parseNftListing(fixture('firewall/neighbours.json')), names);
  expect(forwardObstacles(chains, [parseCidr('fc00:5::/48')]).map((text) => text.split(' drops')[0])).toEqual([
    'chain filter_FORWARD of table inet firewalld',
    'chain forward of table inet guard (policy drop)',
  ]);
});
