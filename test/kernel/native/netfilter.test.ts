import { expect, test } from 'vitest';
import { NETLINK } from '../../../native/netlink/message.ts';
import {
  decodeGeneration,
  encodeGetGeneration,
  NFNLGRP,
  type RulesetGeneration,
} from '../../../native/netlink/nfnetlink.ts';
import { openNetlink, watchNetlink } from '../../../native/netlink/socket.ts';
import { makeNamespace } from '../../support/netns.ts';
import { until } from '../../support/until.ts';

test('a change of the ruleset raises the generation, and an event says by whom', async () => {
  await using ns = await makeNamespace('nf');
  const netns = { kind: 'name', name: ns.name } as const;
  await using socket = openNetlink({ protocol: NETLINK.NETFILTER, netns });
  const generation = async (): Promise<number> =>
    decodeGeneration(await socket.get(encodeGetGeneration()))?.generation ?? Number.NaN;
  const told: RulesetGeneration[] = [];
  using _watch = watchNetlink({
    protocol: NETLINK.NETFILTER,
    netns,
    groups: [NFNLGRP.NFTABLES],
    onEvents: ({ messages }) => told.push(...messages.flatMap((message) => decodeGeneration(message) ?? [])),
    onFatal: (error) => {
      throw error;
    },
  });

  const before = await generation();
  expect(await generation()).toBe(before);
  ns.run('nft', 'list', 'ruleset');
  expect(await generation()).toBe(before);

  ns.run('nft', 'add', 'table', 'ip', 'weft');
  await until(() => told.length > 0, { what: 'the event of the new table' });
  expect(await generation()).toBe(before + 1);
  ns.run('nft', 'delete', 'table', 'ip', 'weft');
  await until(() => told.length > 1, { what: 'the event of the deleted table' });
  expect(told).toEqual([
    { generation: before + 1, pid: expect.any(Number) as number, processName: 'nft' },
    { generation: before + 2, pid: expect.any(Number) as number, processName: 'nft' },
  ]);
});

test('each namespace has a generation of its own', async () => {
  await using quiet = await makeNamespace('nf');
  await using busy = await makeNamespace('nf');
  await using socket = openNetlink({ protocol: NETLINK.NETFILTER, netns: { kind: 'name', name: quiet.name } });
  const before = decodeGeneration(await socket.get(encodeGetGeneration()))?.generation;
  busy.run('nft', 'add', 'table', 'ip', 'weft');
  expect(decodeGeneration(await socket.get(encodeGetGeneration()))?.generation).toBe(before);
});

test('a failure to open names the protocol and the namespace', () => {
  const netns = { kind: 'path', path: '/run/netns/weft-none' } as const;
  expect(() => openNetlink({ protocol: NETLINK.NETFILTER, netns })).toThrow(
    'cannot open a netfilter socket in /run/netns/weft-none: ENOENT',
  );
  expect(() => openNetlink({ protocol: NETLINK.GENERIC, netns })).toThrow(
    'cannot open a generic netlink socket in /run/netns/weft-none: ENOENT',
  );
});
