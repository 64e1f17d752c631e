import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cidr,
  cidrContains,
  cidrKey,
  cidrOverlaps,
  formatCidr,
  formatIp,
  hostCidr,
  isCidr6,
  isIpv6,
  parseCidr,
  parseInterfaceAddress,
  parseIp,
  sameCidr,
} from '../../../../native/net/ip.ts';
import { parseIpv4 } from '../../../../native/net/ipv4.ts';
import { parseIpv6 } from '../../../../native/net/ipv6.ts';
import { anyNetwork, ip } from '../netlink/arbitraries.ts';

test('the family is told by the type of the value', () => {
  expect([parseIp('10.5.0.1'), parseIp('fc00:5::1')]).toEqual([parseIpv4('10.5.0.1'), parseIpv6('fc00:5::1')]);
  expect([isIpv6(parseIp('10.5.0.1')), isIpv6(parseIp('::ffff:10.5.0.1'))]).toEqual([false, true]);
  expect([isCidr6(parseCidr('10.5.0.0/16')), isCidr6(parseCidr('::/0'))]).toEqual([false, true]);
});

test('text gives the value back', () => {
  fc.assert(
    fc.property(ip, anyNetwork, (address, network) => {
      expect(parseIp(formatIp(address))).toBe(address);
      expect(parseCidr(formatCidr(network))).toEqual(network);
      const onLink = { ...network, address };
      if (isIpv6(address) === isCidr6(network)) expect(parseInterfaceAddress(formatCidr(onLink))).toEqual(onLink);
    }),
    { numRuns: 10_000 },
  );
});

describe('what is neither family names the text and both forms', () => {
  test.each(['', 'eth0', '10', 'fe80'])('"%s"', (text) => {
    expect(() => parseIp(text)).toThrow(`"${text}" is not an IP address: expected one such as 10.5.0.1 or fc00:5::1`);
    expect(() => parseCidr(text)).toThrow(`"${text}" is not an IP network: expected ADDRESS/LENGTH`);
    expect(() => parseInterfaceAddress(text)).toThrow(`"${text}" is not an interface address: expected ADDRESS/LENGTH`);
  });

  test.each(['10.5.0.0', '10.5.0.0/33', 'fc00:5::', 'fc00:5::/129', '::/1/2'])('"%s" is no network', (text) => {
    expect(() => parseCidr(text)).toThrow(RangeError);
  });
});

describe('networks', () => {
  test('contain their addresses, overlap what shares one, and know nothing of the other family', () => {
    fc.assert(
      fc.property(anyNetwork, anyNetwork, ip, (a, b, address) => {
        const sameFamily = isCidr6(a) === isCidr6(b);
        expect(cidrContains(a, a.address)).toBe(true);
        expect(cidrOverlaps(a, b)).toBe(sameFamily && (cidrContains(a, b.address) || cidrContains(b, a.address)));
        expect(cidrOverlaps(a, hostCidr(address))).toBe(cidrContains(a, address));
        if (isCidr6(a) !== isIpv6(address)) expect(cidrContains(a, address)).toBe(false);
      }),
      { numRuns: 10_000 },
    );
  });

  test('0.0.0.0/0 and ::/0 are two', () => {
    const [four, six] = [parseCidr('0.0.0.0/0'), parseCidr('::/0')];
    expect([sameCidr(four, six), cidrOverlaps(four, six), cidrKey(four) === cidrKey(six)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test('two have one key when they are the same, and only then', () => {
    fc.assert(
      fc.property(anyNetwork, anyNetwork, (a, b) => {
        expect(cidrKey(a) === cidrKey(b)).toBe(sameCidr(a, b));
        expect(cidrKey(a)).toBe(cidrKey({ ...a }));
      }),
      { numRuns: 10_000 },
    );
  });

  test.each([
    { address: '10.5.1.7', length: 24, want: '10.5.1.0/24' },
    { address: 'fc00:5::ffff:7', length: 112, want: 'fc00:5::ffff:0/112' },
    { address: 'fc00:5::7', length: 0, want: '::/0' },
  ])('host bits of $address are cleared at /$length', ({ address, length, want }) => {
    expect(formatCidr(cidr(parseIp(address), length))).toBe(want);
  });

  test('one address has a network of its own', () => {
    expect(['10.5.1.7', 'fc00:5::7'].map((text) => formatCidr(hostCidr(parseIp(text))))).toEqual([
      '10.5.1.7/32',
      'fc00:5::7/128',
    ]);
  });
});
