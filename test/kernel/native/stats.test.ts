import { open, stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { decodeLink, encodeGetLink, encodeGetLinksOf } from '../../../native/netlink/link.ts';
import { encodeNewVeth } from '../../../native/netlink/new-link.ts';
import { RTM } from '../../../native/netlink/message.ts';
import { decodeNsid, encodeGetNsid, encodeNewNsid } from '../../../native/netlink/nsid.ts';
import { decodeLinkStats, encodeGetStats, LINK_COUNTER, type LinkStats } from '../../../native/netlink/stats.ts';
import { makeNamespace } from '../../support/netns.ts';
import { startProcess, type TestProcess } from '../../support/processes.ts';
import { until } from '../../support/until.ts';
import { allDone, inNewNamespace } from './peers.ts';

interface ShownCounters {
  readonly bytes: number;
  readonly packets: number;
}

/** `ip netns exec` starts in the namespace of whoever called it. */
async function startSleeper(namespace: string): Promise<TestProcess> {
  const sleeper = await startProcess(['sleep', '600'], { namespace });
  const { ino } = await stat(`/run/netns/${namespace}`);
  const isThere = async (): Promise<boolean> => (await stat(`/proc/${sleeper.pid}/ns/net`)).ino === ino;
  await until(isThere, { what: `the process is in ${namespace}` });
  return sleeper;
}

test('another namespace is seen by its number, and both ends of a veth count the same bytes', async () => {
  await using here = await inNewNamespace();
  await using there = await makeNamespace('far');
  await using sleeper = await startSleeper(there.name);
  const { socket, namespace } = here;
  await using far = await open(`/run/netns/${there.name}`);
  allDone(await socket.transact([encodeNewVeth({ name: 'near0', peerName: 'eth7', peerNetnsFd: far.fd })]));
  namespace.ip('addr add 10.99.0.1/24 dev near0');
  namespace.ip('link set near0 up');
  there.ip('addr add 10.99.0.2/24 dev eth7');
  there.ip('link set eth7 up');

  const nsid = decodeNsid(await socket.get(encodeGetNsid(sleeper.pid)))!;
  expect(nsid).toBeGreaterThanOrEqual(0);
  const messages = await socket.dump(encodeGetLinksOf(nsid));
  const links = messages.flatMap((message) => decodeLink(message) ?? []);
  expect(links.map(({ name }) => name)).toEqual(['lo', 'eth7']);
  const [, inner] = links;
  const outer = decodeLink(await socket.get(encodeGetLink({ ifindex: inner!.lowerIfindex! })))!;
  expect(outer).toMatchObject({ name: 'near0', linkNetnsid: nsid, lowerIfindex: inner!.ifindex });

  const statsOf = async (ifindex: number): Promise<LinkStats> => {
    const all = (await socket.dump(encodeGetStats())).flatMap((message) => decodeLinkStats(message) ?? []);
    return all.find((stats) => stats.ifindex === ifindex)!;
  };
  const { counters } = await statsOf(outer.ifindex);
  const [shown] = JSON.parse(there.ip('-s -j link show eth7')) as [
    { stats64: { rx: ShownCounters; tx: ShownCounters } },
  ];
  const again = await statsOf(outer.ifindex);
  // Neighbour discovery goes on by itself: what `ip` showed lies between two readings.
  for (const [mine, theirs] of [
    ['transmitBytes', shown.stats64.rx.bytes],
    ['receiveBytes', shown.stats64.tx.bytes],
    ['transmitPackets', shown.stats64.rx.packets],
    ['receivePackets', shown.stats64.tx.packets],
  ] as const) {
    expect(counters[LINK_COUNTER[mine]]).toBeLessThanOrEqual(theirs);
    expect(again.counters[LINK_COUNTER[mine]]).toBeGreaterThanOrEqual(theirs);
  }
  expect(decodeLinkStats(messages[1]!)?.ifindex).toBe(inner!.ifindex);
});

test('a namespace without a number is given one', async () => {
  await using here = await inNewNamespace();
  await using there = await makeNamespace('far');
  await using sleeper = await startSleeper(there.name);
  const { socket } = here;
  expect(decodeNsid(await socket.get(encodeGetNsid(sleeper.pid)))).toBeUndefined();
  allDone(await socket.transact([encodeNewNsid(sleeper.pid)]));
  const nsid = decodeNsid(await socket.get(encodeGetNsid(sleeper.pid)));
  expect(nsid).toBeGreaterThanOrEqual(0);
  const links = (await socket.dump(encodeGetLinksOf(nsid!))).flatMap((message) => decodeLink(message) ?? []);
  expect(links.map(({ name }) => name)).toEqual(['lo']);
  expect(decodeNsid({ type: RTM.NEWLINK, flags: 0, seq: 0, pid: 0, payload: Buffer.alloc(4) })).toBeUndefined();
});
