import { expect, test } from 'vitest';
import type { StepFailure } from '../../../flannel/io/kernel.ts';
import { RouteClaims } from '../../../flannel/route-claims.ts';
import { parseCidr4 } from '../../../native/net/cidr.ts';
import { ERRNO, NetlinkError } from '../../../native/netlink/errors.ts';

const destination = parseCidr4('10.5.7.0/24');
const add = { kind: 'add-route', destination, nexthopId: undefined } as const;
const occupied: StepFailure[] = [
  { step: add, error: new NetlinkError({ operation: 'add route', errno: ERRNO.EEXIST, target: '10.5.7.0/24' }) },
];
const MINUTE_MS = 60_000;

function claimsAt(clock: { ms: number }): RouteClaims {
  return new RouteClaims({ monotonicMs: () => clock.ms });
}

test('a foreign route that stood there before ours is left', () => {
  expect(claimsAt({ ms: 0 }).reclaim(occupied)).toEqual([]);
});

test('a route of ours is taken back five times, then no more', () => {
  const clock = { ms: 0 };
  const claims = claimsAt(clock);
  claims.note([add]);
  const taken = Array.from({ length: 7 }, () => {
    clock.ms += MINUTE_MS;
    return claims.reclaim(occupied).map(({ kind }) => kind);
  });
  expect(taken).toEqual([...Array.from({ length: 5 }, () => ['replace-route']), [], []]);
});

test.each([
  { name: 'ten minutes without a foreign route', everyMs: 10 * MINUTE_MS, again: true },
  { name: 'ten minutes with a foreign route in its place all the time', everyMs: MINUTE_MS, again: false },
])('after $name it is taken back again: $again', ({ everyMs, again }) => {
  const clock = { ms: 0 };
  const claims = claimsAt(clock);
  claims.note([add]);
  for (let time = 0; time < 5; time += 1) claims.reclaim(occupied);
  let taken: unknown[] = [];
  for (let ms = 0; ms < 10 * MINUTE_MS; ms += everyMs) {
    clock.ms += everyMs;
    taken = claims.reclaim(occupied);
  }
  expect(taken.length > 0).toBe(again);
});

test('with its peer the claim goes', () => {
  const claims = claimsAt({ ms: 0 });
  claims.note([add]);
  claims.note([{ kind: 'remove-route', destination, gateway: destination.address }]);
  expect(claims.reclaim(occupied)).toEqual([]);
});
