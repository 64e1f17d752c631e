import fc from 'fast-check';
import * as rt from 'netlink/dist/rt/structs.js';
import { AttrStream } from 'netlink/dist/structs.js';
import { describe, expect, test } from 'vitest';
import { formatIp, parseIp } from '../../../../native/net/ip.ts';
import { parseMac } from '../../../../native/net/mac.ts';
import { AF, RTM } from '../../../../native/netlink/message.ts';
import {
  decodeFdb,
  decodeNeighbor,
  encodeDelFdb,
  encodeDelNeighbor,
  encodeGetFdb,
  encodeGetNeighbors,
  encodeReplaceFdb,
  encodeReplaceNeighbor,
  NTF,
  NUD,
  type FdbEntry,
  type Neighbor,
} from '../../../../native/netlink/neighbor.ts';
import { forwarding, neighbor } from './arbitraries.ts';
import { iprouteReading, kernelMessages, messageOf } from './golden.ts';

const arp: Neighbor = {
  ifindex: 7,
  destination: parseIp('10.5.202.0'),
  mac: parseMac('02:00:00:00:02:02'),
  state: NUD.PERMANENT,
  flags: 0,
};
const fdb: FdbEntry = {
  ifindex: 7,
  mac: parseMac('02:00:00:00:02:02'),
  remote: parseIp('192.168.99.202'),
  state: NUD.PERMANENT,
  flags: NTF.SELF,
};

describe('what flannel sends', () => {
  const lladdr = '0a000200020000000202' + '0000';
  const arpAttributes = '080001000a05ca00' + lladdr;
  const fdbAttributes = '08000100c0a863ca' + lladdr;
  test.each([
    {
      name: 'ARP added',
      encoded: encodeReplaceNeighbor(arp),
      want: [RTM.NEWNEIGH, 0x505, '0200000007000000' + '80000001' + arpAttributes],
    },
    {
      name: 'FDB added',
      encoded: encodeReplaceFdb(fdb),
      want: [RTM.NEWNEIGH, 0x505, '0700000007000000' + '80000200' + fdbAttributes],
    },
    {
      name: 'ARP removed',
      encoded: encodeDelNeighbor(arp),
      want: [RTM.DELNEIGH, 0x005, '0200000007000000' + '80000001' + arpAttributes],
    },
    {
      name: 'FDB removed',
      encoded: encodeDelFdb(fdb),
      want: [RTM.DELNEIGH, 0x005, '0700000007000000' + '00000200' + fdbAttributes],
    },
  ])('$name', ({ encoded, want }) => {
    const message = messageOf(encoded);
    expect([message.type, message.flags, message.payload.toString('hex')]).toEqual(want);
  });
});

test('an IPv6 peer: NDP and FDB entries with 16-byte addresses', () => {
  const lladdr = '0a000200020000000202' + '0000';
  const neighbor = encodeReplaceNeighbor({ ...arp, destination: parseIp('fc00:5:0:b::') });
  const forwarding = encodeReplaceFdb({ ...fdb, remote: parseIp('fd00:77::12') });
  expect(messageOf(neighbor).payload.toString('hex')).toBe(
    '0a00000007000000' + '80000001' + '14000100' + 'fc0000050000000b' + '0000000000000000' + lladdr,
  );
  expect(messageOf(forwarding).payload.toString('hex')).toBe(
    '0700000007000000' + '80000200' + '14000100' + 'fd00007700000000' + '0000000000000012' + lladdr,
  );
});

const indexesOf = (links: string): Map<string, number> =>
  new Map(iprouteReading(links).map((link) => [String(link['ifname']), Number(link['ifindex'])]));

