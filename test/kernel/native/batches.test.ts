import { describe, expect, test } from 'vitest';
import { loadAddon } from '../../../native/addon.ts';
import { parseIpv4 } from '../../../native/net/ipv4.ts';
import { encodeNewAddress } from '../../../native/netlink/address.ts';
import { ERRNO } from '../../../native/netlink/errors.ts';
import { MessageWriter } from '../../../native/netlink/attribute-writer.ts';
import { AF, RTM } from '../../../native/netlink/message.ts';
import { encodeGetLinks, encodeSetLink } from '../../../native/netlink/link.ts';
import { encodeNewBridge } from '../../../native/netlink/new-link.ts';
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
import { encodeGetRoutes, encodeReplaceRoute } from '../../../native/netlink/route.ts';
import { openRouteSocket } from '../../../native/netlink/socket.ts';
import { allDone, fdbOf, ifindexOf, inNewNamespace, makeOverlay, neighborOf, peer, routeOf } from './peers.ts';

const TEN_THOUSAND = Array.from({ length: 10_000 }, (_, n) => peer(n));

describe('every outcome of a failing batch is returned in its place', () => {
  test.each([{ way: 'async' as const }, { way: 'sync' as const }])('$way', async ({ way }) => {
    await using overlay = await makeOverlay();
    const { socket, ifindex } = overlay;
    const good = routeOf(ifindex, peer(1));
    const messages = [
      encodeReplaceRoute(good),
      encodeReplaceRoute({ ...good, onlink: false }),
      encodeReplaceRoute({ ...good, oif: 4242 }),
      encodeNewBridge({ name: 'flannel.1' }),
      encodeSetLink(ifindex, { mtu: 1_000_000 }),
      encodeDelNeighbor(neighborOf(ifindex, peer(9))),
      encodeNewAddress({ ifindex: 4242, address: parseIpv4('10.0.0.1'), prefixLength: 24 }),
      encodeReplaceNeighbor(neighborOf(ifindex, peer(1))),
    ];
    const outcomes = way === 'sync' ? socket.transactSync(messages) : await socket.transact(messages);
    expect(outcomes).toEqual([
      { errno: 0, kernelMessage: undefined },
      { errno: ERRNO.ENETUNREACH, kernelMessage: 'Nexthop has invalid gateway' },
      { errno: ERRNO.ENODEV, kernelMessage: expect.any(String) as string },
      { errno: ERRNO.EEXIST, kernelMessage: undefined },
      { errno: ERRNO.EINVAL, kernelMessage: 'mtu greater than device maximum' },
      { errno: ERRNO.ENOENT, kernelMessage: undefined },
      { errno: ERRNO.ENODEV, kernelMessage: expect.anything() as string },
      { errno: 0, kernelMessage: undefined },
    ]);
  });

  test('ten thousand, every seventh wrong', async () => {
    await using overlay = await makeOverlay();
    const { socket, ifindex } = overlay;
    const wrong = (n: number): boolean => n % 7 === 3;
    const entries = TEN_THOUSAND.map((one, n) => neighborOf(wrong(n) ? 4242 : ifindex, one));
    const outcomes = await socket.transact(entries.map(encodeReplaceNeighbor));
    expect(outcomes.map((outcome) => outcome.errno)).toEqual(entries.map((_, n) => (wrong(n) ? ERRNO.ENODEV : 0)));
  });
});

test('ten thousand neighbours and FDB entries are set, listed as they were set, and removed', async () => {
  await using overlay = await makeOverlay();
  const { socket, ifindex } = overlay;
  const arps = TEN_THOUSAND.map((one) => neighborOf(ifindex, one));
  const fdbs = TEN_THOUSAND.map((one) => fdbOf(ifindex, one));
  allDone(await socket.transact([...arps.map(encodeReplaceNeighbor), ...fdbs.map(encodeReplaceFdb)]));
  const listed = {
    arps: (await socket.dump(encodeGetNeighbors({ family: AF.INET, ifindex }))).map((message) =>
      decodeNeighbor(message)!,
    ),
    fdbs: (await socket.dump(encodeGetFdb({ ifindex }))).map((message) => decodeFdb(message)!),
  };
  expect(listed.arps.toSorted((a, b) => Number(a.destination) - Number(b.destination))).toEqual(arps);
  expect(listed.fdbs.toSorted((a, b) => Number(a.remote) - Number(b.remote))).toEqual(fdbs);
  allDone(await socket.transact([...arps.map(encodeDelNeighbor), ...fdbs.map(encodeDelFdb)]));
  expect(await socket.dump(encodeGetNeighbors({ family: AF.INET, ifindex }))).toEqual([]);
});

