import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  decodeLease,
  encodeLease,
  goField,
  joinEtcdPath,
  LeaseFormatError,
  parseSubnetKey,
  subnetKey,
  subnetsPrefix,
} from '../../../flannel/wire.ts';
import { flannelPresenceKey } from '../../../flannel/presence-wire.ts';
import { subnetsText } from '../../../flannel/model/lease-text.ts';
import { parseCidr4 } from '../../../native/net/cidr.ts';
import { parseIpv4 } from '../../../native/net/ipv4.ts';
import { parseCidr6, parseIpv6 } from '../../../native/net/ipv6.ts';
import { packageRoot } from '../../../native/host/package-root.ts';

/** Key and value of every lease that real flanneld wrote in the recordings. */
function recordedLeases(): { key: string; value: string }[] {
  const files = globSync(join(packageRoot(), 'test/fixtures/flannel/*/etcd.txt'));
  return files.flatMap((file) => {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.flatMap((key, index) =>
      key.startsWith('/coreos.com/network/subnets/') ? [{ key, value: lines[index + 1] ?? '' }] : [],
    );
  });
}

describe('leases of real flanneld', () => {
  const leases = recordedLeases();

  test('there are recordings of one family and of two', () => {
    expect(leases.filter(({ key }) => !key.includes('&')).length).toBeGreaterThan(15);
    expect(leases.filter(({ key }) => key.includes('&')).length).toBe(12);
  });

  test.each(leases)('$key is read and written again byte for byte', ({ key, value }) => {
    const lease = decodeLease(key, value);
    expect([subnetKey('/coreos.com/network', lease.subnets), encodeLease(lease)]).toEqual([key, value]);
    expect(value).toContain(`"BackendType":"${lease.backend.kind}"`);
  });

  test('a lease of two families has both of everything', () => {
    const { key, value } = leases.find(({ value: text }) => text.includes('ca:a4:ab:75:d6:c8'))!;
    expect(decodeLease(key, value)).toEqual({
      subnets: { ipv4: parseCidr4('10.5.29.0/24'), ipv6: parseCidr6('fc00:5:0:38::/64') },
      publicIp: parseIpv4('192.168.77.11'),
      publicIpv6: parseIpv6('fd00:77::11'),
      backend: {
        kind: 'vxlan',
        ipv4: { vni: 1, vtepMac: 'ca:a4:ab:75:d6:c8' },
        ipv6: { vni: 1, vtepMac: 'd6:e1:38:dc:72:78' },
      },
      nodeId: undefined,
    });
  });
});

const KEY_4 = '/p/subnets/10.5.17.0-24';
const KEY_46 = '/p/subnets/10.5.17.0-24&fc00:5:0:38::-64';
const KEY_6 = '/p/subnets/0.0.0.0-0&fc00:5:0:38::-64';
const PUBLIC_KEY = 'mTYWZNTZ5gqPXwNa/Ws7TvTH6B3SDdFS+h0Ib4xDkQk=';

/** The forms of flannel's source, for which there is no recording. */
describe('every backend and family is read and written again byte for byte', () => {
  test.each([
    {
      name: 'IPv6 alone',
      key: KEY_6,
      value:
        '{"PublicIP":"0.0.0.0","PublicIPv6":"fd00:77::11","BackendType":"vxlan","BackendV6Data":{"VNI":1,"VtepMAC":"0a:e1:f7:b6:a3:60"}}',
    },
    {
      name: 'wireguard',
      key: KEY_4,
      value: `{"PublicIP":"1.2.3.4","PublicIPv6":null,"BackendType":"wireguard","BackendData":{"PublicKey":"${PUBLIC_KEY}","Port":51820}}`,
    },
    {
      name: 'wireguard before v0.26.6, without a port',
      key: KEY_4,
      value: `{"PublicIP":"1.2.3.4","PublicIPv6":null,"BackendType":"wireguard","BackendData":{"PublicKey":"${PUBLIC_KEY}"}}`,
    },
    {
      name: 'wireguard of two families',
      key: KEY_46,
      value: `{"PublicIP":"1.2.3.4","PublicIPv6":"fd00::1","BackendType":"wireguard","BackendData":{"PublicKey":"${PUBLIC_KEY}","Port":51820},"BackendV6Data":{"PublicKey":"${PUBLIC_KEY}","Port":51821}}`,
    },
    { name: 'host-gw', key: KEY_46, value: '{"PublicIP":"1.2.3.4","PublicIPv6":"fd00::1","BackendType":"host-gw"}' },
    { name: 'ipip', key: KEY_4, value: '{"PublicIP":"1.2.3.4","PublicIPv6":null,"BackendType":"ipip"}' },
    { name: 'alloc and udp', key: KEY_4, value: '{"PublicIP":"1.2.3.4","PublicIPv6":null}' },
    {
      name: 'the tunnel of one family under two',
      key: KEY_46,
      value:
        '{"PublicIP":"1.2.3.4","PublicIPv6":"fd00::1","BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"0a:e1:f7:b6:a3:60"}}',
    },
  ])('$name', ({ key, value }) => {
    const lease = decodeLease(key, value);
    expect([subnetKey('/p', lease.subnets), encodeLease(lease)]).toEqual([key, value]);
  });
});

