import { expect, test } from 'vitest';
import { parseCidr, parseIp } from '../../../native/net/ip.ts';
import { parseIpv6 } from '../../../native/net/ipv6.ts';
import { parseMac } from '../../../native/net/mac.ts';
import {
  decodeAddress,
  encodeDelAddress,
  encodeGetAddresses,
  encodeNewAddress,
  IFA_F,
} from '../../../native/netlink/address.ts';
import { ERRNO } from '../../../native/netlink/errors.ts';
import { decodeLink, encodeGetLink, encodeSetLink } from '../../../native/netlink/link.ts';
import { encodeNewVeth, encodeNewVxlan } from '../../../native/netlink/new-link.ts';
import { AF } from '../../../native/netlink/message.ts';
import {
  decodeFdb,
  decodeNeighbor,
  encodeDelFdb,
  encodeDelNeighbor,
  encodeGetFdb,
  encodeGetNeighbors,
  encodeReplaceFdb,
  encodeReplaceNeighbor,
  NTF,
  NUD,
} from '../../../native/netlink/neighbor.ts';
import { decodeNexthop, encodeGetNexthops, encodeNewNexthop, type Nexthop } from '../../../native/netlink/nexthop.ts';
import {
  decodeRoute,
  DEFAULT_PRIORITY6,
  encodeDelRoute,
  encodeGetRoutes,
  encodeNewRoute,
  encodeReplaceRoute,
  RT_SCOPE,
  RT_TABLE_MAIN,
  RTN,
  RTPROT,
  type Route,
} from '../../../native/netlink/route.ts';
import type { NetlinkSocket } from '../../../native/netlink/socket.ts';
import type { TestNamespace } from '../../support/netns.ts';
import { allDone, ifindexOf, inNewNamespace } from './peers.ts';

interface Overlay6 extends AsyncDisposable {
  readonly namespace: TestNamespace;
  readonly socket: NetlinkSocket;
  readonly lowerIfindex: number;
  readonly ifindex: number;
}

const LOCAL = parseIp('fd00:77::11');

/** `flannel-v6.1` over `eth0` with an IPv6 underlay, all made through the socket. */
async function makeOverlay6(): Promise<Overlay6> {
  const base = await inNewNamespace();
  const { socket, namespace } = base;
  allDone(await socket.transact([encodeNewVeth({ name: 'eth0', peerName: 'peer0' })]));
  const lowerIfindex = await ifindexOf(socket, 'eth0');
  const vxlan = { vni: 1, lowerIfindex, local: LOCAL, port: 8472, learning: false, gbp: false };
  allDone(
    await socket.transact([
      encodeSetLink(lowerIfindex, { up: true }),
      encodeNewAddress({ ifindex: lowerIfindex, address: LOCAL, prefixLength: 64, flags: IFA_F.NODAD }),
      encodeNewVxlan({ name: 'flannel-v6.1', mtu: 1430, txQueueLength: 0, vxlan }),
    ]),
  );
  const ifindex = await ifindexOf(socket, 'flannel-v6.1');
  allDone(await socket.transact([encodeSetLink(ifindex, { up: true })]));
  return { namespace, socket, lowerIfindex, ifindex, [Symbol.asyncDispose]: () => base[Symbol.asyncDispose]() };
}

const peerRoute = (oif: number): Route => ({
  destination: parseCidr('fc00:5:0:b::/64'),
  gateway: parseIp('fc00:5:0:b::'),
  oif,
  table: RT_TABLE_MAIN,
  protocol: RTPROT.BOOT,
  scope: RT_SCOPE.UNIVERSE,
  type: RTN.UNICAST,
  onlink: true,
  priority: undefined,
  nexthopId: undefined,
  prefSource: undefined,
});

test('an IPv6 vxlan device reads back as it was made', async () => {
  await using overlay = await makeOverlay6();
  const link = decodeLink(await overlay.socket.get(encodeGetLink({ name: 'flannel-v6.1' })));
  expect(link?.vxlan).toMatchObject({ vni: 1, lowerIfindex: overlay.lowerIfindex, local: LOCAL, port: 8472 });
  expect(overlay.namespace.ip('-d link show flannel-v6.1')).toContain('local fd00:77::11 dev eth0');
});

test('an address with NODAD is never tentative; it is listed for its family and link alone, and deleted', async () => {
  await using overlay = await makeOverlay6();
  const { socket, ifindex } = overlay;
  const entry = { ifindex, address: parseIp('fc00:5:0:38::'), prefixLength: 128 };
  allDone(await socket.transact([encodeNewAddress({ ...entry, flags: IFA_F.NODAD })]));
  const listed = async (family: typeof AF.INET | typeof AF.INET6): Promise<unknown[]> =>
    (await socket.dump(encodeGetAddresses({ family, ifindex })))
      .map((message) => decodeAddress(message)!)
      .filter(({ scope }) => scope === RT_SCOPE.UNIVERSE);
  const flags = IFA_F.NODAD | IFA_F.PERMANENT;
  expect(await listed(AF.INET6)).toEqual([{ ...entry, scope: RT_SCOPE.UNIVERSE, label: undefined, flags }]);
  expect(await listed(AF.INET)).toEqual([]);
  const outcomes = await socket.transact([encodeNewAddress(entry), encodeDelAddress(entry), encodeDelAddress(entry)]);
  expect(outcomes.map(({ errno }) => errno)).toEqual([ERRNO.EEXIST, 0, ERRNO.EADDRNOTAVAIL]);
});

