import { describe, expect, test } from 'vitest';
import type { Step } from '../../../../flannel/model/step.ts';
import { heldRemovals, isPeerRemoval } from '../../../../flannel/model/removal-guard.ts';
import { formatCidr4, parseCidr4 } from '../../../../native/net/cidr.ts';

describe('removal guard', () => {
  const subnets = Array.from({ length: 10 }, (_, index) => parseCidr4(`10.5.${index}.0/24`));
  const removals = (count: number): Step[] =>
    subnets.slice(0, count).flatMap((destination): Step[] => [
      { kind: 'remove-route', destination, gateway: destination.address },
      { kind: 'remove-neighbor', address: destination.address },
    ]);
  const addition: Step = { kind: 'add-route', destination: parseCidr4('10.5.77.0/24'), nexthopId: undefined };
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
      massLoss: true,
      confirmed: false,
      held: 1,
    },
    {
      name: 'any is held that ran out together with the own one, though watched',
      count: 1,
      before: 10,
      deleted: told,
      massLoss: true,
      confirmed: false,
      held: 1,
    },
  ])('$name', ({ count, before, deleted, massLoss = false, confirmed, held }) => {
    const steps = [addition, ...removals(count)];
    const question = { steps, networksBefore: before, deleted, massLoss, asking: false, confirmed };
    expect(heldRemovals(question)).toBe(held);
  });

  test('what is left of a mass that is being asked about is no less doubtful', () => {
    const question = { steps: removals(1), networksBefore: 2, deleted: told, massLoss: false, asking: true };
    expect(heldRemovals({ ...question, confirmed: false })).toBe(1);
    expect(heldRemovals({ ...question, confirmed: true })).toBe(0);
  });

  test('a peer that moves from VXLAN to a direct route is not leaving', () => {
    const steps = [
      ...subnets.map((destination): Step => ({
        kind: 'replace-direct-route',
        destination,
        gateway: destination.address,
      })),
      ...removals(10),
    ];
    const question = { steps, networksBefore: 10, deleted: new Set<string>(), massLoss: false, asking: false };
    expect(heldRemovals({ ...question, confirmed: false })).toBe(0);
  });

  test('what a held removal leaves out is all that a peer has, and nothing of the device', () => {
    expect(removals(1).every(isPeerRemoval)).toBe(true);
    expect(isPeerRemoval(addition)).toBe(false);
    expect(
      isPeerRemoval({ kind: 'remove-address', address: parseCidr4('10.5.1.0/24').address, prefixLength: 32 }),
    ).toBe(false);
  });
});
