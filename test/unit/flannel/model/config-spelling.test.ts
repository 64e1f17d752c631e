import { expect, test } from 'vitest';
import { unknownConfigKeys } from '../../../../flannel/model/config-change.ts';
import { parseNetworkConfig } from '../../../../flannel/model/network-config.ts';

test.each([
  { text: '{"SubnetLen":20,"subnetlen":21,"SubnetLen":22}', want: 22 },
  { text: '{"SubnetLen":20,"x":{"SubnetLen":1,"k":["}",{"a":"\\""}]},"subnetlen":21,"Subnet\\u004cen":22}', want: 22 },
  { text: '{"SubnetLen":20,"subnetlen":21,"SubnetLen":22,"SUBNETLEN":23}', want: 23 },
  { text: '{"SubnetLen":22,"subnetlen":null}', want: 22 },
])('of several spellings in $text the last in the text counts', ({ text, want }) => {
  const rest = ',"Network":"10.5.0.0/16","Backend":{"Type":"vxlan"}}';
  expect(parseNetworkConfig(text.slice(0, -1) + rest).ipv4?.subnetLength).toBe(want);
});

test('so it is in the Backend', () => {
  const backend = '{ "Type": "vxlan", "VNI": 3, "vni":4 , "VNI" :5, "Prot":1 }';
  const text = `{"Network":"10.5.0.0/16","backend":{"VNI":9,"Prto":1},"Backend":${backend}}`;
  const config = parseNetworkConfig(text);
  expect(config.backend).toMatchObject({ vni: 5 });
  expect(unknownConfigKeys(text, config)).toEqual(['Backend.Prot']);
});
