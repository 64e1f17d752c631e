import { expect, test } from 'vitest';
import { blackholeNetworks } from '../../../../flannel/model/blackhole.ts';
import { formatCidr } from '../../../../native/net/ip.ts';
import { pairOf } from '../builders.ts';

test.each([
  { subnets: '10.5.1.0/24', setting: 'off', want: [] },
  { subnets: '10.5.1.0/24', setting: 'on', want: ['10.5.1.0/24'] },
  { subnets: '10.5.1.0/24&fc00:5:0:1::/64', setting: 'on', want: ['10.5.1.0/24', 'fc00:5:0:1::/64'] },
] as const)('$subnets, $setting', ({ subnets, setting, want }) => {
  expect(blackholeNetworks(pairOf(subnets), setting).map(formatCidr)).toEqual(want);
});
