import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  decodeLease,
  encodeLease,
  flannelPresenceKey,
  goField,
  joinEtcdPath,
  LeaseFormatError,
  parseSubnetKey,
  subnetKey,
  subnetsPrefix,
} from '../../../flannel/wire.ts';
import { formatCidr4, parseCidr4 } from '../../../native/net/cidr.ts';
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
  const single = leases.filter(({ key, value }) => value.includes('"vxlan"') && !key.includes('&'));

  test('there are recordings', () => {
    expect(leases.length).toBeGreaterThan(20);
    expect(single.length).toBeGreaterThan(8);
  });

  test.each(leases)('$key is read', ({ key, value }) => {
    const lease = decodeLease(key, value);
    expect(key.endsWith(formatCidr4(lease.subnet).replace('/', '-')) || key.includes('&')).toBe(true);
    expect(lease.kind).toBe(value.includes('"BackendType":"vxlan"') ? 'vxlan' : 'foreign');
  });

  test.each(single)('$key is written again byte for byte', ({ key, value }) => {
    const lease = decodeLease(key, value);
    if (lease.kind !== 'vxlan') throw new RangeError('expected vxlan');
    expect(encodeLease(lease)).toBe(value);
    expect(subnetKey('/coreos.com/network', lease.subnet)).toBe(key);
  });
});

test('our node id stands behind what flannel writes', () => {
  const value =
    '{"PublicIP":"192.168.77.12","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"06:e2:40:46:20:58"},"NodeID":"n1"}';
  const lease = decodeLease('/x/subnets/10.5.17.0-24', value);
  expect(lease.nodeId).toBe('n1');
  if (lease.kind === 'vxlan') expect(encodeLease(lease)).toBe(value);
});

describe('what flannel reads is read', () => {
  const data = '"BackendData":{"VNI":1,"VtepMAC":"06:e2:40:46:20:58"}';
  test.each([
    {
      name: 'other letter case of keys',
      value: `{"publicip":"1.2.3.4","backendtype":"vxlan","BACKENDDATA":{"vni":1,"vtepmac":"06-E2-40-46-20-58"}}`,
      want: { kind: 'vxlan', vtepMac: '06:e2:40:46:20:58' },
    },
    {
      name: 'unknown keys',
      value: `{"PublicIP":"1.2.3.4","BackendType":"vxlan",${data},"Agent":{"x":1}}`,
      want: { kind: 'vxlan', vni: 1 },
    },
    {
      name: 'a lease without VNI',
      value: '{"PublicIP":"1.2.3.4","BackendType":"vxlan","BackendData":{"VtepMAC":"06e2.4046.2058"}}',
      want: { kind: 'vxlan', vni: undefined },
    },
    { name: 'a bare reservation', value: '{"PublicIP":"1.2.3.4"}', want: { kind: 'foreign', backendType: undefined } },
    {
      name: 'a type in upper case is foreign',
      value: `{"PublicIP":"1.2.3.4","BackendType":"VXLAN",${data}}`,
      want: { kind: 'foreign', backendType: 'VXLAN' },
    },
  ])('$name', ({ value, want }) => {
    expect(decodeLease('/p/subnets/10.5.17.0-24', value)).toMatchObject(want);
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
  ])('$value', ({ value, want }) => {
    const decode = (): unknown => decodeLease('/p/subnets/10.5.17.0-24', value);
    expect(decode).toThrow(LeaseFormatError);
    expect(decode).toThrow(want);
    expect(decode).toThrow(/^\/p\/subnets\/10\.5\.17\.0-24: /);
  });
});

describe('subnet keys', () => {
  test.each([
    { key: '/p/subnets/10.5.1.0-24', want: '10.5.1.0/24' },
    { key: '/p/subnets/10.5.29.0-24&fc00:5:0:38::-64', want: '10.5.29.0/24' },
    { key: '/p/subnetsX/10.5.204.0-24', want: '10.5.204.0/24' },
    { key: '10.5.1.9-31', want: '10.5.1.8/31' },
  ])('$key', ({ key, want }) => {
    expect(formatCidr4(parseSubnetKey(key))).toBe(want);
  });

  test.each(['/p/subnets/garbage', '/p/subnets/10.5.1.0-32', '/p/subnets/10.5.1.0-24/x', '/p/subnets/999.5.1.0-24'])(
    '%s is none',
    (key) => {
      expect(() => parseSubnetKey(key)).toThrow(LeaseFormatError);
    },
  );

  test.each([
    { parts: ['/coreos.com/network/', 'config'], want: '/coreos.com/network/config' },
    { parts: ['//a//b/', '/c/'], want: '/a/b/c' },
    { parts: ['/', 'config'], want: '/config' },
  ])('$parts join as path.Join does', ({ parts, want }) => {
    expect(joinEtcdPath(...parts)).toBe(want);
  });

  test('presence is no neighbour of the subnets', () => {
    expect(flannelPresenceKey('n').startsWith(subnetsPrefix('/coreos.com/network'))).toBe(false);
    expect(subnetKey('/a/', parseCidr4('10.5.1.0/24'))).toBe('/a/subnets/10.5.1.0-24');
  });
});

test('of keys that differ in case the last one counts', () => {
  expect(goField({ network: 1, Network: 2, NETWORK: 3 }, 'Network')).toBe(3);
  expect(goField({ other: 1 }, 'Network')).toBeUndefined();
});
