import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cidr6Contains, formatIpv6, parseCidr6, parseIpv6, type Ipv6 } from '../../../../native/net/ipv6.ts';

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

describe('networks', () => {
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
