import { describe, expect, test } from 'vitest';
import type { InnerMtu } from '../../../../flannel/model/mtu.ts';
import type { PlainTunnel } from '../../../../flannel/model/overlay.ts';
import { planPlainTunnel, type ActualPlainTunnel } from '../../../../flannel/model/plain-tunnel.ts';
import { parseCidr, parseInterfaceAddress, parseIp } from '../../../../native/net/ip.ts';
import { parseIpv4 } from '../../../../native/net/ipv4.ts';

const desired: PlainTunnel = {
  device: { name: 'flannel.ipip', kind: 'ipip', local: parseIpv4('192.168.77.11'), mtu: 1480 as InnerMtu },
  addresses: [parseIp('10.5.1.0')],
  networks: [parseCidr('10.5.0.0/16')],
  routes: [
    { destination: parseCidr('10.5.2.0/24'), gateway: parseIp('192.168.77.12') },
    { destination: parseCidr('10.5.3.0/24'), gateway: parseIp('192.168.77.13') },
  ],
};
const device = { ...desired.device, ifindex: 7, up: true, disableIpv6: 0 };
const settled: ActualPlainTunnel = {
  device,
  addresses: [parseInterfaceAddress('10.5.1.0/32')],
  routes: desired.routes.map((route) => ({ ...route, plain: true })),
};

describe('steps on an ipip or wireguard device', () => {
  test.each<{ name: string; actual: ActualPlainTunnel; want: string[] }>([
    { name: 'agreement needs none', actual: settled, want: [] },
    {
      name: 'nothing there',
      actual: { device: undefined, addresses: [], routes: [] },
      want: ['create-tunnel', 'add-address', 'add-tunnel-route', 'add-tunnel-route'],
    },
    {
      name: 'a device of another kind starts from nothing',
      actual: { ...settled, device: { ...device, kind: 'bridge' } },
      want: ['delete-link', 'create-tunnel', 'add-address', 'add-tunnel-route', 'add-tunnel-route'],
    },
    {
      name: 'so does one with another local address',
      actual: { ...settled, device: { ...device, local: parseIpv4('192.168.77.99') } },
      want: ['delete-link', 'create-tunnel', 'add-address', 'add-tunnel-route', 'add-tunnel-route'],
    },
    { name: 'MTU and state', actual: { ...settled, device: { ...device, mtu: 1400, up: false } }, want: ['set-link'] },
    {
      name: 'IPv6 switched off is nothing to a device of IPv4',
      actual: { ...settled, device: { ...device, disableIpv6: 1 } },
      want: [],
    },
    { name: 'a lost route', actual: { ...settled, routes: settled.routes.slice(1) }, want: ['add-tunnel-route'] },
    {
      name: 'a route to another host',
      actual: { ...settled, routes: settled.routes.map((route) => ({ ...route, gateway: parseIp('192.168.77.9') })) },
      want: ['replace-tunnel-route', 'replace-tunnel-route'],
    },
    {
      name: 'a stale route goes, one outside the network stays',
      actual: {
        ...settled,
        routes: [
          ...settled.routes,
          { destination: parseCidr('10.5.9.0/24'), gateway: parseIp('192.168.77.9'), plain: true },
          { destination: parseCidr('172.16.0.0/12'), gateway: undefined, plain: true },
        ],
      },
      want: ['remove-tunnel-route'],
    },
    {
      name: 'an address of a former subnet goes, one of another network stays',
      actual: {
        ...settled,
        addresses: [...settled.addresses, ...['10.5.7.0/32', '172.16.0.1/24'].map(parseInterfaceAddress)],
      },
      want: ['remove-address'],
    },
  ])('$name', ({ actual, want }) => {
    expect(planPlainTunnel(desired, actual).map(({ kind }) => kind)).toEqual(want);
  });
});

test('IPv6 is switched on again where one of the addresses is an IPv6 address', () => {
  const both: PlainTunnel = { ...desired, addresses: [...desired.addresses, parseIp('fc00:5:0:1::')] };
  const actual = { ...settled, device: { ...device, disableIpv6: 1 } };
  expect(planPlainTunnel(both, actual)).toEqual([
    { kind: 'set-link', correction: { disableIpv6: 0 } },
    { kind: 'add-address', address: parseIp('fc00:5:0:1::') },
  ]);
});
