import { expect, test } from 'vitest';
import { decodeAddress, encodeNewAddress } from '../../../native/netlink/address.ts';
import { parseIpv4 } from '../../../native/net/ipv4.ts';
import { decodeLink, encodeSetLink } from '../../../native/netlink/link.ts';
import { encodeNewBridge } from '../../../native/netlink/new-link.ts';
import { RTM, RTNLGRP, type Message } from '../../../native/netlink/message.ts';
import {
  decodeFdb,
  decodeNeighbor,
  encodeDelFdb,
  encodeReplaceFdb,
  encodeReplaceNeighbor,
} from '../../../native/netlink/neighbor.ts';
import { decodeRoute, encodeReplaceRoute } from '../../../native/netlink/route.ts';
import { watchRoute, type NetlinkWatch, type WatchBatch } from '../../../native/netlink/socket.ts';
import { startProcess } from '../../support/processes.ts';
import { until } from '../../support/until.ts';
import { allDone, fdbOf, ifindexOf, inNewNamespace, makeOverlay, neighborOf, peer, routeOf } from './peers.ts';

const root = new URL('../../..', import.meta.url).pathname;

interface Recorder extends Disposable {
  readonly watch: NetlinkWatch;
  readonly batches: WatchBatch[];
  messages(): Message[];
  overruns(): number;
}

function record(name: string, options: { groups: readonly number[]; receiveBufferBytes?: number }): Recorder {
  const batches: WatchBatch[] = [];
  const watch = watchRoute({
    ...options,
    netns: { kind: 'name', name },
    onEvents: (batch) => batches.push(batch),
    onFatal: (error) => {
      throw error;
    },
  });
  return {
    watch,
    batches,
    messages: () => batches.flatMap((batch) => batch.messages),
    overruns: () => batches.filter((batch) => batch.overrun).length,
    [Symbol.dispose]: () => {
      watch.close();
    },
  };
}

const { LINK, NEIGH, IPV4_IFADDR, IPV4_ROUTE } = RTNLGRP;

test('links, addresses, neighbours, FDB entries and routes are told as they change', async () => {
  await using overlay = await makeOverlay();
  const { socket, ifindex, namespace } = overlay;
  using seen = record(namespace.name, { groups: [LINK, NEIGH, IPV4_IFADDR, IPV4_ROUTE] });
  allDone(
    await socket.transact([
      encodeSetLink(ifindex, { mtu: 1400 }),
      encodeNewAddress({ ifindex, address: parseIpv4('10.128.0.1'), prefixLength: 32 }),
      encodeReplaceNeighbor(neighborOf(ifindex, peer(1))),
      encodeReplaceFdb(fdbOf(ifindex, peer(1))),
      encodeReplaceRoute(routeOf(ifindex, peer(1))),
    ]),
  );
  await until(() => seen.messages().some((message) => decodeRoute(message)?.table === 254), {
    what: 'the route is told',
  });
  const told = seen.messages();
  expect(told.map((message) => decodeLink(message)?.mtu)).toContain(1400);
  expect(told.map((message) => decodeAddress(message)?.address)).toContain(parseIpv4('10.128.0.1'));
  expect(told.map((message) => decodeNeighbor(message))).toContainEqual(neighborOf(ifindex, peer(1)));
  expect(told.map((message) => decodeFdb(message))).toContainEqual(fdbOf(ifindex, peer(1)));
  expect(told.map((message) => decodeRoute(message))).toContainEqual(routeOf(ifindex, peer(1)));
  expect(seen.overruns()).toBe(0);
});

test('a group that was not joined is silent', async () => {
  await using overlay = await makeOverlay();
  const { socket, ifindex, namespace } = overlay;
  using seen = record(namespace.name, { groups: [LINK] });
  allDone(await socket.transact([encodeReplaceFdb(fdbOf(ifindex, peer(1))), encodeSetLink(ifindex, { mtu: 1400 })]));
  await until(() => seen.messages().length > 0, { what: 'the link is told' });
  expect(new Set(seen.messages().map((message) => message.type))).toEqual(new Set([RTM.NEWLINK]));
});

test('20,000 events arrive whole through the default buffer', async () => {
  await using overlay = await makeOverlay();
  const { socket, ifindex, namespace } = overlay;
  using seen = record(namespace.name, { groups: [NEIGH] });
  const peers = Array.from({ length: 2_000 }, (_, n) => fdbOf(ifindex, peer(n)));
  for (let round = 0; round < 5; round++) {
    allDone(await socket.transact(peers.map(encodeReplaceFdb)));
    allDone(await socket.transact(peers.map(encodeDelFdb)));
  }
  await until(() => seen.messages().length >= 20_000, { what: 'all events' });
  expect([seen.messages().length, seen.overruns()]).toEqual([20_000, 0]);
});

