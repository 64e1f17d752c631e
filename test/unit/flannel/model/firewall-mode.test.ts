import { expect, test } from 'vitest';
import { chooseFirewallMode } from '../../../../flannel/model/firewall-mode.ts';

const noIptables = 'iptables is not installed';
const noNft = 'nft is not installed';
const both = { iptables: undefined, nftables: undefined };

test.each([
  { name: 'both work', facts: { choice: 'auto', enableNftables: false, obstacles: both }, want: 'iptables' },
  {
    name: 'the cluster says nftables',
    facts: { choice: 'auto', enableNftables: true, obstacles: both },
    want: 'nftables',
  },
  {
    name: 'only nft is there',
    facts: { choice: 'auto', enableNftables: false, obstacles: { iptables: noIptables, nftables: undefined } },
    want: 'nftables',
  },
  {
    name: 'forced to nftables',
    facts: { choice: 'nftables', enableNftables: false, obstacles: both },
    want: 'nftables',
  },
  {
    name: 'forced to iptables',
    facts: { choice: 'iptables', enableNftables: true, obstacles: both },
    want: 'iptables',
  },
] as const)('$name: $want', ({ facts, want }) => {
  expect(chooseFirewallMode(facts).mode).toBe(want);
});

test.each([
  {
    facts: { choice: 'auto', enableNftables: false, obstacles: { iptables: noIptables, nftables: noNft } },
    want:
      'no firewall can be used: iptables is not installed; nft is not installed: install nftables or iptables, ' +
      'or do without rules by --ip-masq=false and --iptables-forward-rules=false',
  },
  {
    facts: { choice: 'auto', enableNftables: true, obstacles: { iptables: undefined, nftables: noNft } },
    want: 'EnableNFTables is set in the network config, but nft is not installed',
  },
  {
    facts: { choice: 'iptables', enableNftables: false, obstacles: { iptables: noIptables, nftables: undefined } },
    want: '--firewall is iptables, but iptables is not installed',
  },
] as const)('$want', ({ facts, want }) => {
  expect(chooseFirewallMode(facts)).toEqual({ mode: undefined, problem: want });
});
