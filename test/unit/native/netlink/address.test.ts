import fc from 'fast-check';
import * as rt from 'netlink/dist/rt/structs.js';
import { describe, expect, test } from 'vitest';
import { formatIp, parseIp } from '../../../../native/net/ip.ts';
import {
  decodeAddress,
  encodeDelAddress,
  encodeGetAddresses,
  encodeNewAddress,
  IFA_F,
} from '../../../../native/netlink/address.ts';
import { AF, RTM } from '../../../../native/netlink/message.ts';
import { addressEntry, ipOfBytes } from './arbitraries.ts';
import { iprouteReading, kernelMessages, messageOf } from './golden.ts';

test('RTM_NEWADDR equals what flannel sends: REQUEST ACK EXCL CREATE, IFA_LOCAL, IFA_ADDRESS', () => {
  const message = messageOf(encodeNewAddress({ ifindex: 7, address: parseIp('10.5.50.0'), prefixLength: 32 }));
  expect([message.type, message.flags]).toEqual([RTM.NEWADDR, 0x605]);
  expect(message.payload.toString('hex')).toBe('02200000' + '07000000' + '080002000a053200' + '080001000a053200');
});

test('an IPv6 address: sixteen bytes twice, and NODAD in the struct', () => {
  const address = parseIp('fc00:5:0:38::');
  const { payload } = messageOf(encodeNewAddress({ ifindex: 7, address, prefixLength: 128, flags: IFA_F.NODAD }));
  const bytes = 'fc00000500000038' + '0000000000000000';
  expect(payload.toString('hex')).toBe('0a800200' + '07000000' + `14000200${bytes}` + `14000100${bytes}`);
});

const SCOPES: Readonly<Record<string, number>> = { global: 0, link: 253, host: 254 };

const FLAG_WORDS = [
  ['deprecated', IFA_F.DEPRECATED],
  ['tentative', IFA_F.TENTATIVE],
  ['nodad', IFA_F.NODAD],
] as const;

test.each(['addresses', 'addresses6'])('what the kernel sends reads as `ip addr` reads it: %s', (fixture) => {
  const rows = iprouteReading(fixture).flatMap((link) =>
    (link['addr_info'] as Record<string, unknown>[]).map((address) => ({
      ifindex: link['ifindex'],
      address: address['local'],
      prefixLength: address['prefixlen'],
      scope: SCOPES[String(address['scope'])],
      label: address['label'],
      permanent: address['valid_life_time'] === 0xffffffff,
      words: FLAG_WORDS.map(([word]) => word).filter((word) => address[word] === true),
    })),
  );
  const read = kernelMessages(fixture).map((message) => {
    const { flags, ...address } = decodeAddress(message)!;
    return {
      ...address,
      address: formatIp(address.address),
      permanent: (flags & IFA_F.PERMANENT) !== 0,
      words: FLAG_WORDS.filter(([, bit]) => (flags & bit) !== 0).map(([word]) => word),
    };
  });
  expect(read).toEqual(rows);
});

describe('round trips', () => {
  test('decode(encode(address)) gives it back, for the new and for the deleted', () => {
    fc.assert(
      fc.property(addressEntry, (wanted) => {
        expect(decodeAddress(messageOf(encodeNewAddress(wanted)))).toEqual({ ...wanted, label: undefined });
        expect(decodeAddress(messageOf(encodeDelAddress(wanted)))).toMatchObject(wanted);
      }),
    );
  });

  test('npm netlink reads the same', () => {
    fc.assert(
      fc.property(addressEntry, (wanted) => {
        const { data, attrs } = rt.parseAddressMessage(messageOf(encodeNewAddress(wanted)).payload);
        expect(data).toMatchObject({ prefixlen: wanted.prefixLength, index: wanted.ifindex });
        expect(data.family).toBe(typeof wanted.address === 'bigint' ? AF.INET6 : AF.INET);
        expect([attrs.local, attrs.address].map((bytes) => bytes && ipOfBytes(bytes))).toEqual([
          wanted.address,
          wanted.address,
        ]);
      }),
    );
  });
});

test.each([
  { name: 'all', encoded: encodeGetAddresses({ family: AF.INET }), index: 0 },
  { name: 'of one interface', encoded: encodeGetAddresses({ family: AF.INET, ifindex: 7 }), index: 7 },
])('dump $name', ({ encoded, index }) => {
  const message = messageOf(encoded);
  expect([message.type, message.flags, message.payload.readUInt32LE(4)]).toEqual([RTM.GETADDR, 0x301, index]);
});

test('another family and another type are not ours', () => {
  const message = messageOf(encodeNewAddress({ ifindex: 1, address: parseIp('10.0.0.1'), prefixLength: 8 }));
  const mpls = Buffer.from(message.payload);
  mpls.writeUInt8(28, 0);
  expect(decodeAddress({ ...message, payload: mpls })).toBeUndefined();
  expect(decodeAddress({ ...message, type: RTM.NEWROUTE })).toBeUndefined();
});
