import { afterEach, beforeEach, expect, test } from 'vitest';
import { readBaseChains } from '../../../flannel/io/base-chains.ts';
import { readPacketRoute } from '../../../flannel/io/packet-way.ts';
import { traceNat } from '../../../flannel/model/firewall-trace.ts';
import { parseIp } from '../../../native/net/ip.ts';
import { openRouteSocket } from '../../../native/netlink/socket.ts';
import { firewallHost } from '../../support/firewall.ts';
import { makeNamespace, type TestNamespace } from '../../support/netns.ts';
import { packetOf } from '../../unit/flannel/firewall-builders.ts';

const { signal } = new AbortController();

let ns: TestNamespace;
beforeEach(async () => {
  ns = await makeNamespace('trace');
  for (const [name, address] of [
    ['eth0', '192.168.77.11/24'],
    ['cni0', '10.5.72.1/24'],
  ]) {
    ns.ip(`link add ${name ?? ''} type bridge`);
    ns.ip(`addr add ${address ?? ''} dev ${name ?? ''}`);
    ns.ip(`link set ${name ?? ''} up`);
  }
  ns.ip('route add default via 192.168.77.1');
});
afterEach(() => ns[Symbol.asyncDispose]());

test('every firewall of the host is read, and none twice', async () => {
  ns.run('nft', 'table inet mine { chain f { type filter hook forward priority -10; ct state new accept; }; }');
  ns.run('nft', 'table ip6 mine { chain p { type nat hook postrouting priority 100; masquerade; }; }');
  ns.run('nft', 'table ip mine { chain p { type nat hook postrouting priority 90; ip daddr 192.0.2.1 accept; }; }');
  ns.run('iptables-nft', '-t', 'nat', '-A', 'POSTROUTING', '-o', 'cni0', '-j', 'SNAT', '--to-source', '192.0.2.9');
  ns.run(
    'iptables-legacy',
    '-t',
    'nat',
    '-A',
    'POSTROUTING',
    '-s',
    '10.5.0.0/16',
    '!',
    '-o',
    'cni0',
    '-j',
    'MASQUERADE',
  );
  ns.run('iptables-legacy', '-P', 'FORWARD', 'DROP');
  using host = firewallHost(ns);
  const chains = await readBaseChains(host, 'ipv4', signal);
  expect(chains.map(({ table, chain, policy }) => `${table} ${chain} ${policy}`).sort()).toEqual([
    'inet mine f accept',
    'ip mine p accept',
    'iptables nat POSTROUTING accept',
    'iptables-legacy filter FORWARD drop',
    'iptables-legacy nat POSTROUTING accept',
  ]);
  expect((await readBaseChains(host, 'ipv6', signal)).map(({ table }) => table)).toEqual(['inet mine', 'ip6 mine']);
  const trace = traceNat(chains, { ...packetOf('10.5.72.2', '8.8.8.8'), way: { input: 'cni0', output: 'eth0' } });
  expect([trace.forward, trace.source]).toEqual(['dropped', 'masqueraded']);
  expect(trace.chains.flatMap(({ steps }) => steps).map(({ table, rule }) => `${table}: ${rule}`)).toEqual([
    'inet mine: ct state new accept',
    'iptables-legacy nat: -s 10.5.0.0/16 ! -o cni0 -j MASQUERADE',
  ]);
});

test('without any program there is nobody to ask', async () => {
  using host = firewallHost(ns, 'none');
  const run: typeof host.run = (program, s) => host.run({ argv: [`weft-no-${program.argv[0] ?? ''}`] }, s);
  await expect(readBaseChains({ ...host, run }, 'ipv4', signal)).rejects.toThrow(
    'neither nft nor iptables is installed, so no rules can be read',
  );
});

test.each([
  { from: '10.5.72.2', to: '8.8.8.8', want: { kind: 'through', way: { input: 'cni0', output: 'eth0' } } },
  { from: '192.168.77.11', to: '8.8.8.8', want: { kind: 'from-here', way: { input: undefined, output: 'eth0' } } },
  { from: '8.8.8.8', to: '10.5.72.1', want: { kind: 'to-here', way: { input: 'eth0', output: undefined } } },
  { from: 'fc00::1', to: 'fc00::2', want: { kind: 'nowhere', way: { input: undefined, output: undefined } } },
])('the way from $from to $to: $want.kind', async ({ from, to, want }) => {
  await using socket = openRouteSocket({ netns: { kind: 'name', name: ns.name } });
  expect(await readPacketRoute(socket, { source: parseIp(from), destination: parseIp(to) }, signal)).toEqual(want);
});
