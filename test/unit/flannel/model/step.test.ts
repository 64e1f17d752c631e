import { expect, test } from 'vitest';
import type { InnerMtu } from '../../../../flannel/model/mtu.ts';
import { parseCidr, parseIp } from '../../../../native/net/ip.ts';
import { parseIpv4 } from '../../../../native/net/ipv4.ts';
import { isLinkStep, stepsDone, type Step } from '../../../../flannel/model/step.ts';

const address: Step = { kind: 'add-address', address: parseIp('10.5.1.0') };
const route: Step = { kind: 'add-route', destination: parseCidr('10.5.2.0/24'), nexthopId: undefined };
const other: Step = { kind: 'add-route', destination: parseCidr('10.5.3.0/24'), nexthopId: undefined };
const deletion: Step = { kind: 'delete-link', ifindex: 7, name: 'flannel.1', because: 'VNI: 1 vs 2' };
const tunnel: Step = {
  kind: 'create-tunnel',
  tunnel: { kind: 'ipip', name: 'flannel.ipip', local: parseIpv4('192.168.77.11'), mtu: 1480 as InnerMtu },
};

test.each<{ name: string; steps: Step[]; failed: Step[]; done: Step[] }>([
  { name: 'nothing failed', steps: [tunnel, address, route], failed: [], done: [tunnel, address, route] },
  { name: 'one route failed', steps: [address, route, other], failed: [route], done: [address, other] },
  {
    name: 'a tunnel that cannot be made has nothing on it',
    steps: [tunnel, address, route],
    failed: [tunnel],
    done: [],
  },
  { name: 'what came before it was done', steps: [deletion, tunnel, route], failed: [tunnel], done: [deletion] },
  { name: 'a device that cannot be deleted', steps: [deletion, tunnel, route], failed: [deletion], done: [] },
])('$name', ({ steps, failed, done }) => {
  expect(stepsDone(steps, new Set(failed))).toEqual(done);
});

test('the failure of a step on the device concerns all peers', () => {
  expect([tunnel, deletion, address, route].map((step) => isLinkStep(step))).toEqual([true, true, true, false]);
});
