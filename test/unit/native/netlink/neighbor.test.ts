import fc from 'fast-check';
import * as rt from 'netlink/dist/rt/structs.js';
import { AttrStream } from 'netlink/dist/structs.js';
import { describe, expect, test } from 'vitest';
import { formatIpv4, parseIpv4 } from '../../../../native/net/ipv4.ts';
import { parseMac } from '../../../../native/net/mac.ts';
import { RTM } from '../../../../native/netlink/message.ts';
import {
  decodeFdb,
  decodeNeighbor4,
  encodeDelFdb,
  encodeDelNeighbor4,
  encodeGetFdb,
  encodeGetNeighbors4,
  encodeReplaceFdb,
  encodeReplaceNeighbor4,
  NTF,
  NUD,
  type FdbEntry,
  type Neighbor4,
} from '../../../../native/netlink/neighbor.ts';
import { ifindex, ipv4, mac, maybe, u16, u32, u8 } from './arbitraries.ts';
import { iprouteReading, kernelMessages, messageOf } from './golden.ts';

const arp: Neighbor4 = {
  ifindex: 7,
  destination: parseIpv4('10.5.202.0'),
  mac: parseMac('02:00:00:00:02:02'),
  state: NUD.PERMANENT,
  flags: 0,
};
const fdb: FdbEntry = {
  ifindex: 7,
  mac: parseMac('02:00:00:00:02:02'),
  remote: parseIpv4('192.168.99.202'),
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
      encoded: encodeReplaceNeighbor4(arp),
      want: [RTM.NEWNEIGH, 0x505, '0200000007000000' + '80000001' + arpAttributes],
    },
    {
      name: 'FDB added',
      encoded: encodeReplaceFdb(fdb),
      want: [RTM.NEWNEIGH, 0x505, '0700000007000000' + '80000200' + fdbAttributes],
    },
    {
      name: 'ARP removed',
      encoded: encodeDelNeighbor4(arp),
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

const indexOf = new Map(iprouteReading('links').map((link) => [String(link['ifname']), Number(link['ifindex'])]));

describe('what the kernel sends', () => {
  test('neighbours read as `ip -4 neigh` reads them', () => {
    const read = kernelMessages('neighbors').map((message) => {
      const { ifindex: index, destination, mac: address, state } = decodeNeighbor4(message)!;
      return { index, destination: formatIpv4(destination), mac: address, state };
    });
    const states = (row: Record<string, unknown>): number =>
      (row['state'] as (keyof typeof NUD)[]).reduce((bits, name) => bits | NUD[name], 0);
    const rows = iprouteReading('neighbors').map((row) => ({
      index: indexOf.get(String(row['dev'])),
      destination: row['dst'],
      mac: row['lladdr'],
      state: states(row),
    }));
    expect(read).toEqual(rows);
  });

  test('FDB entries of a vxlan device read as `bridge fdb` reads them', () => {
    const read = kernelMessages('fdb-vxlan').map((message) => decodeFdb(message)!);
    const rows = iprouteReading('fdb-vxlan').map((row) => ({
      ifindex: indexOf.get('flannel.1'),
      mac: row['mac'],
      remote: parseIpv4(String(row['dst'])),
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

  test('of the events each decoder takes its own', () => {
    const events = kernelMessages('events').filter(({ type }) => type === RTM.DELNEIGH);
    const arps = events.map((message) => decodeNeighbor4(message)).filter((entry) => entry !== undefined);
    const fdbs = events.map((message) => decodeFdb(message)).filter((entry) => entry !== undefined);
    expect(arps.map((entry) => formatIpv4(entry.destination))).toEqual(['10.5.2.0', '10.5.3.0']);
    expect(fdbs.map((entry) => entry.remote && formatIpv4(entry.remote))).toContain('192.168.77.12');
  });
});

const neighbor: fc.Arbitrary<Neighbor4> = fc.record({
  ifindex,
  destination: ipv4,
  mac: maybe(mac),
  state: u16,
  flags: u8,
});
const forwarding: fc.Arbitrary<FdbEntry> = fc.record(
  { ifindex, mac, remote: maybe(ipv4), state: u16, flags: u8, vlan: u16, port: u16, vni: u32 },
  { requiredKeys: ['ifindex', 'mac', 'remote', 'state', 'flags'] },
);

describe('round trips', () => {
  test('decode(encode(neighbour)) gives it back', () => {
    fc.assert(
      fc.property(neighbor, (wanted) => {
        expect(decodeNeighbor4(messageOf(encodeReplaceNeighbor4(wanted)))).toEqual(wanted);
        expect(decodeNeighbor4(messageOf(encodeDelNeighbor4(wanted)))).toEqual(wanted);
        expect(decodeFdb(messageOf(encodeReplaceNeighbor4(wanted)))).toBeUndefined();
      }),
    );
  });

  test('decode(encode(FDB entry)) gives it back; a removal carries no state', () => {
    fc.assert(
      fc.property(forwarding, (wanted) => {
        expect(decodeFdb(messageOf(encodeReplaceFdb(wanted)))).toEqual(wanted);
        expect(decodeFdb(messageOf(encodeDelFdb(wanted)))).toEqual({ ...wanted, state: 0 });
        expect(decodeNeighbor4(messageOf(encodeReplaceFdb(wanted)))).toBeUndefined();
      }),
    );
  });

  test('npm netlink reads the same, and what it writes of that is ours to the byte', () => {
    fc.assert(
      fc.property(neighbor, forwarding, (arpEntry, fdbEntry) => {
        for (const encoded of [encodeReplaceNeighbor4(arpEntry), encodeReplaceFdb({ ...fdbEntry, vlan: 1 })]) {
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
  return [decodeNeighbor4(message), decodeFdb(message)];
}

test.each([
  { name: 'neighbours', encoded: encodeGetNeighbors4(), want: '020000000000000000000000' },
  {
    name: 'neighbours of one device',
    encoded: encodeGetNeighbors4({ ifindex: 7 }),
    want: '020000000000000000000000' + '0800080007000000',
  },
  { name: 'FDB of one device', encoded: encodeGetFdb({ ifindex: 7 }), want: '070000000700000000000000' },
])('dump of $name', ({ encoded, want }) => {
  const message = messageOf(encoded);
  expect([message.type, message.flags, message.payload.toString('hex')]).toEqual([RTM.GETNEIGH, 0x301, want]);
});
