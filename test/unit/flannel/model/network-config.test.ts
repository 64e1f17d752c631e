import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isLeasable, NetworkConfigError, parseNetworkConfig } from '../../../../flannel/model/network-config.ts';
import { formatCidr4, parseCidr4 } from '../../../../native/net/cidr.ts';
import { formatIpv4 } from '../../../../native/net/ipv4.ts';
import { packageRoot } from '../../../../native/host/package-root.ts';

const vxlan = '"Backend":{"Type":"vxlan"}';

function shown(text: string): string {
  const { network, subnetLength, subnetMin, subnetMax } = parseNetworkConfig(text);
  return `${formatCidr4(network)} /${subnetLength} ${formatIpv4(subnetMin)} ${formatIpv4(subnetMax)}`;
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

describe('IPv6 is checked before it is refused', () => {
  const refused =
    'EnableIPv6 is true, and weft carries IPv4 only: leave EnableIPv6 out, or run flanneld on this cluster';
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
    { v6: ',"IPv6Network":"fc00:5::/48"', want: refused },
    { v6: ',"IPv6Network":"2001:cafe:42::/56","IPv6SubnetMin":"::"', want: refused },
    { v6: ',"IPv6Network":"fc00:5::/123","IPv6SubnetMax":null', want: refused },
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
      text: '{"EnableIPv6":true,"Network":"10.5.0.0/16","IPv6Network":"fc00:5::/48"}',
      want: 'EnableIPv6 is true, and weft carries IPv4 only: leave EnableIPv6 out, or run flanneld on this cluster',
    },
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
      text: '{"Network":"10.5.0.0/16","Backend":{"Type":"host-gw"}}',
      want: 'the backend host-gw is not carried by weft: write "Backend": {"Type": "vxlan"}, or run flanneld on this cluster',
    },
    {
      text: '{"Network":"10.5.0.0/16","Backend":{}}',
      want: 'unknown backend type:  (weft carries vxlan: write "Backend": {"Type": "vxlan"}, or run flanneld on this cluster)',
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
  const config = parseNetworkConfig(text);
  expect([formatCidr4(config.network), config.subnetLength, config.backend.vni]).toEqual(['10.5.0.0/16', 25, 5]);
});

test('the backend is complete', () => {
  const backend = '{"Type":"vxlan","VNI":7,"Port":4789,"GBP":true,"Learning":true,"DirectRouting":true,"MTU":9000}';
  expect(parseNetworkConfig(`{"Network":"10.5.0.0/16","Backend":${backend}}`).backend).toEqual({
    vni: 7,
    port: 4789,
    gbp: true,
    learning: true,
    directRouting: true,
    mtu: 9000,
  });
});

test('the recorded configurations of vxlan clusters are read', () => {
  const folder = join(packageRoot(), 'test/fixtures/flannel');
  const etcdFiles = ['R01-v0.20.2-vxlan-masq', 'R02-head-vxlan-masq', 'R03-v0.20.2-vxlan-directrouting-routed'];
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(etcdFiles));
  for (const name of etcdFiles) {
    const [, value = ''] = readFileSync(join(folder, name, 'etcd.txt'), 'utf8').split('\n');
    expect(formatCidr4(parseNetworkConfig(value).network)).toBe('10.5.0.0/16');
  }
});

test('a subnet may be leased when it has the length and lies in the range', () => {
  const config = parseNetworkConfig(`{"Network":"10.5.0.0/16","SubnetMax":"10.5.9.0",${vxlan}}`);
  const verdicts = ['10.5.1.0/24', '10.5.9.0/24', '10.5.0.0/24', '10.5.10.0/24', '10.5.1.0/25'].map((text) =>
    isLeasable(config, parseCidr4(text)),
  );
  expect(verdicts).toEqual([true, true, false, false, false]);
});
