import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addIpv4, formatIpv4, ipv4FromBytes, ipv4ToBytes, parseIpv4, type Ipv4 } from '../../../../native/net/ipv4.ts';
import { ipv4 } from '../netlink/arbitraries.ts';

test('text and bytes give the address back', () => {
  fc.assert(
    fc.property(ipv4, (address) => {
      expect(parseIpv4(formatIpv4(address))).toBe(address);
      expect(ipv4FromBytes(ipv4ToBytes(address))).toBe(address);
    }),
  );
});

test.each([
  { text: '0.0.0.0', value: 0 },
  { text: '10.5.0.1', value: 0x0a050001 },
  { text: '255.255.255.255', value: 0xffffffff },
])('$text is $value', ({ text, value }) => {
  expect(parseIpv4(text)).toBe(value);
});

test.each([
  '',
  '10.5.0',
  '10.5.0.1.2',
  '10.5.0.256',
  '10.5.0.01',
  '10.5.0.-1',
  '10.5.0.1 ',
  '0x0a.5.0.1',
  'a.b.c.d',
  '::1',
])('"%s" is refused and named', (text) => {
  expect(() => parseIpv4(text)).toThrow(
    new RangeError(`"${text}" is not an IPv4 address: expected four numbers 0-255, such as 10.5.0.1`),
  );
});

describe('addIpv4', () => {
  test('counts over octets', () => {
    expect(formatIpv4(addIpv4(parseIpv4('10.5.0.255'), 1))).toBe('10.5.1.0');
  });

  test.each([
    { address: 0xffffffff as Ipv4, offset: 1 },
    { address: 0 as Ipv4, offset: -1 },
  ])('does not wrap at $address', ({ address, offset }) => {
    expect(() => addIpv4(address, offset)).toThrow(RangeError);
  });
});

test.each([0, 3, 5])('%i bytes are no address', (length) => {
  expect(() => ipv4FromBytes(new Uint8Array(length))).toThrow(RangeError);
});