test('acknowledgements fit a receive buffer of the smallest size', async () => {
  await using overlay = await makeOverlay();
  const netns = { kind: 'name', name: overlay.namespace.name } as const;
  await using socket = openRouteSocket({ netns, receiveBufferBytes: 1 });
  const messages = TEN_THOUSAND.slice(0, 500).map((one) => encodeReplaceNeighbor(neighborOf(overlay.ifindex, one)));
  allDone(await socket.transact(messages));
});

test('a batch of long messages is cut to what a sendmsg takes', async () => {
  await using ns = await inNewNamespace();
  const unknownAttribute = 0x3f00;
  const [loopback, fourKiB] = [1, Buffer.alloc(4_096)];
  const long = new MessageWriter(RTM.NEWLINK, 0x5, 16).fixedU32(4, loopback).bytes(unknownAttribute, fourKiB).finish();
  allDone(ns.socket.transactSync(Array.from({ length: 100 }, () => long)));
});

test('no messages give no outcomes', async () => {
  await using ns = await inNewNamespace();
  expect([await ns.socket.transact([]), ns.socket.transactSync([])]).toEqual([[], []]);
});

test('rubbish instead of messages is refused before anything is sent', async () => {
  await using ns = await inNewNamespace();
  const rubbish = [encodeNewBridge({ name: 'br0' }), Buffer.from('0102', 'hex')];
  expect(() => ns.socket.transactSync(rubbish)).toThrow(expect.objectContaining({ code: 'EINVAL' }) as Error);
  await expect(ns.socket.transact(rubbish)).rejects.toMatchObject({ code: 'EINVAL' });
  await expect(ns.socket.dump(Buffer.alloc(0))).rejects.toMatchObject({ code: 'EINVAL' });
  await expect(ifindexOf(ns.socket, 'br0')).rejects.toMatchObject({ code: 'ENODEV' });
});

test('what stays unanswered is ETIMEDOUT', async () => {
  await using ns = await inNewNamespace();
  const addon = loadAddon();
  // NETLINK_FIB_LOOKUP answers with a message of its own and never acknowledges.
  const protocol = 10;
  const options = { protocol, netnsPath: ns.namespace.path, groups: [], receiveBufferBytes: 1 << 20 };
  const socket = addon.open({ ...options, receiveTimeoutMs: 50 });
  const request = new MessageWriter(RTM.GETROUTE, 0, 48).finish();
  expect([...addon.transactSync(socket, Buffer.concat([request, request])).errnos]).toEqual([
    ERRNO.ETIMEDOUT,
    ERRNO.ETIMEDOUT,
  ]);
  expect([...(await addon.transact(socket, Buffer.from(request))).errnos]).toEqual([ERRNO.ETIMEDOUT]);
  expect(await addon.dump(socket, Buffer.from(request))).toMatchObject({ errno: ERRNO.ETIMEDOUT });
  addon.close(socket);
});

