import { expect, test } from 'vitest';
import { resolveFamily } from '../../../native/netlink/genetlink.ts';
import { NETLINK } from '../../../native/netlink/message.ts';
import { openNetlink } from '../../../native/netlink/socket.ts';
import { makeNamespace } from '../../support/netns.ts';

test('the controller resolves itself, with its group', async () => {
  await using ns = await makeNamespace('genl');
  await using socket = openNetlink({ protocol: NETLINK.GENERIC, netns: { kind: 'name', name: ns.name } });
  const family = await resolveFamily(socket, 'nlctrl');
  expect(family).toMatchObject({ id: 0x10, name: 'nlctrl' });
  expect([...family.groups]).toEqual([['notify', 0x10]]);
});

test('a family that the kernel does not have is told as a module that is missing', async () => {
  await using socket = openNetlink({ protocol: NETLINK.GENERIC });
  await expect(resolveFamily(socket, 'weft-none')).rejects.toThrow(
    'cannot find generic netlink family weft-none: ENOENT (the kernel has no weft-none module)',
  );
});