describe('what the kernel sends', () => {
  test.each([
    { fixture: 'neighbors', links: 'links' },
    { fixture: 'neighbors6', links: 'links6' },
  ])('$fixture read as `ip neigh` reads them', ({ fixture, links }) => {
    const indexOf = indexesOf(links);
    const read = kernelMessages(fixture).map((message) => {
      const { ifindex: index, destination, mac: address, state } = decodeNeighbor(message)!;
      return { index, destination: formatIp(destination), mac: address, state };
    });
    const states = (row: Record<string, unknown>): number =>
      (row['state'] as (keyof typeof NUD)[]).reduce((bits, name) => bits | NUD[name], 0);
    const rows = iprouteReading(fixture).map((row) => ({
      index: indexOf.get(String(row['dev'])),
      destination: row['dst'],
      mac: row['lladdr'],
      state: states(row),
    }));
    expect(read).toEqual(rows);
  });

  test.each([
    { fixture: 'fdb-vxlan', links: 'links', device: 'flannel.1' },
    { fixture: 'fdb-vxlan6', links: 'links6', device: 'flannel-v6.1' },
  ])('FDB entries of $device read as `bridge fdb` reads them', ({ fixture, links, device }) => {
    const read = kernelMessages(fixture).map((message) => decodeFdb(message)!);
    const rows = iprouteReading(fixture).map((row) => ({
      ifindex: indexesOf(links).get(device),
      mac: row['mac'],
      remote: parseIp(String(row['dst'])),
      port: row['port'],
      vni: row['vni'],
      // What `bridge fdb … permanent` asks for; flannel asks for PERMANENT alone.
      state: NUD.NOARP | NUD.PERMANENT,
      flags: NTF.SELF,
    }));
    expect(read).toEqual(rows);
  });

  test('FDB entries of a bridge port have no remote', () => {
    const read = kernelMessages('fdb-bridge-port').map((message) => decodeFdb(message)!);
    expect(read.map((entry) => entry.mac)).toEqual(iprouteReading('fdb-bridge-port').map((row) => row['mac']));
    expect(new Set(read.map((entry) => entry.remote))).toEqual(new Set([undefined]));
  });

  test.each([
    { fixture: 'events', neighbors: ['10.5.2.0', '10.5.3.0'], remote: '192.168.77.12' },
    { fixture: 'events6', neighbors: ['fc00:5:0:b::', 'fc00:5:0:4f::'], remote: 'fd00:77::12' },
  ])('of the $fixture each decoder takes its own', ({ fixture, neighbors, remote }) => {
    const events = kernelMessages(fixture).filter(({ type }) => type === RTM.DELNEIGH);
    const arps = events.map((message) => decodeNeighbor(message)).filter((entry) => entry !== undefined);
    const fdbs = events.map((message) => decodeFdb(message)).filter((entry) => entry !== undefined);
    expect(arps.map((entry) => formatIp(entry.destination))).toEqual(expect.arrayContaining(neighbors));
    expect(fdbs.map((entry) => entry.remote)).toContain(parseIp(remote));
  });
});

describe('round trips', () => {
  test('decode(encode(neighbour)) gives it back', () => {
    fc.assert(
      fc.property(neighbor, (wanted) => {
        expect(decodeNeighbor(messageOf(encodeReplaceNeighbor(wanted)))).toEqual(wanted);
        expect(decodeNeighbor(messageOf(encodeDelNeighbor(wanted)))).toEqual(wanted);
        expect(decodeFdb(messageOf(encodeReplaceNeighbor(wanted)))).toBeUndefined();
      }),
    );
  });

  test('decode(encode(FDB entry)) gives it back; a removal carries no state', () => {
    fc.assert(
      fc.property(forwarding, (wanted) => {
        expect(decodeFdb(messageOf(encodeReplaceFdb(wanted)))).toEqual(wanted);
        expect(decodeFdb(messageOf(encodeDelFdb(wanted)))).toEqual({ ...wanted, state: 0 });
        expect(decodeNeighbor(messageOf(encodeReplaceFdb(wanted)))).toBeUndefined();
      }),
    );
  });

  test('npm netlink reads the same, and what it writes of that is ours to the byte', () => {
    fc.assert(
      fc.property(neighbor, forwarding, (arpEntry, fdbEntry) => {
        for (const encoded of [encodeReplaceNeighbor(arpEntry), encodeReplaceFdb({ ...fdbEntry, vlan: 1 })]) {
          const { payload } = messageOf(encoded);
          const out = new AttrStream();
          const parsed = rt.parseNeighborMessage(payload);
          rt.formatNeighborMessage(parsed, out);
          expect(decodeBoth(Buffer.concat(out.bufs))).toEqual(decodeBoth(payload));
        }
      }),
    );
  });
});

function decodeBoth(payload: Buffer): unknown {
  const message = { type: RTM.NEWNEIGH, flags: 0, seq: 0, pid: 0, payload };
  return [decodeNeighbor(message), decodeFdb(message)];
}

test.each([
  { name: 'neighbours', encoded: encodeGetNeighbors({ family: AF.INET }), want: '020000000000000000000000' },
  {
    name: 'neighbours of one device',
    encoded: encodeGetNeighbors({ family: AF.INET, ifindex: 7 }),
    want: '020000000000000000000000' + '0800080007000000',
  },
  { name: 'neighbours of IPv6', encoded: encodeGetNeighbors({ family: AF.INET6 }), want: '0a0000000000000000000000' },
  { name: 'FDB of one device', encoded: encodeGetFdb({ ifindex: 7 }), want: '070000000700000000000000' },
])('dump of $name', ({ encoded, want }) => {
  const message = messageOf(encoded);
  expect([message.type, message.flags, message.payload.toString('hex')]).toEqual([RTM.GETNEIGH, 0x301, want]);
});