test('an overrun is reported and survived: later events still come', async () => {
  await using overlay = await makeOverlay();
  const { socket, ifindex, namespace } = overlay;
  using seen = record(namespace.name, { groups: [NEIGH], receiveBufferBytes: 4_096 });
  for (let round = 1; round <= 3; round++) {
    const before = seen.overruns();
    allDone(socket.transactSync(Array.from({ length: 2_000 }, (_, n) => encodeReplaceFdb(fdbOf(ifindex, peer(n))))));
    allDone(socket.transactSync(Array.from({ length: 2_000 }, (_, n) => encodeDelFdb(fdbOf(ifindex, peer(n))))));
    await until(() => seen.overruns() > before, { what: `overrun ${round}` });
    expect(seen.messages().length).toBeLessThan(round * 4_000);
    // The socket drops until it is read empty: ask until one event comes through, as a caller that dumps again would not need to.
    const late = fdbOf(ifindex, peer(9_000 + round));
    await until(
      () => {
        allDone(socket.transactSync([encodeReplaceFdb(late), encodeDelFdb(late)]));
        return seen.messages().some((message) => decodeFdb(message)?.mac === late.mac);
      },
      { what: 'a later event' },
    );
  }
});

test('after close nothing is told, and closing twice is harmless', async () => {
  await using ns = await inNewNamespace();
  using closed = record(ns.namespace.name, { groups: [LINK] });
  using open = record(ns.namespace.name, { groups: [LINK] });
  closed.watch.close();
  closed.watch.close();
  allDone(await ns.socket.transact([encodeNewBridge({ name: 'br0' })]));
  await until(() => open.messages().length > 0, { what: 'the other watch hears' });
  expect(closed.batches).toEqual([]);
});

test('a listener may close its own watch', async () => {
  await using ns = await inNewNamespace();
  let calls = 0;
  const watch = watchRoute({
    netns: { kind: 'name', name: ns.namespace.name },
    groups: [LINK],
    onEvents: () => {
      calls += 1;
      watch.close();
    },
    onFatal: (error) => {
      throw error;
    },
  });
  using other = record(ns.namespace.name, { groups: [LINK] });
  allDone(await ns.socket.transact([encodeNewBridge({ name: 'br0' })]));
  await until(() => other.messages().length > 0, { what: 'the other watch hears' });
  allDone(await ns.socket.transact([encodeSetLink(await ifindexOf(ns.socket, 'br0'), { up: true })]));
  await until(() => other.messages().some((message) => decodeLink(message)?.up === true), { what: 'the second event' });
  expect(calls).toBe(1);
});

const CHILD = (body: string): string => `
const { openRouteSocket, watchRoute } = await import(process.argv[1] + '/native/netlink/socket.ts');
const { encodeNewBridge } = await import(process.argv[1] + '/native/netlink/new-link.ts');
const netns = { kind: 'name', name: process.argv[2] };
const socket = openRouteSocket({ netns });
const watch = (onEvents) => watchRoute({ netns, groups: [1], onEvents, onFatal: (error) => { throw error; } });
${body}`;

test.each([
  {
    name: 'an exception in a listener reaches uncaughtException, and the watch goes on',
    body: `
      let calls = 0;
      process.on('uncaughtException', (error) => console.log('caught', error.message));
      const open = watch(() => {
        calls += 1;
        if (calls < 3) {
          socket.transactSync([encodeNewBridge({ name: 'br' + calls })]);
          throw new Error('from listener ' + calls);
        }
        console.log('call', calls);
        open.close();
      });
      socket.transactSync([encodeNewBridge({ name: 'br0' })]);`,
    stdout: 'caught from listener 1\ncaught from listener 2\ncall 3\n',
    exit: { code: 0, signal: null },
    stderr: /^$/,
  },
  {
    name: 'an exception that nobody catches ends the process with 1 and its stack, not by a signal',
    body: `
      watch(() => { throw new Error('nobody catches'); });
      socket.transactSync([encodeNewBridge({ name: 'br0' })]);`,
    stdout: '',
    exit: { code: 1, signal: null },
    stderr: /Error: nobody catches/,
  },
  {
    name: 'a rejected promise of a listener is told as any other',
    body: `
      process.on('unhandledRejection', (error) => { console.log('rejected', error.message); open.close(); });
      const open = watch(async () => { throw new Error('later'); });
      socket.transactSync([encodeNewBridge({ name: 'br0' })]);`,
    stdout: 'rejected later\n',
    exit: { code: 0, signal: null },
    stderr: /^$/,
  },
])('$name', async ({ body, stdout, exit, stderr }) => {
  await using ns = await inNewNamespace();
  await using child = await startProcess([
    process.execPath,
    '--input-type=module',
    '-e',
    CHILD(body),
    root,
    ns.namespace.name,
  ]);
  expect(await child.exited).toEqual(exit);
  expect(child.stdout()).toBe(stdout);
  expect(child.stderr()).toMatch(stderr);
});
