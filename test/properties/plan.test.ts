import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { test } from 'vitest';
import { plan } from '../../flannel/model/plan.ts';
import { after, agreeing, anyActual, desiredWith, peerOf, sorted } from '../unit/flannel/model/plan-kernel.ts';
import { holds } from './holds.ts';

/** Few: what contradicts is found among five hosts and six subnets, and 100,000 of these fit CI. */
const peers = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 })), {
    selector: ([number]) => number,
    maxLength: 5,
  })
  .map((pairs) => pairs.map(([number, host]) => peerOf(number, host)));

test('plan(x, x) = []', () => {
  holds(peers, (some) => plan(desiredWith(some), agreeing(desiredWith(some))).length === 0);
});

test('applying plan(d, a) to a gives d', () => {
  holds(fc.tuple(peers, anyActual(peers)), ([some, actual]) => {
    const desired = desiredWith(some);
    const result = plan(desired, actual).reduce(after, actual);
    return isDeepStrictEqual(sorted(result), sorted(agreeing(desired))) && plan(desired, result).length === 0;
  });
});
