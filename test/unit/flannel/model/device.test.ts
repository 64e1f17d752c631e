import { describe, expect, test } from 'vitest';
import { correctionsOf, incompatibility } from '../../../../flannel/model/device.ts';
import { parseIpv4 } from '../../../../native/net/ipv4.ts';
import { parseIpv6 } from '../../../../native/net/ipv6.ts';
import { parseMac } from '../../../../native/net/mac.ts';
import { actualDevice, device as wanted } from './plan-kernel.ts';

const settings = { ...wanted, l2miss: false, group: undefined };
const found = actualDevice(wanted);

describe('what only a new device mends, in flannel’s words', () => {
  test.each([
    { name: 'the same', actual: found, want: undefined },
    {
      name: 'a bridge of that name',
      actual: { ...found, kind: 'bridge', vxlan: undefined },
      want: 'link type: vxlan vs bridge',
    },
    { name: 'VNI', actual: { ...found, vxlan: { ...settings, vni: 7 } }, want: 'vni: 1 vs 7' },
    {
      name: 'the interface below',
      actual: { ...found, vxlan: { ...settings, lowerIfindex: 9 } },
      want: 'vtep (external) interface: 2 vs 9',
    },
    {
      name: 'no interface below',
      actual: { ...found, vxlan: { ...settings, lowerIfindex: undefined } },
      want: 'vtep (external) interface: 2 vs none',
    },
    {
      name: 'the local address',
      actual: { ...found, vxlan: { ...settings, local: parseIpv4('192.168.77.99') } },
      want: 'vtep IP: 192.168.77.11 vs 192.168.77.99',
    },
    {
      name: 'a multicast group',
      actual: { ...found, vxlan: { ...settings, group: parseIpv4('239.1.1.1') } },
      want: 'group: none vs 239.1.1.1',
    },
    { name: 'l2miss', actual: { ...found, vxlan: { ...settings, l2miss: true } }, want: 'l2miss: false vs true' },
    { name: 'the port', actual: { ...found, vxlan: { ...settings, port: 4789 } }, want: 'port: 8472 vs 4789' },
    { name: 'gbp', actual: { ...found, vxlan: { ...settings, gbp: true } }, want: 'gbp: false vs true' },
    { name: 'MTU and MAC are no reason', actual: { ...found, mtu: 1400, mac: undefined }, want: undefined },
  ])('$name', ({ actual, want }) => {
    expect(incompatibility(wanted, actual)).toBe(want);
  });
});

describe('what is put right in place', () => {
  test.each([
    { name: 'nothing', actual: found, want: undefined },
    { name: 'MTU', actual: { ...found, mtu: 1400 }, want: { mtu: 1450 } },
    { name: 'MAC', actual: { ...found, mac: parseMac('02:00:00:00:00:09') }, want: { mac: wanted.mac } },
    { name: 'up', actual: { ...found, up: false }, want: { up: true } },
    { name: 'learning', actual: { ...found, vxlan: { ...settings, learning: true } }, want: { learning: false } },
  ])('$name', ({ actual, want }) => {
    expect(correctionsOf(wanted, actual)).toEqual(want);
  });
});

test.each([
  {
    name: 'switched off on a device of IPv6: on again',
    local: parseIpv6('fd00:77::11'),
    off: 1,
    want: { disableIpv6: 0 },
  },
  { name: 'on: stays', local: parseIpv6('fd00:77::11'), off: 0, want: undefined },
  { name: 'no IPv6 in the kernel: nothing to set', local: parseIpv6('fd00:77::11'), off: undefined, want: undefined },
  { name: 'switched off on a device of IPv4: not ours to change', local: wanted.local, off: 1, want: undefined },
])('IPv6 $name', ({ local, off, want }) => {
  expect(correctionsOf({ ...wanted, local }, { ...found, disableIpv6: off })).toEqual(want);
});
