import { expect, test } from 'vitest';
import { NetworkConfigError, parseNetworkConfig } from '../../../../flannel/model/network-config.ts';

function thrownBy(text: string): unknown {
  try {
    parseNetworkConfig(text);
    return undefined;
  } catch (error) {
    return error;
  }
}

// One value in etcd reaches every agent of the cluster: what its parser throws beside its own class ends them all.
test.each([
  { name: 'nested 200,000 deep', value: '['.repeat(200_000) + ']'.repeat(200_000) },
  { name: 'that is a text of a megabyte', value: JSON.stringify('x'.repeat(1_000_000)) },
  { name: 'that is a list of a megabyte', value: `[${'1,'.repeat(500_000)}1]` },
])('a value $name is a fault like any other, in a short sentence', ({ value }) => {
  for (const text of [
    `{"Network":${value}}`,
    `{"Network":"10.5.0.0/16","SubnetMin":${value}}`,
    `{"Network":"10.5.0.0/16","SubnetLen":${value}}`,
    `{"Network":"10.5.0.0/16","EnableIPv6":${value}}`,
    `{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":${value}}`,
    `{"Network":"10.5.0.0/16","Backend":{"Type":${value}}}`,
    `{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan","VNI":${value}}}`,
    `{"Network":"10.5.0.0/16","Backend":{"Type":"wireguard","Mode":${value}}}`,
  ]) {
    const fault = thrownBy(text);
    expect(fault).toBeInstanceOf(NetworkConfigError);
    expect((fault as Error).message.length).toBeLessThan(400);
  }
});
