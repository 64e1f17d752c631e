import { afterAll, beforeAll, expect, test } from 'vitest';
import { readHostInterfaces } from '../../../flannel/io/host-interfaces.ts';
import { chooseUnderlay, type InterfaceWish, type Stacks } from '../../../flannel/model/interface-choice.ts';
import { formatIp, parseIp } from '../../../native/net/ip.ts';
import { openRouteSocket, type NetlinkSocket } from '../../../native/netlink/socket.ts';
import { makeNamespace, type TestNamespace } from '../../support/netns.ts';

let ns: TestNamespace;
let socket: NetlinkSocket;
const signal = AbortSignal.timeout(30_000);
const reachable = ['192.0.2.7', '2001:db8:2::7', '198.51.100.1', '2001:db8:dead::1'].map(parseIp);

beforeAll(async () => {
  ns = await makeNamespace('ifaces');
  socket = openRouteSocket({ netns: { kind: 'name', name: ns.name } });
  for (const words of [
    'link add eth0 type veth peer name far0',
    'link add eth1 type veth peer name far1',
    ...['eth0', 'far0', 'eth1', 'far1'].map((name) => `link set ${name} up`),
    'link add off0 type bridge',
    'addr add 192.168.77.11/24 dev eth0',
    'addr add 192.168.77.12/24 dev eth0',
    'addr add 10.1.0.6/24 dev eth1 valid_lft 900 preferred_lft 900',
    'addr add fd00:77::11/64 dev eth0 nodad',
    'addr add fd00:77::99/64 dev eth0 nodad preferred_lft 0 valid_lft 900',
    'addr add fd00:78::6/64 dev eth1 nodad',
    'route add default via 192.168.77.1 dev eth0 metric 50',
    'route add default via 10.1.0.1 dev eth1 metric 10',
    '-6 route add default via fd00:77::1 dev eth0 metric 9',
    'route add 192.0.2.0/24 via 192.168.77.1 dev eth0 src 192.168.77.12',
    '-6 route add 2001:db8:2::/64 via fd00:78::1 dev eth1 src fd00:78::6',
    'route add unreachable 198.51.100.0/24',
    '-6 route add unreachable 2001:db8:dead::/64',
  ]) {
    ns.ip(words);
  }
});

afterAll(async () => {
  await socket[Symbol.asyncDispose]();
  await ns[Symbol.asyncDispose]();
});

const nothing: InterfaceWish = {
  iface: [],
  ifaceRegex: [],
  ifaceCanReach: undefined,
  publicIp: undefined,
  publicIpv6: undefined,
};
const DUAL: Stacks = { ipv4: true, ipv6: true };

interface Case {
  readonly name: string;
  readonly wish?: Partial<InterfaceWish>;
  readonly stacks?: Stacks;
  readonly want: string;
}

test.each<Case>([
  { name: 'the default route of IPv4', want: 'eth1 10.1.0.6' },
  { name: 'the default route of IPv6', stacks: { ipv4: false, ipv6: true }, want: 'eth0 fd00:77::11' },
  { name: 'a name, both families', wish: { iface: ['eth0'] }, stacks: DUAL, want: 'eth0 192.168.77.11 fd00:77::11' },
  { name: 'what leads to an address', wish: { ifaceCanReach: parseIp('192.0.2.7') }, want: 'eth0 192.168.77.12' },
  {
    name: 'what leads to an address of IPv6',
    wish: { ifaceCanReach: parseIp('2001:db8:2::7') },
    stacks: DUAL,
    want: 'eth1 10.1.0.6 fd00:78::6',
  },
])('$name', async ({ wish = {}, stacks = { ipv4: true, ipv6: false }, want }) => {
  const host = await readHostInterfaces(socket, reachable, signal);
  const { underlay } = chooseUnderlay(host, { ...nothing, ...wish }, stacks);
  const { ipv4, ipv6 } = underlay;
  expect([underlay.name, ...[ipv4, ipv6].flatMap((own) => (own === undefined ? [] : [formatIp(own)]))].join(' ')).toBe(
    want,
  );
});

test('what the kernel says of addresses, routes and targets', async () => {
  const host = await readHostInterfaces(socket, reachable, signal);
  const up = new Map(host.links.map((link) => [link.name, link.up]));
  expect([up.get('eth0'), up.get('off0')]).toEqual([true, false]);
  const known = (text: string): unknown => host.addresses.find(({ address }) => address === parseIp(text));
  expect(known('192.168.77.12')).toMatchObject({ permanent: true, temporary: false, deprecated: false, scope: 0 });
  expect(known('10.1.0.6')).toMatchObject({ permanent: false });
  expect(known('fd00:77::99')).toMatchObject({ permanent: false, deprecated: true });
  expect(host.reachable.map(({ target }) => formatIp(target))).toEqual(['192.0.2.7', '2001:db8:2::7']);
});
