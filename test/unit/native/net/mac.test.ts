import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isUnicastMac,
  locallyAdministeredMac,
  macFromBytes,
  macToBytes,
  parseMac,
} from '../../../../native/net/mac.ts';

const sixBytes = fc.uint8Array({ minLength: 6, maxLength: 6 });

test('bytes and text give the address back', () => {
  fc.assert(
    fc.property(sixBytes, (bytes) => {
      const mac = macFromBytes(bytes);
      expect(macToBytes(mac)).toEqual(bytes);
      expect(parseMac(mac)).toBe(mac);
    }),
  );
});

test.each([
  { form: 'colons', text: '66:67:05:52:A6:9E' },
  { form: 'dashes', text: '66-67-05-52-a6-9e' },
  { form: 'dots', text: '6667.0552.a69e' },
])('$form are read', ({ text }) => {
  expect(parseMac(text)).toBe('66:67:05:52:a6:9e');
});

test.each([
  '',
  '66:67:05:52:a6',
  '66:67:05:52:a6:9e:00',
  '66:67:05:52:a6:9g',
  '66-67:05:52:a6:9e',
  '66670552a69e',
  '6:67:05:52:a6:9e',
])('"%s" is refused and named', (text) => {
  expect(() => parseMac(text)).toThrow(`"${text}" is not a MAC address`);
});

test('a made address is unicast and locally administered, and keeps the other bits', () => {
  fc.assert(
    fc.property(sixBytes, (bytes) => {
      const made = macToBytes(locallyAdministeredMac(bytes));
      expect((made[0] ?? 0) & 0x03).toBe(0x02);
      expect([...made.subarray(1), (made[0] ?? 0) & 0xfc]).toEqual([...bytes.subarray(1), (bytes[0] ?? 0) & 0xfc]);
    }),
  );
});

test.each([0, 5, 7, 20])('%i bytes are no MAC address', (length) => {
  expect(() => macFromBytes(new Uint8Array(length))).toThrow(RangeError);
});

test.each([
  { mac: '66:67:05:52:a6:9e', want: true },
  { mac: '00:00:00:00:00:01', want: true },
  { mac: '00:00:00:00:00:00', want: false },
  { mac: '01:00:5e:00:00:01', want: false },
  { mac: 'ff:ff:ff:ff:ff:ff', want: false },
])('$mac is that of a single device: $want', ({ mac, want }) => {
  expect(isUnicastMac(parseMac(mac))).toBe(want);
});
