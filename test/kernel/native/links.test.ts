import { open } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parseIpv4 } from '../../../native/net/ipv4.ts';
import { parseMac } from '../../../native/net/mac.ts';
import {
  decodeLink,
  encodeDelLink,
  encodeGetLink,
  encodeGetLinks,
  encodeSetLink,
  encodeSetVxlanLearning,
} from '../../../native/netlink/link.ts';
import { encodeNewBridge, encodeNewVeth, encodeNewVxlan } from '../../../native/netlink/new-link.ts';
import { ERRNO, NetlinkError } from '../../../native/netlink/errors.ts';
import { makeNamespace } from '../../support/netns.ts';
import { allDone, ifindexOf, inNewNamespace } from './peers.ts';

test('a vxlan device is what `ip -d link` shows, and reads back as it was asked for', async () => {
  await using ns = await inNewNamespace();
  const { socket, namespace } = ns;
  allDone(await socket.transact([encodeNewVeth({ name: 'eth0', peerName: 'p0' })]));
  const lowerIfindex = await ifindexOf(socket, 'eth0');
  const mac = parseMac('66:67:05:52:a6:9e');
  const vxlan = { vni: 1, lowerIfindex, local: parseIpv4('192.168.77.11'), port: 8472, learning: false, gbp: true };
  allDone(await socket.transact([encodeNewVxlan({ name: 'flannel.1', mac, mtu: 1450, txQueueLength: 0, vxlan })]));

  const [shown] = JSON.parse(namespace.ip('-d -j link show flannel.1')) as Record<string, unknown>[];
  expect(shown).toMatchObject({
    ifname: 'flannel.1',
    address: mac,
    mtu: 1450,
    operstate: 'DOWN',
    linkinfo: {
      info_kind: 'vxlan',
      info_data: { id: 1, link: 'eth0', local: '192.168.77.11', port: 8472, learning: false, gbp: true, ttl: 0 },
    },
  });
  const link = decodeLink(await socket.get(encodeGetLink({ name: 'flannel.1' })));
  expect(link).toMatchObject({ name: 'flannel.1', mac, mtu: 1450, txQueueLength: 0, up: false, kind: 'vxlan', vxlan });
});

test('port 0 takes the kernel’s 8472; no MAC and no MTU take the kernel’s own', async () => {
  await using ns = await inNewNamespace();
  const vxlan = { vni: 7, lowerIfindex: undefined, local: undefined, port: 0, learning: true, gbp: false };
  allDone(await ns.socket.transact([encodeNewVxlan({ name: 'vx', vxlan })]));
  const link = decodeLink(await ns.socket.get(encodeGetLink({ name: 'vx' })));
  expect(link?.vxlan).toMatchObject({ vni: 7, port: 8472, learning: true, lowerIfindex: undefined, local: undefined });
  expect([link?.mtu, link?.mac === undefined]).toEqual([1500, false]);
});

test('learning is switched and nothing else changes', async () => {
  await using ns = await inNewNamespace();
  const vxlan = {
    vni: 7,
    lowerIfindex: undefined,
    local: parseIpv4('192.168.77.11'),
    port: 4789,
    learning: false,
    gbp: false,
  };
  allDone(await ns.socket.transact([encodeNewVxlan({ name: 'vx', vxlan })]));
  const index = await ifindexOf(ns.socket, 'vx');
  allDone(await ns.socket.transact([encodeSetVxlanLearning(index, { learning: true })]));
  const link = decodeLink(await ns.socket.get(encodeGetLink({ ifindex: index })));
  expect(link?.vxlan).toMatchObject({ ...vxlan, learning: true });
});

