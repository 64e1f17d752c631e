import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addIpv6,
  cidr6,
  cidr6Contains,
  cidr6Overlaps,
  formatCidr6,
  formatIpv6,
  ipv6FromBytes,
  ipv6ToBytes,
  lastAddress6,
  parseCidr6,
  parseInterfaceAddress6,
  parseIpv6,
  sameCidr6,
  type Ipv6,
} from '../../../../native/net/ipv6.ts';
import { ipv6, network6 } from '../netlink/arbitraries.ts';

describe('addresses', () => {
  test.each([
    { text: '::', canonical: '::', value: 0n },
    { text: '::1', canonical: '::1', value: 1n },
    { text: 'fc00:5:0:0:0:0:0:1', canonical: 'fc00:5::1', value: 0xfc000005_00000000_00000000_00000001n },
    { text: '2001:DB8:0:0:1:0:0:1', canonical: '2001:db8::1:0:0:1', value: 0x20010db8_00000000_00010000_00000001n },
    { text: '1:2:3:4:5:6:7:8', canonical: '1:2:3:4:5:6:7:8', value: 0x00010002_00030004_00050006_00070008n },
    { text: '1:0:3:4:5:6:7:8', canonical: '1:0:3:4:5:6:7:8', value: 0x00010000_00030004_00050006_00070008n },
    { text: '::ffff:10.5.0.1', canonical: '::ffff:a05:1', value: 0xffff_0a05_0001n },
    { text: 'fe80::', canonical: 'fe80::', value: 0xfe80n << 112n },
  ])('$text is $canonical', ({ text, canonical, value }) => {
    expect(parseIpv6(text)).toBe(value);
    expect(formatIpv6(parseIpv6(text))).toBe(canonical);
  });

  test.each([
    '',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    '12345::',
    'g::',
    'fe80::1%eth0',
    '10.5.0.1',
  ])('"%s" is none', (text) => {
    expect(() => parseIpv6(text)).toThrow(RangeError);
  });

  test('what is formatted is read back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), (value) => {
        expect(parseIpv6(formatIpv6(value as Ipv6))).toBe(value);
      }),
    );
  });
});

test('bytes give the address back', () => {
  fc.assert(
    fc.property(ipv6, (address) => {
      expect(ipv6FromBytes(ipv6ToBytes(address))).toBe(address);
    }),
  );
  expect(Buffer.from(ipv6ToBytes(parseIpv6('fc00:5::1'))).toString('hex')).toBe(
    'fc00000500000000' + '0000000000000001',
  );
});

test.each([0, 4, 15, 17])('%i bytes are no address', (length) => {
  expect(() => ipv6FromBytes(new Uint8Array(length))).toThrow(RangeError);
});

test('addIpv6 counts over groups and wraps nowhere', () => {
  expect(formatIpv6(addIpv6(parseIpv6('fc00::ffff'), 1n))).toBe('fc00::1:0');
  expect(() => addIpv6(parseIpv6('::'), -1n)).toThrow(RangeError);
  expect(() => addIpv6(lastAddress6(parseCidr6('::/0')), 1n)).toThrow(RangeError);
});

describe('networks', () => {
  test('text gives the network back', () => {
    fc.assert(
      fc.property(network6, (wanted) => {
        expect(parseCidr6(formatCidr6(wanted))).toEqual(wanted);
      }),
    );
  });

  test('a network holds its first and last address and overlaps what shares one', () => {
    fc.assert(
      fc.property(network6, network6, ipv6, (a, b, address) => {
        expect([cidr6Contains(a, a.address), cidr6Contains(a, lastAddress6(a))]).toEqual([true, true]);
        expect(cidr6Overlaps(a, b)).toBe(cidr6Contains(a, b.address) || cidr6Contains(b, a.address));
        expect(cidr6Overlaps(a, cidr6(address, 128))).toBe(cidr6Contains(a, address));
        expect(sameCidr6(cidr6(address, a.prefixLength), a)).toBe(cidr6Contains(a, address));
      }),
    );
  });

  test('host bits are kept in an interface address', () => {
    expect(formatCidr6(parseInterfaceAddress6('fc00:5::7/64'))).toBe('fc00:5::7/64');
  });

  test.each([129, -1, 1.5, Number.NaN])('/%d is no prefix length', (length) => {
    expect(() => cidr6(parseIpv6('fc00::'), length)).toThrow(RangeError);
  });

  test('host bits are masked off', () => {
    const network = parseCidr6('fc00:5:0:ffff::7/48');
    expect([formatIpv6(network.address), network.prefixLength]).toEqual(['fc00:5::', 48]);
    expect(cidr6Contains(network, parseIpv6('fc00:5:0:ffff::1'))).toBe(true);
    expect(cidr6Contains(network, parseIpv6('fc00:6::'))).toBe(false);
  });

  test.each(['fc00:5::', 'fc00:5::/', 'fc00:5::/129', 'fc00:5::/4/8', '10.5.0.0/16'])('"%s" is none', (text) => {
    expect(() => parseCidr6(text)).toThrow(RangeError);
  });
});
