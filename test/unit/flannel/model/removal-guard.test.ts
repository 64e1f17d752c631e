import { describe, expect, test } from 'vitest';
import type { Step } from '../../../../flannel/model/plan.ts';
import { guardRemovals } from '../../../../flannel/model/removal-guard.ts';
import { formatCidr4, parseCidr4 } from '../../../../native/net/cidr.ts';

describe('removal guard', () => {
  const subnets = Array.from({ length: 10 }, (_, index) => parseCidr4(`10.5.${index}.0/24`));
  const removals = (count: number): Step[] =>
    subnets.slice(0, count).flatMap((destination): Step[] => [
      { kind: 'remove-route', destination, gateway: destination.address },
      { kind: 'remove-neighbor', address: destination.address },
    ]);
  const addition: Step = { kind: 'add-route', destination: parseCidr4('10.5.77.0/24') };
  const told = new Set(subnets.map(formatCidr4));
  test.each([
    { name: 'half may go', count: 5, before: 10, deleted: new Set<string>(), confirmed: false, held: 0 },
    { name: 'more than half is held', count: 6, before: 10, deleted: new Set<string>(), confirmed: false, held: 6 },
    { name: 'until confirmed', count: 10, before: 10, deleted: new Set<string>(), confirmed: true, held: 0 },
    {
      name: 'the only peer is held as well',
      count: 1,
      before: 1,
      deleted: new Set<string>(),
      confirmed: false,
      held: 1,
    },
    { name: 'unless its deletion was watched', count: 1, before: 1, deleted: told, confirmed: false, held: 0 },
    { name: 'all at once is held though watched', count: 10, before: 10, deleted: told, confirmed: false, held: 10 },
    {
      name: 'any is held that a replaced store lacks',
      count: 1,
      before: 10,
      deleted: new Set<string>(),
      storeReplaced: true,
      confirmed: false,
      held: 1,
    },
  ])('$name', ({ count, before, deleted, storeReplaced = false, confirmed, held }) => {
    const steps = [addition, ...removals(count)];
    const guarded = guardRemovals({ steps, routesBefore: before, deleted, storeReplaced, confirmed });
    expect(guarded.held).toBe(held);
    expect(guarded.steps).toEqual(held > 0 ? [addition] : steps);
  });
});