test('one peer, synchronously: neighbour, FDB, route look as real flannel’s and read back', async () => {
  await using overlay = await makeOverlay6();
  const { socket, namespace, ifindex } = overlay;
  const mac = parseMac('72:59:7a:35:8c:b8');
  const neighbor = { ifindex, destination: parseIp('fc00:5:0:b::'), mac, state: NUD.PERMANENT, flags: 0 };
  const fdb = { ifindex, mac, remote: parseIp('fd00:77::12'), state: NUD.PERMANENT, flags: NTF.SELF };
  const set = [encodeReplaceNeighbor(neighbor), encodeReplaceFdb(fdb), encodeReplaceRoute(peerRoute(ifindex))];
  allDone(socket.transactSync(set));
  // The same again is no error and no second entry.
  allDone(socket.transactSync(set));
  expect(namespace.ip('-6 neigh show dev flannel-v6.1 nud permanent').trim()).toBe(
    'fc00:5:0:b:: lladdr 72:59:7a:35:8c:b8 PERMANENT',
  );
  expect(namespace.run('bridge', 'fdb', 'show', 'dev', 'flannel-v6.1').trim()).toBe(
    '72:59:7a:35:8c:b8 dst fd00:77::12 self permanent',
  );
  expect(namespace.ip('-6 route show fc00:5:0:b::/64').trim()).toBe(
    'fc00:5:0:b::/64 via fc00:5:0:b:: dev flannel-v6.1 metric 1024 onlink pref medium',
  );
  const neighbors = await socket.dump(encodeGetNeighbors({ family: AF.INET6, ifindex }));
  expect(neighbors.map((message) => decodeNeighbor(message))).toContainEqual(neighbor);
  expect((await socket.dump(encodeGetFdb({ ifindex }))).map((message) => decodeFdb(message))).toEqual([fdb]);
  const routes = await socket.dump(encodeGetRoutes({ family: AF.INET6, oif: ifindex, protocol: RTPROT.BOOT }));
  expect(routes.map((message) => decodeRoute(message))).toEqual([
    { ...peerRoute(ifindex), priority: DEFAULT_PRIORITY6 },
  ]);
  allDone(
    socket.transactSync([
      encodeDelNeighbor(neighbor),
      encodeDelFdb(fdb),
      encodeDelRoute({ ...peerRoute(ifindex), protocol: RTPROT.UNSPEC, type: RTN.UNSPEC }),
    ]),
  );
  expect(namespace.ip('-6 route show fc00:5:0:b::/64')).toBe('');
});

test('a metric is kept, tells routes apart, and its absence in a delete means any', async () => {
  await using overlay = await makeOverlay6();
  const { socket, ifindex } = overlay;
  const prefSource = parseIp('fc00:5:0:38::');
  const withMetric = { ...peerRoute(ifindex), priority: 7, prefSource };
  allDone(
    await socket.transact([
      encodeNewAddress({ ifindex, address: prefSource, prefixLength: 128, flags: IFA_F.NODAD }),
      encodeNewRoute(peerRoute(ifindex)),
      encodeNewRoute(withMetric),
    ]),
  );
  const listed = async (): Promise<unknown[]> =>
    (await socket.dump(encodeGetRoutes({ family: AF.INET6, oif: ifindex, protocol: RTPROT.BOOT }))).map((message) =>
      decodeRoute(message),
    );
  expect(await listed()).toEqual([withMetric, { ...peerRoute(ifindex), priority: DEFAULT_PRIORITY6 }]);
  const remove = encodeDelRoute(peerRoute(ifindex));
  const errnos = (await socket.transact([remove, remove, remove])).map(({ errno }) => errno);
  expect(errnos).toEqual([0, 0, ERRNO.ESRCH]);
  expect(await listed()).toEqual([]);
});

test('routes of both families over an IPv6 nexthop object, and an IPv4 route over an IPv6 gateway', async () => {
  await using overlay = await makeOverlay6();
  const { socket, namespace, ifindex } = overlay;
  const gateway = parseIpv6('fc00:5:0:b::');
  const nexthop: Nexthop = { family: AF.INET6, id: 6, oif: ifindex, gateway, protocol: 80, onlink: true };
  const overObject = { ...peerRoute(ifindex), nexthopId: 6, priority: DEFAULT_PRIORITY6 };
  const four = { ...peerRoute(ifindex), destination: parseCidr('10.5.6.0/24'), nexthopId: undefined };
  allDone(
    await socket.transact([
      encodeNewNexthop(nexthop),
      encodeReplaceRoute(overObject),
      encodeReplaceRoute({ ...four, destination: parseCidr('10.5.7.0/24'), nexthopId: 6 }),
      encodeReplaceRoute(four),
    ]),
  );
  expect((await socket.dump(encodeGetNexthops())).map((message) => decodeNexthop(message))).toEqual([nexthop]);
  const routes = async (family: typeof AF.INET | typeof AF.INET6): Promise<unknown[]> =>
    (await socket.dump(encodeGetRoutes({ family, oif: ifindex, protocol: RTPROT.BOOT }))).map((message) =>
      decodeRoute(message),
    );
  expect(await routes(AF.INET6)).toEqual([overObject]);
  expect(await routes(AF.INET)).toContainEqual(four);
  expect(namespace.ip('-4 route show 10.5.6.0/24').trim()).toBe(
    '10.5.6.0/24 via inet6 fc00:5:0:b:: dev flannel-v6.1 onlink',
  );
});
