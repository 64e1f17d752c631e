import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isLeasable, NetworkConfigError, parseNetworkConfig } from '../../../../flannel/model/network-config.ts';
import { formatCidr4 } from '../../../../native/net/cidr.ts';
import { formatIpv4 } from '../../../../native/net/ipv4.ts';
import { formatIpv6 } from '../../../../native/net/ipv6.ts';
import { packageRoot } from '../../../../native/host/package-root.ts';
import { pairOf } from '../builders.ts';

const vxlan = '"Backend":{"Type":"vxlan"}';

function shown(text: string): string {
  const { network, subnetLength, subnetMin, subnetMax } = parseNetworkConfig(text).ipv4!;
  return `${formatCidr4(network)} /${subnetLength} ${formatIpv4(subnetMin)} ${formatIpv4(subnetMax)}`;
}

function shown6(fields: string): string {
  const config = parseNetworkConfig(`{"EnableIPv4":false,"EnableIPv6":true,${fields},${vxlan}}`);
  const { network, subnetLength, subnetMin, subnetMax } = config.ipv6!;
  const ends = `${formatIpv6(subnetMin)} ${formatIpv6(subnetMax)}`;
  return `${formatIpv6(network.address)}/${network.prefixLength} /${subnetLength} ${ends}`;
}

describe('what is left out is derived as flannel derives it', () => {
  test.each([
    { network: '10.5.0.0/16', more: '', want: '10.5.0.0/16 /24 10.5.1.0 10.5.255.0' },
    { network: '10.5.0.0/22', more: '', want: '10.5.0.0/22 /24 10.5.1.0 10.5.3.0' },
    { network: '10.5.0.0/23', more: '', want: '10.5.0.0/23 /25 10.5.0.128 10.5.1.128' },
    { network: '10.5.0.0/24', more: '', want: '10.5.0.0/24 /26 10.5.0.64 10.5.0.192' },
    { network: '10.5.0.0/28', more: '', want: '10.5.0.0/28 /30 10.5.0.4 10.5.0.12' },
    { network: '10.5.0.0/16', more: ',"SubnetLen":26', want: '10.5.0.0/16 /26 10.5.0.64 10.5.255.192' },
    { network: '10.5.7.9/16', more: '', want: '10.5.0.0/16 /24 10.5.1.0 10.5.255.0' },
    { network: '10.5.0.0/16', more: ',"SubnetMin":"0.0.0.0"', want: '10.5.0.0/16 /24 10.5.1.0 10.5.255.0' },
    {
      network: '10.5.0.0/16',
      more: ',"SubnetMin":"10.5.0.0","SubnetMax":"10.5.9.0"',
      want: '10.5.0.0/16 /24 10.5.0.0 10.5.9.0',
    },
    { network: '10.5.0.0/16', more: ',"SubnetLen":null', want: '10.5.0.0/16 /24 10.5.1.0 10.5.255.0' },
    { network: '128.0.0.0/1', more: ',"SubnetLen":30', want: '128.0.0.0/1 /30 128.0.0.4 255.255.255.252' },
  ])('$network$more → $want', ({ network, more, want }) => {
    expect(shown(`{"Network":"${network}"${more},${vxlan}}`)).toBe(want);
  });
});

describe('what is left out of IPv6 is derived, too', () => {
  test.each([
    { fields: '"IPv6Network":"fc00:5::/48"', want: 'fc00:5::/48 /64 fc00:5:0:1:: fc00:5:0:ffff::' },
    { fields: '"IPv6Network":"2001:cafe:42::/56"', want: '2001:cafe:42::/56 /64 2001:cafe:42:1:: 2001:cafe:42:ff::' },
    { fields: '"IPv6Network":"fc00:5::/62"', want: 'fc00:5::/62 /64 fc00:5:0:1:: fc00:5:0:3::' },
    { fields: '"IPv6Network":"fc00:5::/63"', want: 'fc00:5::/63 /65 fc00:5:0:0:8000:: fc00:5:0:1:8000::' },
    { fields: '"IPv6Network":"fc00:5::/124"', want: 'fc00:5::/124 /126 fc00:5::4 fc00:5::c' },
    { fields: '"IPv6Network":"fc00:5::9/48"', want: 'fc00:5::/48 /64 fc00:5:0:1:: fc00:5:0:ffff::' },
    {
      fields: '"IPv6Network":"fc00:5::/48","IPv6SubnetLen":80',
      want: 'fc00:5::/48 /80 fc00:5:0:0:1:: fc00:5:0:ffff:ffff::',
    },
    {
      fields: '"IPv6Network":"fc00:5::/48","IPv6SubnetMin":"fc00:5:0:10::","IPv6SubnetMax":"fc00:5:0:20::"',
      want: 'fc00:5::/48 /64 fc00:5:0:10:: fc00:5:0:20::',
    },
    {
      fields: '"ipv6network":"fc00:5::/48","IPV6SUBNETMIN":"::","IPv6SubnetMax":null',
      want: 'fc00:5::/48 /64 fc00:5:0:1:: fc00:5:0:ffff::',
    },
  ])('$fields → $want', ({ fields, want }) => {
    expect(shown6(fields)).toBe(want);
  });

  test('without IPv4 there is no range of it, and of its fields none is looked at', () => {
    const config = parseNetworkConfig(
      `{"EnableIPv4":false,"Network":"junk","EnableIPv6":true,"IPv6Network":"fc00:5::/48",${vxlan}}`,
    );
    expect([config.ipv4, config.ipv6 === undefined]).toEqual([undefined, false]);
  });

  test('without IPv6 there is none of that', () => {
    expect(parseNetworkConfig(`{"Network":"10.5.0.0/16","IPv6Network":"junk",${vxlan}}`).ipv6).toBeUndefined();
  });
});