test('our node id stands behind what flannel writes', () => {
  const value =
    '{"PublicIP":"192.168.77.12","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"06:e2:40:46:20:58"},"NodeID":"n1"}';
  const lease = decodeLease('/x/subnets/10.5.17.0-24', value);
  expect(lease.nodeId).toBe('n1');
  expect(encodeLease(lease)).toBe(value);
});

describe('what flannel reads is read', () => {
  const data = '"BackendData":{"VNI":1,"VtepMAC":"06:e2:40:46:20:58"}';
  test.each([
    {
      name: 'other letter case of keys',
      value: `{"publicip":"1.2.3.4","backendtype":"vxlan","BACKENDDATA":{"vni":1,"vtepmac":"06-E2-40-46-20-58"}}`,
      want: { kind: 'vxlan', ipv4: { vni: 1, vtepMac: '06:e2:40:46:20:58' } },
    },
    {
      name: 'unknown keys',
      value: `{"PublicIP":"1.2.3.4","BackendType":"vxlan",${data},"Agent":{"x":1}}`,
      want: { kind: 'vxlan', ipv4: { vni: 1 }, ipv6: undefined },
    },
    {
      name: 'a lease without VNI',
      value: '{"PublicIP":"1.2.3.4","BackendType":"vxlan","BackendData":{"VtepMAC":"06e2.4046.2058"}}',
      want: { kind: 'vxlan', ipv4: { vni: undefined } },
    },
    { name: 'a bare reservation', value: '{"PublicIP":"1.2.3.4"}', want: { kind: 'other', type: undefined } },
    {
      name: 'a backend of flannel’s that weft does not carry',
      value: '{"PublicIP":"1.2.3.4","PublicIPv6":null,"BackendType":"extension","BackendData":"text"}',
      want: { kind: 'other', type: 'extension' },
    },
    { name: 'a type of null', value: '{"PublicIP":"1.2.3.4","BackendType":null}', want: { kind: 'other' } },
    {
      name: 'an IPv6 twin of null',
      value: `{"PublicIP":"1.2.3.4","BackendType":"vxlan",${data},"BackendV6Data":null}`,
      want: { kind: 'vxlan', ipv6: undefined },
    },
    {
      name: 'a type in upper case is foreign',
      value: `{"PublicIP":"1.2.3.4","BackendType":"VXLAN",${data}}`,
      want: { kind: 'other', type: 'VXLAN' },
    },
  ])('$name', ({ value, want }) => {
    expect(decodeLease(KEY_4, value).backend).toMatchObject(want);
  });
});

