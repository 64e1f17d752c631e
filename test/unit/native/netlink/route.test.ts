import fc from 'fast-check';
import * as rt from 'netlink/dist/rt/structs.js';
import { AttrStream } from 'netlink/dist/structs.js';
import { describe, expect, test } from 'vitest';
import { formatCidr4, parseCidr4 } from '../../../../native/net/cidr.ts';
import { formatIpv4, parseIpv4 } from '../../../../native/net/ipv4.ts';
import { RTM } from '../../../../native/netlink/message.ts';
import {
  decodeRoute4,
  encodeDelRoute4,
  encodeGetRoutes4,
  encodeNewRoute4,
  encodeReplaceRoute4,
  RT_SCOPE,
  RT_TABLE_MAIN,
  RTN,
  RTPROT,
  type Route4,
} from '../../../../native/netlink/route.ts';
import { ifindex, ipv4, maybe, network, u32, u8 } from './arbitraries.ts';
import { iprouteReading, kernelMessages, messageOf } from './golden.ts';

const peer: Route4 = {
  destination: parseCidr4('10.5.202.0/24'),
  gateway: parseIpv4('10.5.202.0'),
  oif: 7,
  table: RT_TABLE_MAIN,
  protocol: RTPROT.BOOT,
  scope: RT_SCOPE.UNIVERSE,
  type: RTN.UNICAST,
  onlink: true,
  priority: undefined,
  nexthopId: undefined,
  prefSource: undefined,
};

describe('what flannel sends', () => {
  const viaOverlay = '080001000a05ca00' + '080005000a05ca00' + '0800040007000000';
  const direct: Route4 = { ...peer, gateway: parseIpv4('192.168.77.201'), oif: 0, onlink: false };
  test.each([
    {
      name: 'a peer added',
      encoded: encodeReplaceRoute4(peer),
      want: [RTM.NEWROUTE, 0x505, '02180000fe030001' + '04000000' + viaOverlay],
    },
    {
      name: 'a peer removed (protocol and type 0 match any)',
      encoded: encodeDelRoute4({ ...peer, protocol: RTPROT.UNSPEC, type: RTN.UNSPEC }),
      want: [RTM.DELROUTE, 0x005, '02180000fe000000' + '04000000' + viaOverlay],
    },
    {
      name: 'a direct route: RTA_OIF 0, no flag',
      encoded: encodeReplaceRoute4(direct),
      want: [
        RTM.NEWROUTE,
        0x505,
        '02180000fe030001' + '00000000' + '080001000a05ca00' + '08000500c0a84dc9' + '0800040000000000',
      ],
    },
  ])('$name', ({ encoded, want }) => {
    const message = messageOf(encoded);
    expect([message.type, message.flags, message.payload.toString('hex')]).toEqual(want);
  });
});

const INDEXES = iprouteReading('links').map((link) => [String(link['ifname']), Number(link['ifindex'])] as const);
const indexOf = new Map(INDEXES);

function readingOfIp(row: Record<string, unknown>): Record<string, unknown> {
  const destination = row['dst'] === 'default' ? '0.0.0.0/0' : String(row['dst']);
  return {
    destination: destination.includes('/') ? destination : `${destination}/32`,
    gateway: row['gateway'],
    oif: indexOf.get(String(row['dev'])),
    table: Number(row['table']),
    protocol: Number(row['protocol']),
    scope: Number(row['scope']),
    type: Number(row['type']),
    onlink: (row['flags'] as string[]).includes('onlink'),
    priority: row['metric'],
    nexthopId: row['nhid'],
    prefSource: row['prefsrc'],
  };
}

test('what the kernel sends reads as `ip -4 -N route show table all` reads it', () => {
  const read = kernelMessages('routes').map((message) => {
    const route = decodeRoute4(message)!;
    return {
      ...route,
      destination: formatCidr4(route.destination),
      gateway: route.gateway && formatIpv4(route.gateway),
      prefSource: route.prefSource && formatIpv4(route.prefSource),
    };
  });
  expect(read).toEqual(iprouteReading('routes').map(readingOfIp));
  expect(read).toContainEqual(expect.objectContaining({ destination: '10.5.4.0/24', nexthopId: 4, protocol: 80 }));
  expect(read).toContainEqual(expect.objectContaining({ destination: '172.31.0.0/16', table: 1000 }));
});

test('deleted routes are read from events; IPv6 ones are not ours', () => {
  const deleted = kernelMessages('events').filter((message) => message.type === RTM.DELROUTE);
  const texts = deleted.map((message) => decodeRoute4(message)).map((route) => route && formatCidr4(route.destination));
  expect(texts).toContain('10.5.2.0/24');
});

const route: fc.Arbitrary<Route4> = fc.record({
  destination: network,
  gateway: maybe(ipv4),
  oif: maybe(ifindex),
  table: fc.oneof(fc.integer({ min: 1, max: 255 }), fc.integer({ min: 256, max: 0xffffffff })),
  protocol: u8,
  scope: u8,
  type: u8,
  onlink: fc.boolean(),
  priority: maybe(u32),
  nexthopId: fc.constant(undefined),
  prefSource: maybe(ipv4),
});

describe('round trips', () => {
  test.each([
    { name: 'replace', encode: encodeReplaceRoute4 },
    { name: 'add', encode: encodeNewRoute4 },
    { name: 'delete', encode: encodeDelRoute4 },
  ])('decode(encode(route)) gives it back: $name', ({ encode }) => {
    fc.assert(
      fc.property(route, (wanted) => {
        expect(decodeRoute4(messageOf(encode(wanted)))).toEqual(wanted);
      }),
    );
  });

  test('a route over a nexthop object sends the id alone', () => {
    const decoded = decodeRoute4(messageOf(encodeReplaceRoute4({ ...peer, nexthopId: 4 })));
    expect(decoded).toEqual({ ...peer, nexthopId: 4, gateway: undefined, oif: undefined, onlink: false });
  });
});

describe('npm netlink as the judge', () => {
  test('it reads what we write, and what it writes of that is ours to the byte', () => {
    fc.assert(
      fc.property(route, (wanted) => {
        const { payload } = messageOf(encodeReplaceRoute4(wanted));
        const parsed = rt.parseRouteMessage(payload);
        expect(parsed.attrs.gateway?.readUInt32BE()).toBe(wanted.gateway);
        expect([parsed.attrs.oif, parsed.attrs.priority]).toEqual([wanted.oif, wanted.priority]);
        const out = new AttrStream();
        rt.formatRouteMessage(parsed, out);
        expect(Buffer.concat(out.bufs).toString('hex')).toBe(payload.toString('hex'));
      }),
    );
  });
});

test.each([
  { name: 'everything', encoded: encodeGetRoutes4(), want: '0200000000000000' + '00000000' },
  {
    name: 'of one device',
    encoded: encodeGetRoutes4({ oif: 7 }),
    want: '0200000000000000' + '00000000' + '0800040007000000',
  },
  {
    name: 'of a table and protocol',
    encoded: encodeGetRoutes4({ table: 254, protocol: 80 }),
    want: '02000000fe500000' + '00000000',
  },
  {
    name: 'of a large table',
    encoded: encodeGetRoutes4({ table: 1000 }),
    want: '0200000000000000' + '00000000' + '08000f00e8030000',
  },
])('dump of $name', ({ encoded, want }) => {
  const message = messageOf(encoded);
  expect([message.type, message.flags, message.payload.toString('hex')]).toEqual([RTM.GETROUTE, 0x301, want]);
});
