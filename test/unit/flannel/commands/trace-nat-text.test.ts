import { expect, test } from 'vitest';
import { traceLines, type NatAnswer } from '../../../../flannel/commands/trace-nat-text.ts';
import { iptablesBaseChains, nftBaseChains } from '../../../../flannel/model/base-chain.ts';
import { parseNftListing } from '../../../../flannel/model/firewall-nft.ts';
import { traceNat } from '../../../../flannel/model/firewall-trace.ts';
import { parseIptablesSave } from '../../../../flannel/model/iptables-save.ts';
import { fixture, packetOf } from '../firewall-builders.ts';

const plain = { width: 80, paint: (_style: string, text: string): string => text };

function answerOf(from: string, to: string, kind: NatAnswer['route']['kind']): NatAnswer {
  const way = { input: 'cni0', output: 'eth0' };
  const bases = [
    ...nftBaseChains(parseNftListing(fixture('firewall/weft.json')), 'ipv4'),
    ...iptablesBaseChains(parseIptablesSave(fixture('firewall/docker-iptables-nft-save.txt')), 'iptables'),
  ];
  return {
    source: { address: from, place: "in this host's subnet" },
    destination: { address: to, place: 'outside the overlay' },
    route: { kind, way },
    trace: traceNat(bases, { ...packetOf(from, to), way }),
  };
}

test('a packet that is forwarded, in 80 columns', () => {
  const lines = traceLines(answerOf('10.5.29.2', '8.8.8.8', 'through'), plain);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "from       10.5.29.2, in this host's subnet
    to         8.8.8.8, outside the overlay
    way        comes by cni0, leaves by eth0

    HOOK         OF      CHAIN                   RULE                     VERDICT
    forward      weft    ip flannel-ipv4         1: ip saddr 10.5.0.0/16  accept
                         forward                 accept
    forward      docker  iptables filter         1: -j RETURN             return
                         DOCKER-USER
    forward      other   iptables filter         no rule: policy          drop
                         FORWARD
    postrouting  weft    ip flannel-ipv4         5: ip saddr 10.5.0.0/16  masquerade
                         postrtg                 ip daddr != 224.0.0.0/4
                                                 masquerade fully-random

    forward    dropped
    source     becomes the address of the interface that it leaves by, were it not
               dropped"
  `);
});

test('a packet of this host itself: no forward chain is asked', () => {
  const lines = traceLines(answerOf('192.168.77.11', '10.5.9.3', 'from-here'), plain);
  expect(lines.filter((line) => line.startsWith('forward '))).toEqual(['forward    not asked']);
  expect(lines.at(-1)).toBe('source     becomes the address of the interface that it leaves by');
});

test.each([
  { kind: 'to-here', way: 'taken by this host itself: neither forwarded nor masqueraded' },
  { kind: 'nowhere', way: 'this host has no route to the destination' },
] as const)('$kind: no rule is asked', ({ kind, way }) => {
  expect(traceLines(answerOf('10.5.29.2', '10.5.29.1', kind), plain).slice(2)).toEqual([`way        ${way}`]);
});