describe('at the same time', () => {
  test('batches, dumps and single GETs on one socket keep their answers apart', async () => {
    await using overlay = await makeOverlay();
    const { socket, ifindex } = overlay;
    const batch = (from: number): Buffer[] =>
      TEN_THOUSAND.slice(from, from + 500).map((one) => encodeReplaceNeighbor(neighborOf(ifindex, one)));
    const [first, second, links, index] = await Promise.all([
      socket.transact(batch(0)),
      socket.transact(batch(500)),
      socket.dump(encodeGetLinks()),
      ifindexOf(socket, 'flannel.1'),
    ]);
    allDone([...first, ...second]);
    expect([links.length, index]).toEqual([4, ifindex]);
  });

  test('several sockets in several namespaces', async () => {
    await using stack = new AsyncDisposableStack();
    const overlays = await Promise.all([makeOverlay(), makeOverlay(), makeOverlay()]);
    for (const overlay of overlays) stack.use(overlay);
    await Promise.all(
      overlays.map(async ({ socket, ifindex }, n) => {
        const own = TEN_THOUSAND.slice(n * 1_000, n * 1_000 + 1_000);
        allDone(await socket.transact(own.map((one) => encodeReplaceNeighbor(neighborOf(ifindex, one)))));
        const listed = (await socket.dump(encodeGetNeighbors({ family: AF.INET, ifindex }))).map((message) =>
          decodeNeighbor(message)!,
        );
        expect(listed.toSorted((a, b) => Number(a.destination) - Number(b.destination))).toEqual(
          own.map((one) => neighborOf(ifindex, one)),
        );
      }),
    );
  });

  test('one peer, synchronously, gets its turn inside a long batch', async () => {
    await using overlay = await makeOverlay();
    const { socket, ifindex } = overlay;
    const running = { value: true };
    const batch = socket.transact(TEN_THOUSAND.slice(0, 1_024).map((one) => encodeReplaceRoute(routeOf(ifindex, one))));
    const over = batch.finally(() => (running.value = false));
    let turns = 0;
    while (running.value) {
      allDone(socket.transactSync([encodeReplaceFdb(fdbOf(ifindex, peer(turns)))]));
      turns += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    allDone(await over);
    expect(turns).toBeGreaterThan(1);
  });
});

describe('giving up', () => {
  test('an aborted batch stops between slices and says why', async () => {
    await using overlay = await makeOverlay();
    const { socket, ifindex } = overlay;
    const controller = new AbortController();
    const reason = new RangeError('enough');
    const batch = socket.transact(
      TEN_THOUSAND.map((one) => encodeReplaceNeighbor(neighborOf(ifindex, one))),
      controller.signal,
    );
    // Let the first slice reach the thread pool.
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort(reason);
    await expect(batch).rejects.toBe(reason);
    const done = await socket.dump(encodeGetNeighbors({ family: AF.INET, ifindex }));
    expect(done.length).toBeLessThan(10_000);
    expect([done.length > 0, done.length % 1_024]).toEqual([true, 0]);
  });

  test('an aborted signal stops dump, get and transact before they send', async () => {
    await using ns = await inNewNamespace();
    const signal = AbortSignal.abort(new RangeError('enough'));
    await expect(ns.socket.dump(encodeGetLinks(), signal)).rejects.toBe(signal.reason);
    await expect(ns.socket.get(encodeGetLinks(), signal)).rejects.toBe(signal.reason);
    await expect(ns.socket.transact([encodeNewBridge({ name: 'br0' })], signal)).rejects.toBe(signal.reason);
    await expect(ifindexOf(ns.socket, 'br0')).rejects.toMatchObject({ code: 'ENODEV' });
  });

  test('a close under a running batch settles it: what was not sent is ECANCELED or EBADF', async () => {
    await using overlay = await makeOverlay();
    const { ifindex, namespace } = overlay;
    const socket = openRouteSocket({ netns: { kind: 'name', name: namespace.name } });
    const batch = socket.transact(TEN_THOUSAND.slice(0, 1_000).map((one) => encodeReplaceRoute(routeOf(ifindex, one))));
    // Let it reach the thread pool.
    await new Promise((resolve) => setImmediate(resolve));
    const dump = socket.dump(encodeGetRoutes({ family: AF.INET }));
    socket.close();
    await expect(dump).rejects.toMatchObject({ code: 'EBADF' });
    const errnos = new Set((await batch).map((outcome) => outcome.errno));
    expect(errnos.isSubsetOf(new Set([0, ERRNO.ECANCELED]))).toBe(true);
    expect(errnos.has(ERRNO.ECANCELED)).toBe(true);
    socket.close();
  });

  test('a closed socket says so', async () => {
    await using ns = await inNewNamespace();
    ns.socket.close();
    expect(() => ns.socket.transactSync([encodeNewBridge({ name: 'br0' })])).toThrow(
      /EBADF \(use of a closed socket\)/,
    );
    await expect(ns.socket.dump(encodeGetLinks())).rejects.toMatchObject({ code: 'EBADF' });
    await expect(ns.socket.transact([encodeNewBridge({ name: 'br0' })])).rejects.toMatchObject({ code: 'EBADF' });
  });
});
