import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseNetworks } from '../../../../cli/demo/address-choice.ts';
import { planCluster } from '../../../../cli/demo/plan.ts';
import { cidr4, cidr4Overlaps, formatCidr4, parseCidr4 } from '../../../../native/net/cidr.ts';
import { formatIpv4, type Ipv4 } from '../../../../native/net/ipv4.ts';

const chosen = (...taken: string[]): string | undefined => {
  const networks = chooseNetworks(taken.map(parseCidr4));
  return networks && `${formatCidr4(networks.underlay)} ${formatCidr4(networks.overlay)}`;
};

test.each([
  { name: 'nothing taken', taken: [], want: '192.168.77.0/24 10.244.0.0/16' },
  { name: 'a default route takes nothing', taken: ['0.0.0.0/0'], want: '192.168.77.0/24 10.244.0.0/16' },
  { name: 'the first underlay is the LAN', taken: ['192.168.77.0/24'], want: '192.168.78.0/24 10.244.0.0/16' },
  { name: 'one address inside it', taken: ['192.168.77.9/32'], want: '192.168.78.0/24 10.244.0.0/16' },
  { name: 'all of 192.168', taken: ['192.168.0.0/16'], want: '172.31.0.0/24 10.244.0.0/16' },
  { name: 'a flannel of its own', taken: ['10.244.3.0/24'], want: '192.168.77.0/24 10.245.0.0/16' },
  { name: 'all of 10', taken: ['10.0.0.0/8'], want: '192.168.77.0/24 172.16.0.0/16' },
  {
    name: 'only 10.99 and 172.16 are left',
    taken: ['192.168.0.0/16', '172.31.0.0/16', '10.128.0.0/9'],
    want: '10.99.0.0/24 10.100.0.0/16',
  },
  { name: 'everything private', taken: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'], want: undefined },
])('$name: $want', ({ taken, want }) => {
  expect(chosen(...taken)).toBe(want);
});

test('what is chosen never overlaps anything taken, nor itself', () => {
  const network = fc
    .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 4, max: 32 }))
    .map(([address, length]) => cidr4(address as Ipv4, length));
  fc.assert(
    fc.property(fc.array(network, { maxLength: 40 }), (taken) => {
      const networks = chooseNetworks(taken);
      if (networks === undefined) return;
      expect(cidr4Overlaps(networks.underlay, networks.overlay)).toBe(false);
      for (const other of taken) {
        expect(cidr4Overlaps(other, networks.underlay) || cidr4Overlaps(other, networks.overlay)).toBe(false);
      }
    }),
  );
});

test('a plan of sixteen hosts has distinct names, addresses, paths and cgroups', () => {
  const { hosts, machineAddress } = planCluster(16, chooseNetworks([])!);
  for (const key of [
    'name',
    'underlayAddress',
    'folder',
    'subnetFile',
    'cgroup',
    'runtimeRoot',
    'statsdListen',
  ] as const) {
    expect(new Set(hosts.map((host) => host[key])).size).toBe(16);
  }
  expect(formatIpv4(hosts[0]!.underlayAddress)).toBe('192.168.77.11');
  expect(formatIpv4(machineAddress)).toBe('192.168.77.254');
});
