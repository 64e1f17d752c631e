import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cidr4,
  cidr4Contains,
  cidr4Overlaps,
  cidr4Size,
  formatCidr4,
  lastAddress4,
  parseCidr4,
  parseInterfaceAddress4,
  sameCidr4,
} from '../../../../native/net/cidr.ts';
import { formatIpv4, parseIpv4 } from '../../../../native/net/ipv4.ts';
import { ipv4, network } from '../netlink/arbitraries.ts';

test('text gives the network back', () => {
  fc.assert(
    fc.property(network, (wanted) => {
      expect(parseCidr4(formatCidr4(wanted))).toEqual(wanted);
    }),
  );
});

test('host bits are masked off in a network and kept in an interface address', () => {
  expect(formatCidr4(parseCidr4('10.5.1.7/24'))).toBe('10.5.1.0/24');
  expect(formatCidr4(parseInterfaceAddress4('10.5.1.7/24'))).toBe('10.5.1.7/24');
});

test.each(['', '10.5.0.0', '10.5.0.0/', '10.5.0.0/33', '10.5.0.0/-1', '10.5.0.0/8/8', '10.5.0.0/ 8', '10.5.0/8', '/8'])(
  '"%s" is refused',
  (text) => {
    expect(() => parseCidr4(text)).toThrow(RangeError);
  },
);

test.each([33, -1, 1.5, Number.NaN])('/%d is no prefix length', (length) => {
  expect(() => cidr4(parseIpv4('10.0.0.0'), length)).toThrow(RangeError);
});

describe('size and bounds', () => {
  test.each([
    { text: '0.0.0.0/0', size: 2 ** 32, last: '255.255.255.255' },
    { text: '10.5.0.0/16', size: 65_536, last: '10.5.255.255' },
    { text: '10.5.1.0/31', size: 2, last: '10.5.1.1' },
    { text: '255.255.255.255/32', size: 1, last: '255.255.255.255' },
  ])('$text', ({ text, size, last }) => {
    const wanted = parseCidr4(text);
    expect([cidr4Size(wanted), formatIpv4(lastAddress4(wanted))]).toEqual([size, last]);
  });

  test('a network holds its first and last address and overlaps what shares one', () => {
    fc.assert(
      fc.property(network, network, ipv4, (a, b, address) => {
        expect([cidr4Contains(a, a.address), cidr4Contains(a, lastAddress4(a))]).toEqual([true, true]);
        expect(cidr4Overlaps(a, b)).toBe(cidr4Contains(a, b.address) || cidr4Contains(b, a.address));
        expect(cidr4Overlaps(a, cidr4(address, 32))).toBe(cidr4Contains(a, address));
      }),
    );
  });

  test('same means address and length', () => {
    expect(sameCidr4(parseCidr4('10.5.0.0/16'), parseCidr4('10.5.0.1/16'))).toBe(true);
    expect(sameCidr4(parseCidr4('10.5.0.0/16'), parseCidr4('10.5.0.0/17'))).toBe(false);
  });
});
