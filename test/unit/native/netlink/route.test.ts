import fc from 'fast-check';
import * as rt from 'netlink/dist/rt/structs.js';
import { AttrStream } from 'netlink/dist/structs.js';
import { describe, expect, test } from 'vitest';
import { formatCidr, formatIp, parseCidr, parseIp } from '../../../../native/net/ip.ts';
import { AF, RTM } from '../../../../native/netlink/message.ts';
import {
  decodeRoute,
  DEFAULT_PRIORITY6,
  encodeDelRoute,
  encodeGetRoute,
  encodeGetRoutes,
  encodeNewRoute,
  encodeReplaceRoute,
  RT_SCOPE,
  RT_TABLE_MAIN,
  RTN,
  RTPROT,
  type Route,
} from '../../../../native/netlink/route.ts';
import { ipOfBytes, ipv6, network, route, routeOf } from './arbitraries.ts';
import { iprouteReading, kernelMessages, messageOf } from './golden.ts';

const peer: Route = {
  destination: parseCidr('10.5.202.0/24'),
  gateway: parseIp('10.5.202.0'),
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
  const direct: Route = { ...peer, gateway: parseIp('192.168.77.201'), oif: 0, onlink: false };
  test.each([
    {
      name: 'a peer added',
      encoded: encodeReplaceRoute(peer),
      want: [RTM.NEWROUTE, 0x505, '02180000fe030001' + '04000000' + viaOverlay],
    },
    {
      name: 'a peer removed (protocol and type 0 match any)',
      encoded: encodeDelRoute({ ...peer, protocol: RTPROT.UNSPEC, type: RTN.UNSPEC }),
      want: [RTM.DELROUTE, 0x005, '02180000fe000000' + '04000000' + viaOverlay],
    },
    {
      name: 'a direct route: RTA_OIF 0, no flag',
      encoded: encodeReplaceRoute(direct),
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

test('an IPv6 peer: the same with AF_INET6 and 16-byte addresses', () => {
  const subnet = 'fc0000050000000b' + '0000000000000000';
  const { payload } = messageOf(
    encodeReplaceRoute({ ...peer, destination: parseCidr('fc00:5:0:b::/64'), gateway: parseIp('fc00:5:0:b::') }),
  );
  expect(payload.toString('hex')).toBe(
    '0a400000fe030001' + '04000000' + `14000100${subnet}` + `14000500${subnet}` + '0800040007000000',
  );
});

const indexesOf = (links: string): Map<string, number> =>
  new Map(iprouteReading(links).map((link) => [String(link['ifname']), Number(link['ifindex'])]));

function readingOfIp(row: Record<string, unknown>, indexOf: Map<string, number>): Record<string, unknown> {
  const via = row['via'] as { host: string } | undefined;
  const isSix = JSON.stringify([row['dst'], row['gateway'] ?? '']).includes(':');
  const destination = row['dst'] === 'default' ? (isSix ? '::/0' : '0.0.0.0/0') : String(row['dst']);
  return {
    destination: destination.includes('/') ? destination : `${destination}/${isSix ? 128 : 32}`,
    gateway: row['gateway'] ?? via?.host,
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

interface Reading {
  readonly fixture: string;
  readonly links: string;
  readonly expected: readonly object[];
}

test.each<Reading>([
  {
    fixture: 'routes',
    links: 'links',
    expected: [
      { destination: '10.5.4.0/24', nexthopId: 4, protocol: 80 },
      { destination: '172.31.0.0/16', table: 1000 },
    ],
  },
  {
    fixture: 'routes6',
    links: 'links6',
    expected: [
      { destination: 'fc00:5:0:b::/64', gateway: 'fc00:5:0:b::', onlink: true, priority: DEFAULT_PRIORITY6 },
      { destination: 'fc00:5:0:4f::/64', prefSource: 'fc00:5:0:38::', priority: 7 },
      { destination: 'fc00:5:0:66::/64', nexthopId: 6 },
      { destination: '::/0', gateway: 'fd00:77::1' },
      { destination: 'fd00:88::/64', table: 1000 },
    ],
  },
  {
    fixture: 'routes-via6',
    links: 'links6',
    expected: [{ destination: '10.5.6.0/24', gateway: 'fd00:77::2', oif: 3, protocol: 80 }],
  },
])('what the kernel sends reads as `ip -N route show table all` reads it: $fixture', ({ fixture, links, expected }) => {
  const read = kernelMessages(fixture).map((message) => {
    const route = decodeRoute(message)!;
    return {
      ...route,
      destination: formatCidr(route.destination),
      gateway: route.gateway === undefined ? undefined : formatIp(route.gateway),
      prefSource: route.prefSource === undefined ? undefined : formatIp(route.prefSource),
    };
  });
  const indexOf = indexesOf(links);
  expect(read).toEqual(iprouteReading(fixture).map((row) => readingOfIp(row, indexOf)));
  for (const one of expected) expect(read).toContainEqual(expect.objectContaining(one));
});

test.each([
  { fixture: 'events', destination: '10.5.2.0/24' },
  { fixture: 'events6', destination: 'fc00:5:0:b::/64' },
])('deleted routes are read from $fixture', ({ fixture, destination }) => {
  const deleted = kernelMessages(fixture).filter((message) => message.type === RTM.DELROUTE);
  const texts = deleted.map((message) => decodeRoute(message)).map((route) => route && formatCidr(route.destination));
  expect(texts).toContain(destination);
});

describe('round trips', () => {
  test.each([
    { name: 'replace', encode: encodeReplaceRoute },
    { name: 'add', encode: encodeNewRoute },
    { name: 'delete', encode: encodeDelRoute },
  ])('decode(encode(route)) gives it back: $name', ({ encode }) => {
    fc.assert(
      fc.property(route, (wanted) => {
        expect(decodeRoute(messageOf(encode(wanted)))).toEqual(wanted);
      }),
    );
  });

  test('an IPv4 route takes an IPv6 gateway as RTA_VIA; an IPv6 route no IPv4 gateway', () => {
    fc.assert(
      fc.property(routeOf(network, ipv6), (wanted) => {
        const sameFamily = { ...wanted, prefSource: undefined };
        expect(decodeRoute(messageOf(encodeReplaceRoute(sameFamily)))).toEqual(sameFamily);
      }),
    );
    const mixed = { ...peer, destination: parseCidr('fc00:5::/64') };
    expect(() => encodeReplaceRoute(mixed)).toThrow('an IPv6 route has no IPv4 gateway, such as 10.5.202.0');
  });

  test('a route over a nexthop object sends the id alone', () => {
    const decoded = decodeRoute(messageOf(encodeReplaceRoute({ ...peer, nexthopId: 4 })));
    expect(decoded).toEqual({ ...peer, nexthopId: 4, gateway: undefined, oif: undefined, onlink: false });
  });
});

describe('npm netlink as the judge', () => {
  test('it reads what we write, and what it writes of that is ours to the byte', () => {
    fc.assert(
      fc.property(route, (wanted) => {
        const { payload } = messageOf(encodeReplaceRoute(wanted));
        const parsed = rt.parseRouteMessage(payload);
        expect(parsed.attrs.gateway && ipOfBytes(parsed.attrs.gateway)).toBe(wanted.gateway);
        expect([parsed.attrs.oif, parsed.attrs.priority]).toEqual([wanted.oif, wanted.priority]);
        const out = new AttrStream();
        rt.formatRouteMessage(parsed, out);
        expect(Buffer.concat(out.bufs).toString('hex')).toBe(payload.toString('hex'));
      }),
    );
  });
});

test.each([
  { name: 'everything', encoded: encodeGetRoutes({ family: AF.INET }), want: '0200000000000000' + '00000000' },
  { name: 'everything of IPv6', encoded: encodeGetRoutes({ family: AF.INET6 }), want: '0a00000000000000' + '00000000' },
  {
    name: 'of one device',
    encoded: encodeGetRoutes({ family: AF.INET, oif: 7 }),
    want: '0200000000000000' + '00000000' + '0800040007000000',
  },
  {
    name: 'of a table and protocol',
    encoded: encodeGetRoutes({ family: AF.INET, table: 254, protocol: 80 }),
    want: '02000000fe500000' + '00000000',
  },
  {
    name: 'of a large table',
    encoded: encodeGetRoutes({ family: AF.INET, table: 1000 }),
    want: '0200000000000000' + '00000000' + '08000f00e8030000',
  },
])('dump of $name', ({ encoded, want }) => {
  const message = messageOf(encoded);
  expect([message.type, message.flags, message.payload.toString('hex')]).toEqual([RTM.GETROUTE, 0x301, want]);
});

test.each([
  { target: '192.0.2.7', want: '0220000000000000' + '00000000' + '08000100c0000207' },
  { target: '2001:db8::7', want: '0a80000000000000' + '00000000' + '1400010020010db8000000000000000000000007' },
])('the way to $target', ({ target, want }) => {
  const message = messageOf(encodeGetRoute(parseIp(target)));
  expect([message.type, message.flags, message.payload.toString('hex')]).toEqual([RTM.GETROUTE, 0x5, want]);
});