describe('every fault of IPv6 has its sentence', () => {
  test.each([
    { v6: '', want: 'please define a correct IPv6Network parameter in the flannel config' },
    { v6: ',"IPv6Network":"::/0"', want: 'please define a correct IPv6Network parameter in the flannel config' },
    { v6: ',"IPv6Network":"10.5.0.0/16"', want: 'IPv6Network: invalid IPv6 CIDR format' },
    { v6: ',"IPv6Network":null', want: 'IPv6Network: expected a string, got null' },
    { v6: ',"IPv6Network":"fc00:5::/48","IPv6SubnetLen":127', want: 'SubnetLen must be less than /127' },
    {
      v6: ',"IPv6Network":"fc00:5::/48","IPv6SubnetLen":49',
      want: 'network must be able to accommodate at least four subnets',
    },
    {
      v6: ',"IPv6Network":"fc00:5::/125"',
      want: 'IPv6Network is too small. Minimum useful network prefix is /124',
    },
    {
      v6: ',"IPv6Network":"fc00:5::/48","IPv6SubnetMin":"fc00:6::"',
      want: 'IPv6SubnetMin is not in the range of the IPv6Network',
    },
    {
      v6: ',"IPv6Network":"fc00:5::/48","IPv6SubnetMax":"fc00:6::"',
      want: 'IPv6SubnetMax is not in the range of the IPv6Network',
    },
    {
      v6: ',"IPv6Network":"fc00:5::/48","IPv6SubnetMin":"fc00:5:0:1::1"',
      want: 'IPv6SubnetMin is not on a SubnetLen boundary: fc00:5:0:1::1',
    },
    {
      v6: ',"IPv6Network":"fc00:5::/48","IPv6SubnetMax":"fc00:5:0:1:8000::"',
      want: 'IPv6SubnetMax is not on a SubnetLen boundary: fc00:5:0:1:8000::',
    },
  ])('$v6: $want', ({ v6, want }) => {
    expect(() => parseNetworkConfig(`{"EnableIPv6":true,"Network":"10.5.0.0/16"${v6}}`)).toThrow(
      new NetworkConfigError(want),
    );
    expect(() => parseNetworkConfig(`{"EnableIPv4":false,"EnableIPv6":true${v6}}`)).toThrow(
      new NetworkConfigError(want),
    );
  });

  test('a fault of IPv4 is told first', () => {
    expect(() => parseNetworkConfig('{"EnableIPv6":true}')).toThrow('please define a correct Network parameter');
  });
});

