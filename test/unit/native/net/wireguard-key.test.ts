import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  NO_WIREGUARD_KEY,
  parseWireguardKey,
  wireguardKeyFromBytes,
  wireguardKeyToBytes,
} from '../../../../native/net/wireguard-key.ts';

const keyBytes = fc.uint8Array({ minLength: 32, maxLength: 32 });

test('bytes and text give the key back, and the text is what Buffer makes of the bytes', () => {
  fc.assert(
    fc.property(keyBytes, (bytes) => {
      const key = wireguardKeyFromBytes(bytes);
      expect(key).toBe(Buffer.from(bytes).toString('base64'));
      expect(wireguardKeyToBytes(key)).toEqual(bytes);
      expect(parseWireguardKey(key)).toBe(key);
    }),
    { numRuns: 10_000 },
  );
});

test('no key is 32 zero bytes', () => {
  expect(NO_WIREGUARD_KEY).toBe(`${'A'.repeat(43)}=`);
});

const good = 'yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=';

test.each([
  { name: 'nothing', text: '' },
  { name: 'hex', text: 'c809f3e5317e9575c9b5ed78b638b7ce530dabe85ddab614220241801ddf0669' },
  { name: 'one character less', text: good.slice(1) },
  { name: 'one character more', text: `A${good}` },
  { name: 'no padding', text: good.slice(0, 43) },
  { name: 'a line end', text: `${good}\n` },
  { name: 'bits behind the 32nd byte', text: good.replace('mk=', 'ml=') },
  { name: 'the URL alphabet', text: good.replace('+', '-') },
])('$name is refused, and the text, which may be a secret, is not repeated', ({ text }) => {
  const wanted = `a text of ${text.length} characters is not a WireGuard key: expected 32 bytes in base64`;
  expect(() => parseWireguardKey(text)).toThrow(wanted);
  if (text !== '') expect(() => parseWireguardKey(text)).not.toThrow(text);
});

test.each([0, 31, 33])('%i bytes are no key', (length) => {
  expect(() => wireguardKeyFromBytes(new Uint8Array(length))).toThrow(RangeError);
});
