import { describe, expect, test } from 'vitest';
import { innerMtu, outerMtu } from '../../../../flannel/model/mtu.ts';

describe('mtu', () => {
  test('the headers are taken off exactly once', () => {
    expect(innerMtu(outerMtu(1500))).toBe(1450);
  });
  test.each([117, 65_536, 1500.5, NaN])('%s carries nothing', (bytes) => {
    expect(() => outerMtu(bytes)).toThrow(RangeError);
  });
});
