import { describe, expect, test } from 'vitest';
import { configChanges, unknownConfigKeys } from '../../../../flannel/model/config-change.ts';
import { parseNetworkConfig, type NetworkConfig } from '../../../../flannel/model/network-config.ts';

const PSK = 'q1YhZ8TnVb0Qx3k5c2m7dQxWJ6m0b8f1z4s9u2v5y7A=';
const OTHER_PSK = 'A1YhZ8TnVb0Qx3k5c2m7dQxWJ6m0b8f1z4s9u2v5y7A=';
const config = (backend: object, more: object = {}): NetworkConfig =>
  parseNetworkConfig(JSON.stringify({ Network: '10.5.0.0/16', ...more, Backend: backend }));
const vxlan = config({ Type: 'vxlan' });

describe('what is different', () => {
  test.each([
    { name: 'nothing', after: config({ Type: 'VXLAN', VNI: 1, Port: 0 }, { SubnetLen: 24 }), want: [] },
    { name: 'the VNI', after: config({ Type: 'vxlan', VNI: 7 }), want: [{ key: 'Backend.VNI', from: 1, to: 7 }] },
    {
      name: 'the length, and what follows from it',
      after: config({ Type: 'vxlan' }, { SubnetLen: 26 }),
      want: [
        { key: 'SubnetLen', from: 24, to: 26 },
        { key: 'SubnetMin', from: '10.5.1.0', to: '10.5.0.64' },
        { key: 'SubnetMax', from: '10.5.255.0', to: '10.5.255.192' },
      ],
    },
    {
      name: 'a family more',
      after: config({ Type: 'vxlan' }, { EnableIPv6: true, IPv6Network: 'fc00:5::/48' }),
      want: [
        { key: 'EnableIPv6', from: false, to: true },
        { key: 'IPv6Network', from: undefined, to: 'fc00:5::/48' },
        { key: 'IPv6SubnetLen', from: undefined, to: 64 },
        { key: 'IPv6SubnetMin', from: undefined, to: 'fc00:5:0:1::' },
        { key: 'IPv6SubnetMax', from: undefined, to: 'fc00:5:0:ffff::' },
      ],
    },
  ])('$name', ({ after, want }) => {
    expect(configChanges(vxlan, after).toSorted()).toEqual(want.toSorted());
  });

  test('another backend', () => {
    expect(configChanges(vxlan, config({ Type: 'host-gw' })).map(({ key }) => key)).toEqual([
      'Backend.Type',
      'Backend.VNI',
      'Backend.Port',
      'Backend.GBP',
      'Backend.Learning',
      'Backend.DirectRouting',
      'Backend.MTU',
    ]);
  });

  test('a secret, without telling it', () => {
    const changes = configChanges(config({ Type: 'wireguard', PSK }), config({ Type: 'wireguard', PSK: OTHER_PSK }));
    expect(changes).toEqual([{ key: 'Backend.PSK', from: '[redacted]', to: '[redacted]' }]);
  });
});

test.each([
  { text: '{"network":"10.5.0.0/16","BACKEND":{"type":"vxlan","vni":3}}', want: [] },
  {
    text: '{"Network":"10.5.0.0/16","SubnetLne":24,"Backend":{"Type":"vxlan","Prot":1,"ListenPort":5}}',
    want: ['SubnetLne', 'Backend.Prot', 'Backend.ListenPort'],
  },
  { text: '{"Network":"10.5.0.0/16","Backend":{"Type":"wireguard","ListenPort":5}}', want: [] },
])('unknown keys of $text', ({ text, want }) => {
  expect(unknownConfigKeys(text, parseNetworkConfig(text))).toEqual(want);
});
