import fc from 'fast-check';
import * as rt from 'netlink/dist/rt/structs.js';
import { expect, test } from 'vitest';
import { formatIp } from '../../../../native/net/ip.ts';
import { AF, RTM } from '../../../../native/netlink/message.ts';
import {
  decodeNexthop,
  encodeDelNexthop,
  encodeGetNexthops,
  encodeNewNexthop,
} from '../../../../native/netlink/nexthop.ts';
import { ipOfBytes, nexthop } from './arbitraries.ts';
import { iprouteReading, kernelMessages, messageOf } from './golden.ts';

test.each([
  { fixture: 'nexthops', links: 'links', family: AF.INET },
  { fixture: 'nexthops6', links: 'links6', family: AF.INET6 },
])('what the kernel sends reads as `ip nexthop` reads it: $fixture', ({ fixture, links, family }) => {
  const indexOf = new Map(iprouteReading(links).map((link) => [String(link['ifname']), Number(link['ifindex'])]));
  const read = kernelMessages(fixture).map((message) => {
    const nexthop = decodeNexthop(message)!;
    return { ...nexthop, gateway: nexthop.gateway === undefined ? undefined : formatIp(nexthop.gateway) };
  });
  const rows = iprouteReading(fixture).map((row) => ({
    family,
    id: row['id'],
    oif: indexOf.get(String(row['dev'])),
    gateway: row['gateway'],
    protocol: Number(row['protocol']),
    onlink: (row['flags'] as string[]).includes('onlink'),
  }));
  expect(read).toEqual(rows);
});

test('decode(encode(nexthop)) gives it back; npm netlink reads the same', () => {
  fc.assert(
    fc.property(nexthop, (wanted) => {
      const message = messageOf(encodeNewNexthop(wanted));
      expect(decodeNexthop(message)).toEqual(wanted);
      const { data, attrs } = rt.parseNextHopMessage(message.payload);
      expect([data.protocol, attrs.id, attrs.oif, attrs.gateway && ipOfBytes(attrs.gateway)]).toEqual([
        wanted.protocol,
        wanted.id,
        wanted.oif,
        wanted.gateway,
      ]);
    }),
  );
});

test.each([
  {
    name: 'delete',
    encoded: encodeDelNexthop(4),
    type: RTM.DELNEXTHOP,
    flags: 0x5,
    payload: '0000000000000000' + '0800010004000000',
  },
  { name: 'dump', encoded: encodeGetNexthops(), type: RTM.GETNEXTHOP, flags: 0x301, payload: '0000000000000000' },
  {
    name: 'dump of one device',
    encoded: encodeGetNexthops({ oif: 7 }),
    type: RTM.GETNEXTHOP,
    flags: 0x301,
    payload: '0000000000000000' + '0800050007000000',
  },
])('$name', ({ encoded, type, flags, payload }) => {
  const message = messageOf(encoded);
  expect([message.type, message.flags, message.payload.toString('hex')]).toEqual([type, flags, payload]);
});
