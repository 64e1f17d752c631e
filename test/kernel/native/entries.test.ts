import { expect, test } from 'vitest';
import { parseCidr4 } from '../../../native/net/cidr.ts';
import { formatIp } from '../../../native/net/ip.ts';
import { parseIpv4 } from '../../../native/net/ipv4.ts';
import {
  decodeAddress,
  encodeDelAddress,
  encodeGetAddresses,
  encodeNewAddress,
} from '../../../native/netlink/address.ts';
import { AF } from '../../../native/netlink/message.ts';
import { ERRNO } from '../../../native/netlink/errors.ts';
import {
  decodeFdb,
  decodeNeighbor,
  encodeDelFdb,
  encodeDelNeighbor,
  encodeGetFdb,
  encodeGetNeighbors,
  encodeReplaceFdb,
  encodeReplaceNeighbor,
} from '../../../native/netlink/neighbor.ts';
import {
  decodeNexthop,
  encodeDelNexthop,
  encodeGetNexthops,
  encodeNewNexthop,
  type Nexthop,
} from '../../../native/netlink/nexthop.ts';
import {
  decodeRoute,
  encodeDelRoute,
  encodeGetRoutes,
  encodeNewRoute,
  encodeReplaceRoute,
  type RouteFilter,
} from '../../../native/netlink/route.ts';
import { allDone, fdbOf, inNewNamespace, makeOverlay, neighborOf, peer, routeOf } from './peers.ts';

test('addresses are added, listed for one link and deleted', async () => {
  await using overlay = await makeOverlay();
  const { socket, namespace, ifindex, lowerIfindex } = overlay;
  const entry = { ifindex: lowerIfindex, address: parseIpv4('192.168.77.11'), prefixLength: 24 };
  allDone(await socket.transact([encodeNewAddress(entry)]));
  expect(namespace.ip('-4 addr show dev eth0')).toContain('inet 192.168.77.11/24 scope global eth0');
  const listed = async (index: number): Promise<unknown[]> =>
    (await socket.dump(encodeGetAddresses({ family: AF.INET, ifindex: index }))).map((message) =>
      decodeAddress(message),
    );
  expect(await listed(lowerIfindex)).toMatchObject([{ ...entry, label: 'eth0' }]);
  expect(await listed(ifindex)).toMatchObject([{ address: parseIpv4('10.128.0.0'), prefixLength: 32 }]);
  const outcomes = await socket.transact([encodeNewAddress(entry), encodeDelAddress(entry), encodeDelAddress(entry)]);
  expect(outcomes.map((outcome) => outcome.errno)).toEqual([ERRNO.EEXIST, 0, ERRNO.EADDRNOTAVAIL]);
  expect(await listed(lowerIfindex)).toEqual([]);
});

test('one peer, synchronously: neighbour, FDB, route look as real flannel’s', async () => {
  await using overlay = await makeOverlay();
  const { socket, namespace, ifindex } = overlay;
  const flannelRoute = { ...routeOf(ifindex, peer(2)), protocol: 3 };
  const messages = [
    encodeReplaceNeighbor(neighborOf(ifindex, peer(2))),
    encodeReplaceFdb(fdbOf(ifindex, peer(2))),
    encodeReplaceRoute(flannelRoute),
  ];
  allDone(socket.transactSync(messages));
  expect(namespace.ip('neigh show dev flannel.1').trim()).toBe('10.129.2.0 lladdr 02:00:00:00:00:02 PERMANENT');
  expect(namespace.run('bridge', 'fdb', 'show', 'dev', 'flannel.1').trim()).toBe(
    '02:00:00:00:00:02 dst 192.168.0.2 self permanent',
  );
  expect(namespace.ip('route show 10.129.2.0/24').trim()).toBe('10.129.2.0/24 via 10.129.2.0 dev flannel.1 onlink');
  // The same again is no error and no second entry.
  allDone(socket.transactSync(messages));
  const dumps = [
    encodeGetNeighbors({ family: AF.INET, ifindex }),
    encodeGetFdb({ ifindex }),
    encodeGetRoutes({ family: AF.INET, oif: ifindex, protocol: 3 }),
  ];
  expect(await Promise.all(dumps.map(async (request) => (await socket.dump(request)).length))).toEqual([1, 1, 1]);
  allDone(
    socket.transactSync([
      encodeDelNeighbor(neighborOf(ifindex, peer(2))),
      encodeDelFdb(fdbOf(ifindex, peer(2))),
      encodeDelRoute({ ...flannelRoute, protocol: 0, type: 0 }),
    ]),
  );
  expect(await Promise.all(dumps.map(async (request) => (await socket.dump(request)).length))).toEqual([0, 0, 0]);
});

test('REPLACE moves an FDB entry to another host instead of adding a second', async () => {
  await using overlay = await makeOverlay();
  const { socket, ifindex } = overlay;
  const entry = fdbOf(ifindex, peer(1));
  allDone(
    socket.transactSync([encodeReplaceFdb(entry), encodeReplaceFdb({ ...entry, remote: parseIpv4('192.168.9.9') })]),
  );
  const entries = (await socket.dump(encodeGetFdb({ ifindex }))).map((message) => decodeFdb(message));
  expect(entries).toEqual([{ ...entry, remote: parseIpv4('192.168.9.9') }]);
});

