import { describe, expect, test } from 'vitest';
import { configView, redactedConfig } from '../../../../flannel/model/config-view.ts';
import { parseNetworkConfig } from '../../../../flannel/model/network-config.ts';

const PSK = 'q1YhZ8TnVb0Qx3k5c2m7dQxWJ6m0b8f1z4s9u2v5y7A=';

describe('a configuration as it is understood', () => {
  test.each([
    {
      name: 'vxlan with defaults',
      text: '{"network":"10.5.0.0/16","backend":{"TYPE":"VXLAN"}}',
      want: {
        EnableIPv4: true,
        Network: '10.5.0.0/16',
        SubnetLen: 24,
        SubnetMin: '10.5.1.0',
        SubnetMax: '10.5.255.0',
        EnableIPv6: false,
        EnableNFTables: false,
        Backend: { Type: 'vxlan', VNI: 1, Port: 0, GBP: false, Learning: false, DirectRouting: false, MTU: 0 },
      },
    },
    {
      name: 'IPv6 alone, host-gw',
      text: '{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fc00:5::/48","Backend":{"Type":"host-gw"}}',
      want: {
        EnableIPv4: false,
        EnableIPv6: true,
        IPv6Network: 'fc00:5::/48',
        IPv6SubnetLen: 64,
        IPv6SubnetMin: 'fc00:5:0:1::',
        IPv6SubnetMax: 'fc00:5:0:ffff::',
        EnableNFTables: false,
        Backend: { Type: 'host-gw' },
      },
    },
  ])('$name', ({ text, want }) => {
    expect(configView(parseNetworkConfig(text))).toEqual(want);
  });

  test('is the same configuration again', () => {
    for (const text of [
      '{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan","VNI":7,"MTU":1400}}',
      '{"Network":"10.5.0.0/22","EnableIPv6":true,"IPv6Network":"fc00:5::/48","Backend":{"Type":"alloc"}}',
      '{"Network":"10.5.0.0/24","SubnetLen":28,"EnableNFTables":true,"Backend":{"Type":"ipip","DirectRouting":true}}',
      '{"Network":"10.5.0.0/16","Backend":{"Type":"wireguard","Mode":"auto","PersistentKeepaliveInterval":25}}',
    ]) {
      const network = parseNetworkConfig(text);
      expect(parseNetworkConfig(JSON.stringify(configView(network)))).toEqual(network);
    }
  });
});

test('secrets are in neither form', () => {
  const text = `{"Network":"10.5.0.0/16","Backend":{"Type":"wireguard","psk":"${PSK}"}}`;
  expect(JSON.stringify(configView(parseNetworkConfig(text)))).not.toContain(PSK);
  expect(redactedConfig(text)).toBe('{"Network":"10.5.0.0/16","Backend":{"Type":"wireguard","psk":"[redacted]"}}');
  expect(redactedConfig(`{"Network":${PSK}`)).toBeUndefined();
});
