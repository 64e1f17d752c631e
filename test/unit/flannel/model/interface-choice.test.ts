import { describe, expect, test } from 'vitest';
import {
  chooseUnderlay,
  findUnderlay,
  InterfaceChoiceError,
  type CandidateAddress,
  type HostInterfaces,
} from '../../../../flannel/model/interface-choice.ts';
import { formatIpv4, parseIpv4 } from '../../../../native/net/ipv4.ts';

const address = (ifindex: number, text: string, change: Partial<CandidateAddress> = {}): CandidateAddress => ({
  ifindex,
  address: parseIpv4(text),
  scope: 0,
  permanent: true,
  deprecated: false,
  ...change,
});

const host: HostInterfaces = {
  links: [
    { ifindex: 1, name: 'lo', mtu: 65_536 },
    { ifindex: 2, name: 'eth0', mtu: 1500 },
    { ifindex: 3, name: 'eth1', mtu: 9000 },
    { ifindex: 4, name: 'bare0', mtu: 1500 },
  ],
  addresses: [
    address(1, '127.0.0.1', { scope: 254 }),
    address(2, '169.254.7.7', { scope: 253 }),
    address(2, '192.168.77.50', { permanent: false }),
    address(2, '192.168.77.11'),
    address(3, '10.1.0.5', { deprecated: true }),
    address(3, '10.1.0.6'),
  ],
  defaultRoutes: [{ oif: 2 }, { oif: 3 }],
};

const nothing = { iface: [], publicIp: undefined };

describe('the interface', () => {
  test.each([
    {
      name: 'of the first default route, its permanent global address',
      wish: nothing,
      want: 'eth0 192.168.77.11 1500',
    },
    { name: 'by name', wish: { ...nothing, iface: ['eth1'] }, want: 'eth1 10.1.0.6 9000' },
    {
      name: 'by address, which is then used',
      wish: { ...nothing, iface: ['192.168.77.50'] },
      want: 'eth0 192.168.77.50 1500',
    },
    {
      name: 'the first that is there',
      wish: { ...nothing, iface: ['wlan0', '10.9.9.9', 'eth1'] },
      want: 'eth1 10.1.0.6 9000',
    },
    {
      name: 'that owns the public IP',
      wish: { iface: [], publicIp: parseIpv4('10.1.0.6') },
      want: 'eth1 10.1.0.6 9000',
    },
  ])('$name', ({ wish, want }) => {
    const { name, address: chosen, mtu } = chooseUnderlay(host, wish);
    expect(`${name} ${formatIpv4(chosen)} ${mtu}`).toBe(want);
  });

  test('behind NAT peers are told the public address, packets leave from the own', () => {
    const publicIp = parseIpv4('203.0.113.9');
    const underlay = chooseUnderlay(host, { iface: ['eth0'], publicIp });
    expect([underlay.publicIp, formatIpv4(underlay.address)]).toEqual([publicIp, '192.168.77.11']);
  });

  test.each([
    {
      name: 'no default route',
      host: { ...host, defaultRoutes: [] },
      wish: nothing,
      want: 'unable to find default route',
    },
    {
      name: 'a default route with several next hops',
      host: { ...host, defaultRoutes: [{ oif: undefined }] },
      wish: nothing,
      want: 'found default route but could not determine interface',
    },
    {
      name: 'none of the names',
      host,
      wish: { ...nothing, iface: ['wlan0', '10.9.9.9'] },
      want: 'Failed to find interface to use that matches wlan0, 10.9.9.9: this host has lo, eth0, eth1, bare0',
    },
    {
      name: 'an interface without address',
      host,
      wish: { ...nothing, iface: ['bare0'] },
      want: 'failed to find IPv4 address for interface bare0',
    },
    {
      name: 'a public IP of nobody',
      host,
      wish: { iface: [], publicIp: parseIpv4('203.0.113.9') },
      want: 'no interface with the public address 203.0.113.9 found',
    },
  ])('$name is told', ({ host: where, wish, want }) => {
    const choose = (): unknown => chooseUnderlay(where, wish);
    expect(choose).toThrow(InterfaceChoiceError);
    expect(choose).toThrow(want);
  });
});

describe('the chosen interface later on', () => {
  const chosen = chooseUnderlay(host, nothing);
  test('is found under its new index and MTU', () => {
    const links = [{ ifindex: 12, name: 'eth0', mtu: 1400 }];
    const addresses = [address(12, '192.168.77.11')];
    expect(findUnderlay({ links, addresses }, chosen)).toEqual({ ...chosen, ifindex: 12, mtu: 1400 });
  });
  test('is missing without link or address', () => {
    expect(findUnderlay({ links: [], addresses: [] }, chosen)).toBeUndefined();
    expect(findUnderlay({ links: host.links, addresses: [] }, chosen)).toBeUndefined();
  });
});