describe('every fault has its sentence', () => {
  test.each([
    { text: '{}', want: 'please define a correct Network parameter in the flannel config' },
    { text: `{${vxlan}}`, want: 'please define a correct Network parameter in the flannel config' },
    { text: '{"Network":"0.0.0.0/0"}', want: 'please define a correct Network parameter in the flannel config' },
    { text: '{"Network":"10.5.0.0/16","SubnetLen":31}', want: 'SubnetLen must be less than /31' },
    {
      text: '{"Network":"10.5.0.0/16","SubnetLen":17}',
      want: 'network must be able to accommodate at least four subnets',
    },
    { text: '{"Network":"10.5.0.0/29"}', want: 'network is too small. Minimum useful network prefix is /28' },
    {
      text: '{"Network":"10.5.0.0/16","SubnetMin":"10.6.0.0"}',
      want: 'SubnetMin is not in the range of the Network',
    },
    {
      text: '{"Network":"10.5.0.0/16","SubnetMax":"10.4.0.0"}',
      want: 'SubnetMax is not in the range of the Network',
    },
    {
      text: '{"Network":"10.5.0.0/16","SubnetMin":"10.5.1.3"}',
      want: 'SubnetMin is not on a SubnetLen boundary: 10.5.1.3',
    },
    {
      text: '{"Network":"10.5.0.0/16","SubnetMax":"10.5.1.3"}',
      want: 'SubnetMax is not on a SubnetLen boundary: 10.5.1.3',
    },
    { text: '{"EnableIPv4":false}', want: 'none defined stack' },
    {
      text: '{"Network":"fc00::/48"}',
      want: 'Network: invalid IPv4 CIDR format',
    },
    {
      text: '{"Network":"10.5.0.0"}',
      want: 'Network: "10.5.0.0" is not an IPv4 network: expected ADDRESS/LENGTH, such as 10.5.0.0/16',
    },
    { text: '{"Network":null}', want: 'Network: expected a string, got null' },
    { text: '{"Network":"10.5.0.0/16","SubnetMin":null}', want: 'SubnetMin: expected a string, got null' },
    { text: '{"Network":"10.5.0.0/16","SubnetLen":"24"}', want: 'SubnetLen: expected a whole number, got "24"' },
    { text: '{"Network":"10.5.0.0/16","SubnetLen":-1}', want: 'SubnetLen: expected a whole number, got -1' },
    {
      text: '{"Network":"10.5.0.0/16"}',
      want: 'without a Backend flannel means udp, which weft does not carry: write "Backend": {"Type": "vxlan"}, or run flanneld on this cluster',
    },
    {
      text: '{"Network":"10.5.0.0/16","Backend":{"Type":"UDP"}}',
      want: 'the backend UDP is not carried by weft: write "Backend": {"Type": "vxlan"}, or run flanneld on this cluster',
    },
    {
      text: '{"Network":"10.5.0.0/16","Backend":{}}',
      want: 'unknown backend type:  (weft carries vxlan, host-gw, wireguard, ipip and alloc: write "Backend": {"Type": "vxlan"}, or run flanneld on this cluster)',
    },
    {
      text: '{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan","VNI":16777216}}',
      want: 'VNI: expected a number from 0 to 16777215, got 16777216',
    },
    {
      text: '{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan","Port":65536}}',
      want: 'Port: expected a number from 0 to 65535, got 65536',
    },
    {
      text: '{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan","MTU":60}}',
      want: 'MTU: an MTU of 60 bytes cannot carry VXLAN: expected 118 to 65535',
    },
    {
      text: '{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan","Learning":1}}',
      want: 'Learning: expected true or false, got 1',
    },
    {
      text: '{"Network":"10.5.0.0/16","Backend":{"Type":7}}',
      want: 'Backend.Type: expected a string, got 7',
    },
    {
      text: '{"Network":"10.5.0.0/16","Backend":{"Type":"wireguard","Mode":"both"}}',
      want: 'Mode: expected one of separate, auto, ipv4, ipv6, got "both"',
    },
    {
      text: '{"Network":"10.5.0.0/16","Backend":{"Type":"wireguard","PSK":"a secret"}}',
      want: 'PSK: expected 32 bytes as base64, as `wg genpsk` prints them',
    },
    {
      text: '{"Network":"10.5.0.0/16","Backend":{"Type":"wireguard","ListenPort":70000}}',
      want: 'ListenPort: expected a number from 0 to 65535, got 70000',
    },
    {
      text: '{"Network":"10.5.0.0/16","Backend":{"Type":"wireguard","PersistentKeepaliveInterval":70000}}',
      want: 'PersistentKeepaliveInterval: expected at most 65535 seconds, got 70000',
    },
    {
      text: '{"Network":"10.5.0.0/16","EnableIPv6":true,"IPv6Network":"fc00:5::/48","Backend":{"Type":"ipip"}}',
      want: 'the backend ipip carries IPv4 only: leave EnableIPv6 out, or take vxlan',
    },
    { text: '{"Network":"10.5.0.0/16","Backend":"vxlan"}', want: 'Backend: expected an object, got "vxlan"' },
    { text: '[]', want: 'expected a JSON object, got []' },
  ])('$text', ({ text, want }) => {
    expect(() => parseNetworkConfig(text)).toThrow(new NetworkConfigError(want));
  });

  test('what is no JSON says so', () => {
    expect(() => parseNetworkConfig('{"Network":')).toThrow(/^not JSON: /);
  });
});

