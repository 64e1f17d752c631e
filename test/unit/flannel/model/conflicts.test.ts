import { describe, expect, test } from 'vitest';
import { findConflicts, type ConflictView, type OverlayPlace } from '../../../../flannel/model/conflicts.ts';
import { cidrKey, parseCidr, parseInterfaceAddress } from '../../../../native/net/ip.ts';

const place: OverlayPlace = {
  deviceNames: ['flannel.1'],
  vxlan: { vni: 1, port: 8472 },
  networks: [parseCidr('10.5.0.0/16'), parseCidr('fc00:5::/48')],
  subnets: [parseCidr('10.5.1.0/24'), parseCidr('fc00:5:0:1::/64')],
  peers: new Set([cidrKey(parseCidr('10.5.2.0/24'))]),
};

const LINKS = ['lo', 'eth0', 'flannel.1', 'docker0', 'cni0', 'vpn0'].map((name, index) => ({
  ifindex: index + 1,
  name,
  vxlan: name === 'flannel.1' ? { vni: 1, port: 8472 } : undefined,
}));
const ifindexOf = (name: string): number => LINKS.find((link) => link.name === name)!.ifindex;

interface Host {
  readonly links?: ConflictView['links'];
  readonly addresses?: readonly string[];
  readonly routes?: readonly string[];
}

/** Written as `ip` prints it: `10.5.1.1/24 dev cni0`, `10.5.9.0/24 dev vpn0`. */
const viewOf = ({ links = LINKS, addresses = [], routes = [] }: Host): ConflictView => ({
  links,
  addresses: addresses.map((text) => {
    const [address = '', , device = ''] = text.split(' ');
    return { address: parseInterfaceAddress(address), ifindex: ifindexOf(device) };
  }),
  routes: routes.map((text) => {
    const [destination = '', , device = '', mark] = text.split(' ');
    return { destination: parseCidr(destination), oif: ifindexOf(device), ours: mark === 'ours' };
  }),
});

describe('what stands in the way is told with the remedy', () => {
  test.each<{ name: string; host: Host; want: readonly RegExp[] }>([
    {
      name: 'a host as it should be',
      host: {
        addresses: ['192.168.77.11/24 dev eth0', '10.5.1.1/24 dev cni0', '172.17.0.1/16 dev docker0'],
        routes: [
          '0.0.0.0/0 dev eth0',
          '192.168.77.0/24 dev eth0',
          '10.5.2.0/24 dev flannel.1',
          '10.5.1.0/24 dev cni0',
          '10.0.0.0/8 dev vpn0',
          '10.5.7.0/24 dev eth0 ours',
        ],
      },
      want: [],
    },
    {
      name: 'another device with the VNI and port',
      host: { links: [...LINKS, { ifindex: 9, name: 'vx0', vxlan: { vni: 1, port: 8472 } }] },
      want: [/^vx0 is a vxlan device with VNI 1 and port 8472 as well: delete it/],
    },
    {
      name: 'the same VNI on another port is none',
      host: { links: [...LINKS, { ifindex: 9, name: 'vx0', vxlan: { vni: 1, port: 4789 } }] },
      want: [],
    },
    {
      name: 'cni0 of a former subnet',
      host: { addresses: ['10.5.9.1/24 dev cni0'] },
      want: [
        /^cni0 has 10\.5\.9\.1\/24, but this host leases 10\.5\.1\.0\/24 and fc00:5:0:1::\/64: remove it with `ip link del cni0`/,
      ],
    },
    {
      name: 'docker0 of a former subnet, IPv6',
      host: { addresses: ['fc00:5:0:9::1/64 dev docker0'] },
      want: [/^docker0 has fc00:5:0:9::1\/64, .*restart dockerd/],
    },
    {
      name: 'a route into the network',
      host: { routes: ['10.5.64.0/18 dev vpn0'] },
      want: [/^the route to 10\.5\.64\.0\/18 over vpn0 takes packets out of the overlay's 10\.5\.0\.0\/16: /],
    },
    { name: 'one to a peer is told as the failure of ours', host: { routes: ['10.5.2.0/24 dev vpn0'] }, want: [] },
  ])('$name', ({ host, want }) => {
    const found = findConflicts(viewOf(host), place);
    expect(found).toHaveLength(want.length);
    for (const [index, sentence] of want.entries()) expect(found[index]).toMatch(sentence);
  });
});