describe('what flannel skips is told with its key', () => {
  test.each([
    { value: 'foo', want: /expected \{"PublicIP"/ },
    { value: '"text"', want: /expected \{"PublicIP"/ },
    { value: '{}', want: /PublicIP: expected a string/ },
    { value: '{"PublicIP":null}', want: /PublicIP: expected a string/ },
    { value: '{"PublicIP":"1.2.3"}', want: /"1\.2\.3" is not an IPv4 address/ },
    { value: '{"PublicIP":"1.2.3.4","BackendType":7}', want: /BackendType: expected a string/ },
    { value: '{"PublicIP":"1.2.3.4","BackendType":"vxlan"}', want: /BackendData: expected a JSON object/ },
    {
      value: '{"PublicIP":"1.2.3.4","BackendType":"vxlan","BackendData":{"VtepMAC":"zz"}}',
      want: /"zz" is not a MAC address/,
    },
    {
      value: '{"PublicIP":"1.2.3.4","BackendType":"vxlan","BackendData":{"VNI":"1","VtepMAC":"06:e2:40:46:20:58"}}',
      want: /VNI: expected a whole number/,
    },
    { value: '{"PublicIP":"1.2.3.4","PublicIPv6":"fd00::x"}', want: /"fd00::x" is not an IPv6 address/ },
    { value: '{"PublicIP":"1.2.3.4","PublicIPv6":7}', want: /PublicIPv6: expected a string/ },
    { value: '{"PublicIP":"1.2.3.4","BackendType":"wireguard"}', want: /BackendData: expected a JSON object/ },
    {
      value: '{"PublicIP":"1.2.3.4","BackendType":"wireguard","BackendData":{"PublicKey":"short="}}',
      want: /PublicKey: expected 32 bytes as base64/,
    },
    {
      value: `{"PublicIP":"1.2.3.4","BackendType":"wireguard","BackendData":{"PublicKey":"${PUBLIC_KEY}","Port":-1}}`,
      want: /Port: expected a whole number/,
    },
    {
      key: KEY_6,
      value: '{"PublicIP":"0.0.0.0","BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"06:e2:40:46:20:58"}}',
      want: /BackendV6Data: expected a JSON object/,
    },
  ])('$value', ({ key = KEY_4, value, want }) => {
    const decode = (): unknown => decodeLease(key, value);
    expect(decode).toThrow(LeaseFormatError);
    expect(decode).toThrow(want);
    expect(decode).toThrow(`${key}: `);
  });
});

describe('subnet keys', () => {
  test.each([
    { key: '/p/subnets/10.5.1.0-24', want: '10.5.1.0/24' },
    { key: '/p/subnets/10.5.29.0-24&fc00:5:0:38::-64', want: '10.5.29.0/24 and fc00:5:0:38::/64' },
    { key: '/p/subnets/0.0.0.0-0&fc00:5:0:38::-64', want: 'fc00:5:0:38::/64' },
    { key: '/p/subnetsX/10.5.204.0-24', want: '10.5.204.0/24' },
    { key: '10.5.1.9-31', want: '10.5.1.8/31' },
    { key: '10.5.1.0-24&fc00:5::7-127', want: '10.5.1.0/24 and fc00:5::6/127' },
    { key: '0.0.0.0-0', want: '0.0.0.0/0' },
  ])('$key', ({ key, want }) => {
    expect(subnetsText(parseSubnetKey(key))).toBe(want);
  });

  test.each([
    '/p/subnets/garbage',
    '/p/subnets/10.5.1.0-32',
    '/p/subnets/10.5.1.0-24/x',
    '/p/subnets/999.5.1.0-24',
    '/p/subnets/10.5.1.0-24&fc00:5::-128',
    '/p/subnets/10.5.1.0-24&FC00:5::-64',
    '/p/subnets/10.5.1.0-24&fc00:::-64',
    '/p/subnets/&fc00:5::-64',
  ])('%s is none', (key) => {
    expect(() => parseSubnetKey(key)).toThrow(LeaseFormatError);
  });

  test.each([
    { parts: ['/coreos.com/network/', 'config'], want: '/coreos.com/network/config' },
    { parts: ['//a//b/', '/c/'], want: '/a/b/c' },
    { parts: ['/', 'config'], want: '/config' },
  ])('$parts join as path.Join does', ({ parts, want }) => {
    expect(joinEtcdPath(...parts)).toBe(want);
  });

  test('presence is no neighbour of the subnets', () => {
    expect(flannelPresenceKey('n').startsWith(subnetsPrefix('/coreos.com/network'))).toBe(false);
    expect(subnetKey('/a/', { ipv4: parseCidr4('10.5.1.0/24'), ipv6: undefined })).toBe('/a/subnets/10.5.1.0-24');
  });
});

test('of keys that differ in case the last one counts', () => {
  expect(goField({ network: 1, Network: 2, NETWORK: 3 }, 'Network')).toBe(3);
  expect(goField({ other: 1 }, 'Network')).toBeUndefined();
});
