import { expect, test } from 'vitest';
import { parseMac } from '../../../native/net/mac.ts';
import { KnownDump } from '../../../native/netlink/known-dump.ts';
import { AF } from '../../../native/netlink/message.ts';
import {
  decodeFdb,
  decodeNeighbor,
  encodeDelNeighbor,
  encodeGetFdb,
  encodeGetNeighbors,
  encodeReplaceFdb,
  encodeReplaceNeighbor,
} from '../../../native/netlink/neighbor.ts';
import {
  decodeRoute,
  encodeDelRoute,
  encodeGetRoutes,
  encodeReplaceRoute,
  RT_TABLE_MAIN,
} from '../../../native/netlink/route.ts';
import type { NetlinkSocket } from '../../../native/netlink/socket.ts';
import { until } from '../../support/until.ts';
import { allDone, fdbOf, makeOverlay, neighborOf, peer, routeOf } from './peers.ts';

const signal = AbortSignal.timeout(60_000);
const PEERS = [0, 1, 2].map(peer);

/** The ages that the kernel tells of a device's neighbours, as bytes: they change while nothing else does. */
async function rawNeighbors(socket: NetlinkSocket, ifindex: number): Promise<string> {
  const messages = await socket.dump(encodeGetNeighbors({ family: AF.INET, ifindex }));
  return messages.map(({ payload }) => payload.toString('hex')).join(' ');
}

test('tables that have not changed are the very arrays of the time before, however old their entries are', async () => {
  await using overlay = await makeOverlay();
  const { socket, ifindex } = overlay;
  allDone(
    await socket.transact([
      ...PEERS.map((one) => encodeReplaceNeighbor(neighborOf(ifindex, one))),
      ...PEERS.map((one) => encodeReplaceFdb(fdbOf(ifindex, one))),
      ...PEERS.map((one) => encodeReplaceRoute(routeOf(ifindex, one))),
    ]),
  );
  const neighbors = new KnownDump(decodeNeighbor);
  const fdb = new KnownDump(decodeFdb);
  const routes = new KnownDump(decodeRoute);
  const read = async (): Promise<(readonly unknown[])[]> =>
    Promise.all([
      neighbors.collect(socket, encodeGetNeighbors({ family: AF.INET, ifindex }), signal),
      fdb.collect(socket, encodeGetFdb({ ifindex }), signal),
      routes.collect(socket, encodeGetRoutes({ family: AF.INET, table: RT_TABLE_MAIN, oif: ifindex }), signal),
    ]);
  const first = await read();
  expect(first.map(({ length }) => length)).toEqual([3, 3, 3]);
  const before = await rawNeighbors(socket, ifindex);
  await until(async () => (await rawNeighbors(socket, ifindex)) !== before, { what: 'the kernel tells other ages' });
  const second = await read();
  for (const [index, table] of second.entries()) expect(table).toBe(first[index]);
});

test('another MAC, one that leaves and one that comes back are seen at once', async () => {
  await using overlay = await makeOverlay();
  const { socket, ifindex } = overlay;
  const [victim] = PEERS.map((one) => neighborOf(ifindex, one));
  const put = PEERS.map((one) => encodeReplaceNeighbor(neighborOf(ifindex, one)));
  const known = new KnownDump(decodeNeighbor);
  const macAfter = async (messages: readonly Buffer[]): Promise<string | undefined> => {
    allDone(await socket.transact(messages));
    const found = await known.collect(socket, encodeGetNeighbors({ family: AF.INET, ifindex }), signal);
    return found.find(({ destination }) => destination === victim!.destination)?.mac;
  };
  expect(await macAfter(put)).toBe(victim!.mac);
  const other = parseMac('02:00:00:00:99:99');
  expect(await macAfter([encodeReplaceNeighbor({ ...victim!, mac: other })])).toBe(other);
  expect(await macAfter([encodeDelNeighbor(victim!)])).toBeUndefined();
  expect(await macAfter(put)).toBe(victim!.mac);
});

test('another question is another answer, and no route at all is known as well', async () => {
  await using overlay = await makeOverlay();
  const { socket, ifindex } = overlay;
  const route = routeOf(ifindex, peer(0));
  allDone(await socket.transact([encodeReplaceRoute(route)]));
  const known = new KnownDump(decodeRoute);
  const ours = encodeGetRoutes({ family: AF.INET, table: RT_TABLE_MAIN, oif: ifindex });
  const nobodys = encodeGetRoutes({ family: AF.INET, table: RT_TABLE_MAIN, oif: overlay.lowerIfindex });
  expect(await known.collect(socket, ours, signal)).toEqual([route]);
  expect(await known.collect(socket, nobodys, signal)).toEqual([]);
  expect(await known.collect(socket, ours, signal)).toEqual([route]);
  allDone(await socket.transact([encodeDelRoute(route)]));
  expect(await known.collect(socket, ours, signal)).toEqual([]);
});
