import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plan } from '../../../flannel/model/plan.ts';
import { SettledTunnels } from '../../../flannel/settled-tunnels.ts';
import {
  actualDevice,
  agreeing,
  arbitraryActual,
  arbitraryPeers,
  desiredWith,
  device,
  peerOf,
} from './model/plan-kernel.ts';

const desired = desiredWith([peerOf(1), peerOf(2)]);
const agreed = agreeing(desired);

test('tables that agreed are not compared again', () => {
  const settled = new SettledTunnels();
  expect(settled.plan(desired, agreed)).toEqual([]);
  // Would be seen if it were looked at: the kernel’s answers are new arrays whenever anything in them is new.
  (agreed.routes as unknown[]).push({ ...agreed.routes[0], destination: peerOf(9).subnet });
  expect(settled.plan(desired, { ...agreed })).toEqual([]);
  expect(settled.plan(desired, { ...agreed, routes: [...agreed.routes] })).not.toEqual([]);
});

test.each([
  { name: 'another MAC of the device', actual: { device: actualDevice(device, { mac: peerOf(3).vtepMac }) } },
  { name: 'the device down', actual: { device: actualDevice(device, { up: false }) } },
  { name: 'no device', actual: { device: undefined } },
  { name: 'no address', actual: { addresses: [] } },
])('$name is planned for as if nothing were known', ({ actual }) => {
  const settled = new SettledTunnels();
  const whole = agreeing(desired);
  settled.plan(desired, whole);
  const changed = { ...whole, ...actual };
  expect(settled.plan(desired, changed)).toEqual(plan(desired, changed));
  expect(settled.plan(desired, whole)).toEqual([]);
});

test('whatever comes, it plans what plan does', () => {
  const wishes = arbitraryPeers.map(desiredWith);
  fc.assert(
    fc.property(fc.array(fc.tuple(wishes, arbitraryActual), { minLength: 1, maxLength: 4 }), (rounds) => {
      const settled = new SettledTunnels();
      for (const [wish, found] of rounds) {
        const whole = agreeing(wish);
        for (const actual of [found, whole, { ...whole }, { ...whole, routes: found.routes }]) {
          expect(settled.plan(wish, actual)).toEqual(plan(wish, actual));
        }
      }
    }),
  );
});
