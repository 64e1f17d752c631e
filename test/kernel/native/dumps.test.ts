import { expect, test } from 'vitest';
import { loadAddon } from '../../../native/addon.ts';
import { encodeGetNeighbors } from '../../../native/netlink/neighbor.ts';
import { decodeLink, encodeGetLinks } from '../../../native/netlink/link.ts';
import { encodeNewBridge } from '../../../native/netlink/new-link.ts';
import { AF, splitMessages } from '../../../native/netlink/message.ts';
import { decodeRoute, encodeGetRoutes, encodeReplaceRoute } from '../../../native/netlink/route.ts';
import { encodeNewNexthop } from '../../../native/netlink/nexthop.ts';
import { startProcess } from '../../support/processes.ts';
import { allDone, inNewNamespace, makeOverlay, peer, routeOf } from './peers.ts';

test('ten thousand routes over nexthop objects come back whole and once', async () => {
  await using overlay = await makeOverlay();
  const { socket, ifindex } = overlay;
  const peers = Array.from({ length: 10_000 }, (_, n) => peer(n));
  const nexthops = peers.map(({ subnet }, n) =>
    encodeNewNexthop({ family: AF.INET, id: n + 1, oif: ifindex, gateway: subnet.address, protocol: 80, onlink: true }),
  );
  const routes = peers.map((one, n) => ({ ...routeOf(ifindex, one), nexthopId: n + 1 }));
  allDone(await socket.transact([...nexthops, ...routes.map(encodeReplaceRoute)]));
  const listed = (await socket.dump(encodeGetRoutes({ family: AF.INET, protocol: 80 }))).map((message) =>
    decodeRoute(message),
  );
  expect(listed).toEqual(routes);
});

/** Adds and deletes a bridge over and over, from a process of its own, so that the links change while they are dumped. */
const CHURN = `
const { openRouteSocket } = await import(process.argv[1] + '/native/netlink/socket.ts');
const { decodeLink, encodeDelLink, encodeGetLink } = await import(process.argv[1] + '/native/netlink/link.ts');
const { encodeNewBridge } = await import(process.argv[1] + '/native/netlink/new-link.ts');
const socket = openRouteSocket({ netns: { kind: 'name', name: process.argv[2] } });
for (;;) {
  socket.transactSync([encodeNewBridge({ name: 'churn' })]);
  const link = decodeLink(await socket.get(encodeGetLink({ name: 'churn' })));
  socket.transactSync([encodeDelLink(link.ifindex)]);
}`;

test('under churn the interrupted flag is seen, and a socket’s dump still gives a whole one', async () => {
  await using ns = await inNewNamespace();
  const bridges = Array.from({ length: 40 }, (_, n) => `br${n}`);
  allDone(await ns.socket.transact(bridges.map((name) => encodeNewBridge({ name }))));
  const root = new URL('../../..', import.meta.url).pathname;
  await using churn = await startProcess([
    process.execPath,
    '--input-type=module',
    '-e',
    CHURN,
    root,
    ns.namespace.name,
  ]);
  const addon = loadAddon();
  const raw = addon.open({
    protocol: 0,
    netnsPath: ns.namespace.path,
    groups: [],
    receiveBufferBytes: 1 << 20,
    receiveTimeoutMs: 1_000,
  });
  let interrupted = 0;
  for (let attempt = 0; attempt < 5_000 && interrupted === 0; attempt++) {
    const dump = await addon.dump(raw, encodeGetLinks());
    expect(dump.errno).toBe(0);
    if (dump.interrupted) interrupted += 1;
  }
  addon.close(raw);
  expect(interrupted).toBe(1);
  for (let round = 0; round < 20; round++) {
    const names = (await ns.socket.dump(encodeGetLinks())).map((message) => decodeLink(message)?.name);
    expect(names.filter((name) => name?.startsWith('br'))).toEqual(bridges);
  }
  expect([churn.exit(), churn.stderr()]).toEqual([undefined, '']);
});

test('a raw dump holds messages alone: no end mark, none of another request', async () => {
  await using ns = await inNewNamespace();
  const addon = loadAddon();
  const raw = addon.open({
    protocol: 0,
    netnsPath: ns.namespace.path,
    groups: [],
    receiveBufferBytes: 1 << 20,
    receiveTimeoutMs: 1_000,
  });
  const { data, errno } = await addon.dump(raw, encodeGetLinks());
  addon.close(raw);
  expect(errno).toBe(0);
  expect(splitMessages(data).map((message) => [message.type, decodeLink(message)?.name])).toEqual([[16, 'lo']]);
});

test('strict checking is on: a dump with a wrong header is refused with the kernel’s sentence', async () => {
  await using ns = await inNewNamespace();
  const request = encodeGetNeighbors({ family: AF.INET });
  request.writeUInt16LE(0x80, 16 + 8);
  await expect(ns.socket.dump(request)).rejects.toMatchObject({
    code: 'EINVAL',
    operation: 'dump neighbours of',
    kernelMessage: 'Invalid values in header for neighbor dump request',
  });
});
