import fc from 'fast-check';
import { test } from 'vitest';
import { formatCidr, formatIp, parseCidr, parseIp } from '../../native/net/ip.ts';
import { macFromBytes, macToBytes, parseMac } from '../../native/net/mac.ts';
import { anyNetwork, ip, mac } from '../unit/native/netlink/arbitraries.ts';
import { agrees, holds, throwsOnly } from './holds.ts';

test('an address that is printed is read again', () => {
  holds(ip, (address) => parseIp(formatIp(address)) === address);
});

test('a network that is printed is read again', () => {
  holds(anyNetwork, (network) => agrees(parseCidr(formatCidr(network)), network, 'exact'));
});

test('a MAC as bytes and as text is the same', () => {
  holds(mac, (address) => macFromBytes(macToBytes(address)) === address && parseMac(address.toUpperCase()) === address);
});

const almost = fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdefF.:/%- ')), maxLength: 44 });

test.each([
  { name: 'address', parse: parseIp },
  { name: 'network', parse: parseCidr },
  { name: 'MAC', parse: parseMac },
])('no text is taken for an $name by accident, or throws anything but RangeError', ({ parse }) => {
  holds(fc.oneof(almost, fc.string({ maxLength: 44 })), (text) => throwsOnly(RangeError, () => parse(text)));
});
