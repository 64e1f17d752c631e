import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprint, sortedNames } from '../../../../../dashboard/model/alert/fingerprint.ts';

test.each([
  {
    name: "the value of Prometheus' own test",
    labels: { name: 'garland, briggs', fear: 'love is not enough' },
    want: '507a62d79ee76c9a',
  },
  { name: 'the empty set', labels: {}, want: 14_695_981_039_346_656_037n.toString(16) },
])('$name', ({ labels, want }) => {
  expect(fingerprint(labels)).toBe(want);
});

test('does not depend on the order in which labels were set', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string()), (labels) => {
      const reversed = Object.fromEntries(Object.entries(labels).reverse());
      return fingerprint(labels) === fingerprint(reversed) && /^[0-9a-f]{16}$/.test(fingerprint(labels));
    }),
  );
});

test('names are sorted by their bytes, not by UTF-16 units', () => {
  expect(sortedNames({ '\u{1f600}': '', '\uffff': '', a: '', B: '' })).toEqual(['B', 'a', '\uffff', '\u{1f600}']);
});

/** FNV-1a as it is defined, in whole 64-bit numbers. */
function defined(labels: Readonly<Record<string, string>>): string {
  const bytes = sortedNames(labels).flatMap((name) => [
    ...Buffer.from(name),
    0xff,
    ...Buffer.from(labels[name] ?? ''),
    0xff,
  ]);
  const hash = bytes.reduce(
    (known, byte) => BigInt.asUintN(64, (known ^ BigInt(byte)) * 1_099_511_628_211n),
    14_695_981_039_346_656_037n,
  );
  return hash.toString(16).padStart(16, '0');
}

test('agrees with the definition over whatever text', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'Z', '_', '\u00e9', '\u20ac', '\u{1f600}', '\ud800', '\0') });
  fc.assert(
    fc.property(fc.dictionary(text, text), (labels) => {
      expect(fingerprint(labels)).toBe(defined(labels));
    }),
  );
});