test('what is written reads back as the same values', async () => {
  await using overlay = await makeOverlay();
  const { socket, ifindex } = overlay;
  const route = { ...routeOf(ifindex, peer(3)), priority: 7, prefSource: parseIpv4('10.128.0.0'), table: 1000 };
  const fdb = { ...fdbOf(ifindex, peer(3)), port: 4789, vni: 9 };
  allDone(
    await socket.transact([
      encodeNewRoute(route),
      encodeReplaceNeighbor(neighborOf(ifindex, peer(3))),
      encodeReplaceFdb(fdb),
    ]),
  );
  expect(
    (await socket.dump(encodeGetRoutes({ family: AF.INET, table: 1000 }))).map((message) => decodeRoute(message)),
  ).toEqual([route]);
  expect(
    (await socket.dump(encodeGetNeighbors({ family: AF.INET, ifindex }))).map((message) => decodeNeighbor(message)),
  ).toEqual([neighborOf(ifindex, peer(3))]);
  expect((await socket.dump(encodeGetFdb({ ifindex }))).map((message) => decodeFdb(message))).toEqual([fdb]);
});

test('the kernel filters routes by device, table and protocol', async () => {
  await using overlay = await makeOverlay();
  const { socket, namespace, ifindex } = overlay;
  allDone(await socket.transact([peer(1), peer(2)].map((one) => encodeReplaceRoute(routeOf(ifindex, one)))));
  namespace.ip('addr add 192.168.77.11/24 dev eth0');
  namespace.ip('route add 10.99.0.0/16 via 192.168.77.1');
  const destinations = async (filter: Omit<RouteFilter, 'family'>): Promise<(string | undefined)[]> => {
    const routes = (await socket.dump(encodeGetRoutes({ family: AF.INET, ...filter }))).map((message) =>
      decodeRoute(message),
    );
    return routes.map((route) => route && formatIp(route.destination.address));
  };
  expect(await destinations({ protocol: 80 })).toEqual(['10.129.1.0', '10.129.2.0']);
  expect(await destinations({ oif: ifindex, table: 254 })).toEqual(['10.129.1.0', '10.129.2.0']);
  expect(await destinations({ protocol: 3 })).toEqual(['10.99.0.0']);
  expect(await destinations({ oif: ifindex, protocol: 3 })).toEqual([]);
});

test('a table that never held a route is empty; a device that is gone is ENODEV', async () => {
  await using ns = await inNewNamespace();
  expect(await ns.socket.dump(encodeGetRoutes({ family: AF.INET, table: 4242 }))).toEqual([]);
  await expect(ns.socket.dump(encodeGetRoutes({ family: AF.INET, oif: 4242 }))).rejects.toMatchObject({
    code: 'ENODEV',
  });
});

test('a route over a nexthop object, as `ip route` prints it, goes with its object', async () => {
  await using overlay = await makeOverlay();
  const { socket, namespace, ifindex } = overlay;
  const nexthop: Nexthop = {
    family: AF.INET,
    id: 4,
    oif: ifindex,
    gateway: peer(3).subnet.address,
    protocol: 80,
    onlink: true,
  };
  const route = { ...routeOf(ifindex, peer(3)), nexthopId: 4 };
  allDone(await socket.transact([encodeNewNexthop(nexthop), encodeReplaceRoute(route)]));
  expect(namespace.ip('route show 10.129.3.0/24').trim()).toBe(
    '10.129.3.0/24 nhid 4 via 10.129.3.0 dev flannel.1 proto 80 onlink',
  );
  expect((await socket.dump(encodeGetNexthops({ oif: ifindex }))).map((message) => decodeNexthop(message))).toEqual([
    nexthop,
  ]);
  expect(
    (await socket.dump(encodeGetRoutes({ family: AF.INET, oif: ifindex }))).map((message) => decodeRoute(message)),
  ).toContainEqual(route);
  allDone(await socket.transact([encodeDelNexthop(4)]));
  expect(namespace.ip('route show 10.129.3.0/24')).toBe('');
});

test('a blackhole and a default route read as they are', async () => {
  await using overlay = await makeOverlay();
  const { socket, namespace, ifindex } = overlay;
  namespace.ip('route add blackhole 10.5.0.0/16 proto 80');
  namespace.ip('route add default dev flannel.1 scope link');
  const routes = (await socket.dump(encodeGetRoutes({ family: AF.INET, table: 254 }))).map((message) =>
    decodeRoute(message),
  );
  expect(routes).toMatchObject([
    { destination: parseCidr4('0.0.0.0/0'), oif: ifindex, scope: 253, gateway: undefined },
    { destination: parseCidr4('10.5.0.0/16'), type: 6, protocol: 80, oif: undefined },
  ]);
});
