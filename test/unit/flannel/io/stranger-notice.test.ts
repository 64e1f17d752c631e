import { expect, test } from 'vitest';
import { StrangerNotice } from '../../../../flannel/io/stranger-notice.ts';
import { parseCidr4 } from '../../../../native/net/cidr.ts';
import { parseIpv4 } from '../../../../native/net/ipv4.ts';
import { parseMac } from '../../../../native/net/mac.ts';
import { encodeNewAddress } from '../../../../native/netlink/address.ts';
import { encodeSetLink } from '../../../../native/netlink/link.ts';
import { splitMessages } from '../../../../native/netlink/message.ts';
import { encodeReplaceNeighbor, NUD } from '../../../../native/netlink/neighbor.ts';
import { encodeNewRoute, RT_SCOPE, RT_TABLE_MAIN, RTN, RTPROT } from '../../../../native/netlink/route.ts';

const OURS = 7;
const STRANGER = 9;
const own = { tunnels: new Map([[OURS, {}]]), ownIfindexes: new Set<number>() };

const route = (oif: number, table: number = RT_TABLE_MAIN): Buffer =>
  encodeNewRoute({
    destination: parseCidr4('10.5.3.0/24'),
    gateway: undefined,
    oif,
    table,
    protocol: RTPROT.BOOT,
    scope: RT_SCOPE.LINK,
    type: RTN.UNICAST,
    onlink: false,
    priority: undefined,
    nexthopId: undefined,
    prefSource: undefined,
  });
const address = (ifindex: number): Buffer =>
  encodeNewAddress({ ifindex, address: parseIpv4('10.5.3.1'), prefixLength: 24 });

test.each([
  { name: 'a link of somebody else', event: encodeSetLink(STRANGER, { up: true }), want: true },
  { name: 'our device', event: encodeSetLink(OURS, { up: true }), want: false },
  { name: 'an address elsewhere', event: address(STRANGER), want: true },
  { name: 'our address', event: address(OURS), want: false },
  { name: 'a route over somebody else’s device', event: route(STRANGER), want: true },
  { name: 'a route in another table', event: route(STRANGER, 100), want: false },
  { name: 'a route over our device', event: route(OURS), want: false },
  {
    name: 'a neighbour',
    event: encodeReplaceNeighbor({
      ifindex: STRANGER,
      destination: parseIpv4('10.5.3.1'),
      mac: parseMac('02:00:00:00:00:01'),
      state: NUD.PERMANENT,
      flags: 0,
    }),
    want: false,
  },
])('$name is worth a look: $want', ({ event, want }) => {
  const strangers = new StrangerNotice();
  strangers.take();
  strangers.see(splitMessages(event), own);
  expect([strangers.take(), strangers.take()]).toEqual([want, false]);
});

test('the first look is due, and one after something that no event told', () => {
  const strangers = new StrangerNotice();
  expect([strangers.take(), strangers.take()]).toEqual([true, false]);
  strangers.change();
  expect(strangers.take()).toBe(true);
});
