import fc from 'fast-check';
import * as rt from 'netlink/dist/rt/structs.js';
import { describe, expect, test } from 'vitest';
import { formatIpv4, parseIpv4 } from '../../../../native/net/ipv4.ts';
import {
  decodeAddress4,
  encodeDelAddress4,
  encodeGetAddresses4,
  encodeNewAddress4,
  IFA_F,
} from '../../../../native/netlink/address.ts';
import { RTM } from '../../../../native/netlink/message.ts';
import { ifindex, ipv4, u8 } from './arbitraries.ts';
import { iprouteReading, kernelMessages, messageOf } from './golden.ts';

const entry = fc.record({ ifindex, address: ipv4, prefixLength: fc.integer({ min: 0, max: 32 }), scope: u8 });

test('RTM_NEWADDR equals what flannel sends: REQUEST ACK EXCL CREATE, IFA_LOCAL, IFA_ADDRESS', () => {
  const message = messageOf(encodeNewAddress4({ ifindex: 7, address: parseIpv4('10.5.50.0'), prefixLength: 32 }));
  expect([message.type, message.flags]).toEqual([RTM.NEWADDR, 0x605]);
  expect(message.payload.toString('hex')).toBe('02200000' + '07000000' + '080002000a053200' + '080001000a053200');
});

const SCOPES: Readonly<Record<string, number>> = { global: 0, link: 253, host: 254 };

test('what the kernel sends reads as `ip -4 addr` reads it', () => {
  const rows = iprouteReading('addresses').flatMap((link) =>
    (link['addr_info'] as Record<string, unknown>[]).map((address) => ({
      ifindex: link['ifindex'],
      address: address['local'],
      prefixLength: address['prefixlen'],
      scope: SCOPES[String(address['scope'])],
      label: address['label'],
      permanent: address['valid_life_time'] === 0xffffffff,
    })),
  );
  const read = kernelMessages('addresses').map((message) => {
    const { flags, ...address } = decodeAddress4(message)!;
    return { ...address, address: formatIpv4(address.address), permanent: (flags & IFA_F.PERMANENT) !== 0 };
  });
  expect(read).toEqual(rows);
});

describe('round trips', () => {
  test('decode(encode(address)) gives it back, for the new and for the deleted', () => {
    fc.assert(
      fc.property(entry, (wanted) => {
        expect(decodeAddress4(messageOf(encodeNewAddress4(wanted)))).toEqual({ ...wanted, label: undefined, flags: 0 });
        expect(decodeAddress4(messageOf(encodeDelAddress4(wanted)))).toMatchObject(wanted);
      }),
    );
  });

  test('npm netlink reads the same', () => {
    fc.assert(
      fc.property(entry, (wanted) => {
        const { data, attrs } = rt.parseAddressMessage(messageOf(encodeNewAddress4(wanted)).payload);
        expect(data).toMatchObject({ family: 2, prefixlen: wanted.prefixLength, index: wanted.ifindex });
        expect([attrs.local?.readUInt32BE(), attrs.address?.readUInt32BE()]).toEqual([wanted.address, wanted.address]);
      }),
    );
  });
});

test.each([
  { name: 'all', encoded: encodeGetAddresses4(), index: 0 },
  { name: 'of one interface', encoded: encodeGetAddresses4({ ifindex: 7 }), index: 7 },
])('dump $name', ({ encoded, index }) => {
  const message = messageOf(encoded);
  expect([message.type, message.flags, message.payload.readUInt32LE(4)]).toEqual([RTM.GETADDR, 0x301, index]);
});

test('an IPv6 address and another type are not ours', () => {
  const message = messageOf(encodeNewAddress4({ ifindex: 1, address: parseIpv4('10.0.0.1'), prefixLength: 8 }));
  const v6 = Buffer.from(message.payload);
  v6.writeUInt8(10, 0);
  expect(decodeAddress4({ ...message, payload: v6 })).toBeUndefined();
  expect(decodeAddress4({ ...message, type: RTM.NEWROUTE })).toBeUndefined();
});
