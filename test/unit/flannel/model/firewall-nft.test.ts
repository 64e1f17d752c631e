import { describe, expect, test } from 'vitest';
import { firewallNames } from '../../../../flannel/model/firewall-names.ts';
import {
  NftListingError,
  nftDifferences,
  nftRules,
  nftScript,
  parseNftListing,
} from '../../../../flannel/model/firewall-nft.ts';
import { desiredFirewall } from '../../../../flannel/model/firewall.ts';
import { formatNftRule } from '../../../../flannel/model/nft-rule.ts';
import { fixture, intentOf, rulesOf } from '../firewall-builders.ts';

const names = firewallNames(1);
const desired = rulesOf('10.5.29.0/24', 'fc00:5:0:21::/64');
const recorded = fixture('firewall/weft.json');

test('what nft lists of our own script is what was wanted', () => {
  const tables = parseNftListing(recorded);
  expect(nftRules(tables, names)).toEqual(desired);
  expect(nftDifferences(tables, names, desired)).toEqual([]);
});

test('the script holds the rules as nft prints them', () => {
  const listed = fixture('firewall/weft.txt')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.includes('flanneld'));
  const written = nftScript(names, desired)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.includes('flanneld'));
  expect(written).toEqual(listed);
});

test("flannel's own rules are read in full", () => {
  const { ipv4, ipv6 } = nftRules(parseNftListing(fixture('firewall/flannel-head.json')), names);
  const text = fixture('flannel/R06-head-dualstack-vxlan-masq-nft/h1/nft-list-ruleset.txt');
  const said = [ipv4.postrouting, ipv4.forward, ipv6.postrouting, ipv6.forward].flatMap((rules) => rules ?? []);
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^(ip6?|meta) /.test(line));
  expect(said.map(formatNftRule)).toEqual(lines);
});

const without = (text: string, part: string): string => text.replace(part, '');
const rule = (chain: string, index: number): string =>
  [
    ...recorded.matchAll(
      new RegExp(`\\{"rule": \\{"family": "ip", "table": "flannel-ipv4", "chain": "${chain}".*?\\}\\]\\}\\}`, 'g'),
    ),
  ][index]![0];

describe('is no agreement', () => {
  test.each([
    {
      name: 'no tables at all',
      listing: '',
      want: ['table ip flannel-ipv4 is missing', 'table ip6 flannel-ipv6 is missing'],
    },
    {
      name: 'a rule deleted',
      listing: without(recorded, `${rule('postrtg', 2)}, `),
      want: ['table ip flannel-ipv4 postrtg has 5 rules, not 6'],
    },
    {
      name: 'a rule twice',
      listing: recorded.replace(rule('forward', 0), `${rule('forward', 0)}, ${rule('forward', 0)}`),
      want: ['table ip flannel-ipv4 forward has 3 rules, not 2'],
    },
    {
      name: 'two rules in another order',
      listing: recorded.replace(
        `${rule('postrtg', 3)}, ${rule('postrtg', 4)}`,
        `${rule('postrtg', 4)}, ${rule('postrtg', 3)}`,
      ),
      want: ['table ip flannel-ipv4 postrtg has other rules or another order'],
    },
    {
      name: 'a mark without its mask',
      listing: recorded.replace('{"&": [{"meta": {"key": "mark"}}, 16384]}', '{"meta": {"key": "mark"}}'),
      want: ['table ip flannel-ipv4 postrtg has other rules or another order'],
    },
    {
      name: 'a hook with a policy to drop',
      listing: recorded.replace('"policy": "accept"', '"policy": "drop"'),
      want: ['table ip flannel-ipv4 forward hangs at another hook'],
    },
    {
      name: 'a condition that is not ours',
      listing: recorded.replace(
        '{"accept": null}',
        '{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": "new"}}, {"accept": null}',
      ),
      want: ['table ip flannel-ipv4 forward has other rules or another order'],
    },
    {
      name: 'a chain more',
      listing: `${recorded}{"nftables": [{"chain": {"family": "ip", "table": "flannel-ipv4", "name": "mine"}}, {"set": {"family": "ip", "table": "flannel-ipv4", "name": "s"}}]}`,
      want: ['table ip flannel-ipv4 holds a strange chain mine', 'table ip flannel-ipv4 holds a strange set s'],
    },
  ])('$name', ({ listing, want }) => {
    expect(nftDifferences(parseNftListing(listing), names, desired)).toEqual(want);
  });
});

test('a family that is not wanted any more is told, and removed', () => {
  const only4 = rulesOf('10.5.29.0/24');
  expect(nftDifferences(parseNftListing(recorded), names, only4)).toEqual([
    'table ip6 flannel-ipv6 is there and not wanted',
  ]);
  expect(nftScript(names, only4)).toMatch(/delete table ip6 flannel-ipv6\n$/);
});

test('without masquerade there is no chain for it', () => {
  const rules = desiredFirewall(intentOf('10.5.29.0/24', undefined, { masquerade: false }));
  expect(nftScript(names, rules)).not.toContain('postrtg');
});

test.each(['{"nftables": 5}', '[]', 'Error: no'])('%s is no listing', (text) => {
  expect(() => parseNftListing(text)).toThrow(NftListingError);
});