test('up, down, MTU, MAC, name, queue length and master are set', async () => {
  await using ns = await inNewNamespace();
  const { socket, namespace } = ns;
  allDone(
    await socket.transact([encodeNewBridge({ name: 'br0', mtu: 1450 }), encodeNewVeth({ name: 'a', peerName: 'b' })]),
  );
  const [bridge, index] = [await ifindexOf(socket, 'br0'), await ifindexOf(socket, 'a')];
  const mac = parseMac('02:00:00:00:00:07');
  allDone(
    await socket.transact([
      encodeSetLink(index, { mtu: 1400, mac, name: 'c', txQueueLength: 9, masterIfindex: bridge }),
    ]),
  );
  allDone(await socket.transact([encodeSetLink(index, { up: true })]));
  const [shown] = JSON.parse(namespace.ip('-d -j link show c')) as Record<string, unknown>[];
  expect(shown).toMatchObject({ mtu: 1400, address: mac, txqlen: 9, master: 'br0' });
  expect(decodeLink(await socket.get(encodeGetLink({ ifindex: index })))).toMatchObject({
    up: true,
    masterIfindex: bridge,
  });
  allDone(await socket.transact([encodeSetLink(index, { up: false, masterIfindex: 0 })]));
  expect(decodeLink(await socket.get(encodeGetLink({ ifindex: index })))).toMatchObject({
    up: false,
    masterIfindex: undefined,
  });
});

test('a veth is born with its peer in another namespace, by descriptor and by pid, with one MTU', async () => {
  await using ns = await inNewNamespace();
  await using other = await makeNamespace('peer');
  const descriptor = await open(other.path);
  try {
    const wanted = {
      name: 'v0',
      peerName: 'eth0',
      peerNetnsFd: descriptor.fd,
      mtu: 1450,
      mac: parseMac('02:00:00:00:00:08'),
    };
    allDone(await ns.socket.transact([encodeNewVeth(wanted)]));
  } finally {
    await descriptor.close();
  }
  const link = decodeLink(await ns.socket.get(encodeGetLink({ name: 'v0' })));
  expect(link).toMatchObject({ kind: 'veth', mtu: 1450, mac: '02:00:00:00:00:08' });
  expect(link?.linkNetnsid).toBeTypeOf('number');
  expect(JSON.parse(other.ip('-j link show eth0'))).toMatchObject([{ ifindex: link?.lowerIfindex, mtu: 1450 }]);
  // This process itself lives in the machine's namespace: the peer appears there, under a name of this test alone.
  const here = `weft-t${process.pid}`;
  allDone(await ns.socket.transact([encodeNewVeth({ name: 'v1', peerName: here, peerNetnsPid: process.pid })]));
  const [moved] = await ns.socket.transact([encodeDelLink(await ifindexOf(ns.socket, 'v1'))]);
  expect(moved?.errno).toBe(0);
});

test('a link moves into another namespace', async () => {
  await using ns = await inNewNamespace();
  await using other = await makeNamespace('peer');
  allDone(await ns.socket.transact([encodeNewVeth({ name: 'a', peerName: 'b' })]));
  const descriptor = await open(other.path);
  try {
    allDone(
      await ns.socket.transact([
        encodeSetLink(await ifindexOf(ns.socket, 'b'), { netnsFd: descriptor.fd, name: 'eth0' }),
      ]),
    );
  } finally {
    await descriptor.close();
  }
  expect(JSON.parse(other.ip('-j link show eth0'))).toHaveLength(1);
});

test('a dump lists what `ip link` lists; a deleted link is gone from both', async () => {
  await using ns = await inNewNamespace();
  const { socket, namespace } = ns;
  allDone(await socket.transact([encodeNewBridge({ name: 'br0' }), encodeNewBridge({ name: 'br1' })]));
  allDone(await socket.transact([encodeDelLink(await ifindexOf(socket, 'br0'))]));
  const names = (await socket.dump(encodeGetLinks())).map((message) => decodeLink(message)?.name);
  expect(names).toEqual((JSON.parse(namespace.ip('-j link')) as { ifname: string }[]).map((link) => link.ifname));
  expect(names).not.toContain('br0');
});

test('a GET of what is not there is ENODEV, with operation and namespace', async () => {
  await using ns = await inNewNamespace();
  const error: unknown = await ns.socket.get(encodeGetLink({ name: 'nope' })).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(NetlinkError);
  expect(error).toMatchObject({
    code: 'ENODEV',
    errno: ERRNO.ENODEV,
    operation: 'get links of',
    target: `network namespace ${ns.namespace.name}`,
  });
});