test('keys are matched as Go matches them', () => {
  const text = '{"network":"10.9.0.0/16","NETWORK":"10.5.0.0/16","subnetlen":25,"backend":{"TYPE":"VXLAN","vni":5}}';
  const { ipv4, backend } = parseNetworkConfig(text);
  expect([formatCidr4(ipv4!.network), ipv4!.subnetLength, backend]).toEqual([
    '10.5.0.0/16',
    25,
    expect.objectContaining({ kind: 'vxlan', vni: 5 }),
  ]);
});

const PSK = 'mTYWZNTZ5gqPXwNa/Ws7TvTH6B3SDdFS+h0Ib4xDkQk=';
const wireguardDefaults = {
  kind: 'wireguard',
  listenPort: 51_820,
  listenPortV6: 51_821,
  mode: 'separate',
  psk: undefined,
  keepaliveSeconds: 0,
  mtu: undefined,
};

test.each([
  {
    backend: '{"Type":"vxlan"}',
    want: { kind: 'vxlan', vni: 1, port: 0, gbp: false, learning: false, directRouting: false, mtu: undefined },
  },
  {
    backend: '{"Type":"vxlan","VNI":7,"Port":4789,"GBP":true,"Learning":true,"DirectRouting":true,"MTU":9000}',
    want: { kind: 'vxlan', vni: 7, port: 4789, gbp: true, learning: true, directRouting: true, mtu: 9000 },
  },
  { backend: '{"Type":"Host-GW"}', want: { kind: 'host-gw' } },
  { backend: '{"type":"alloc"}', want: { kind: 'alloc' } },
  { backend: '{"Type":"ipip","DirectRouting":true}', want: { kind: 'ipip', directRouting: true } },
  { backend: '{"Type":"wireguard","PSK":"","Mode":""}', want: wireguardDefaults },
  {
    backend: `{"Type":"wireguard","ListenPort":1,"ListenPortV6":2,"Mode":"auto","PSK":"${PSK}","MTU":1420}`,
    want: { ...wireguardDefaults, listenPort: 1, listenPortV6: 2, mode: 'auto', psk: PSK, mtu: 1420 },
  },
  {
    backend: '{"Type":"wireguard","PersistentKeepaliveInterval":25000000000}',
    want: { ...wireguardDefaults, keepaliveSeconds: 25 },
  },
  {
    backend: '{"Type":"wireguard","PersistentKeepaliveInterval":25}',
    want: { ...wireguardDefaults, keepaliveSeconds: 25 },
  },
])('the backend $backend is complete', ({ backend, want }) => {
  expect(parseNetworkConfig(`{"Network":"10.5.0.0/16","Backend":${backend}}`).backend).toEqual(want);
});

test('the recorded configurations are read', () => {
  const folder = join(packageRoot(), 'test/fixtures/flannel');
  const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'etcd.txt')));
  expect(names).toHaveLength(10);
  for (const name of names) {
    const [, value = ''] = readFileSync(join(folder, name, 'etcd.txt'), 'utf8').split('\n');
    const { ipv4, ipv6, backend, enableNftables } = parseNetworkConfig(value);
    expect(formatCidr4(ipv4!.network)).toBe('10.5.0.0/16');
    expect([ipv6 !== undefined, enableNftables]).toEqual([name.includes('dualstack'), name.includes('nft')]);
    expect(name).toContain(backend.kind === 'vxlan' ? (backend.directRouting ? 'directrouting' : 'vxlan') : 'host-gw');
  }
});

test('a subnet may be leased when it has the length and lies in the range', () => {
  const config = parseNetworkConfig(`{"Network":"10.5.0.0/16","SubnetMax":"10.5.9.0",${vxlan}}`);
  const verdicts = ['10.5.1.0/24', '10.5.9.0/24', '10.5.0.0/24', '10.5.10.0/24', '10.5.1.0/25'].map((text) =>
    isLeasable(config, pairOf(text)),
  );
  expect(verdicts).toEqual([true, true, false, false, false]);
});

test('of two families both have to fit, and neither may be missing or too many', () => {
  const dual = parseNetworkConfig(
    `{"Network":"10.5.0.0/16","EnableIPv6":true,"IPv6Network":"fc00:5::/48","IPv6SubnetMax":"fc00:5:0:9::",${vxlan}}`,
  );
  const verdicts = [
    '10.5.1.0/24&fc00:5:0:9::/64',
    '10.5.1.0/24&fc00:5:0:a::/64',
    '10.5.1.0/24&fc00:5:0:9::/65',
    '10.5.0.0/24&fc00:5:0:9::/64',
    '10.5.1.0/24',
    '&fc00:5:0:9::/64',
  ].map((text) => isLeasable(dual, pairOf(text)));
  expect(verdicts).toEqual([true, false, false, false, false, false]);
});
