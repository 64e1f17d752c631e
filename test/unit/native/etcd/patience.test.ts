import { expect, test } from 'vitest';
import { Patience } from '../../../../native/etcd/patience.ts';

test('waits longer for a slow store, at most four times, until it is quick again', () => {
  const patience = new Patience();
  const waits = [patience.stretch(1000)];
  for (let lost = 0; lost < 3; lost++) {
    patience.lost();
    waits.push(patience.stretch(1000));
  }
  expect(waits).toEqual([1000, 2000, 4000, 4000]);
  patience.answered(1.5);
  expect(patience.stretch(1000)).toBe(4000);
  patience.answered(0.1);
  expect(patience.stretch(1000)).toBe(1000);
});
