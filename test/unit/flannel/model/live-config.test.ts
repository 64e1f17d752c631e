import { expect, test } from 'vitest';
import { changeText, judgeConfig } from '../../../../flannel/model/live-config.ts';
import { parseNetworkConfig, type NetworkConfig } from '../../../../flannel/model/network-config.ts';
import { pairOf } from '../builders.ts';

const PSK = 'q1YhZ8TnVb0Qx3k5c2m7dQxWJ6m0b8f1z4s9u2v5y7A=';
const config = (backend: object, more: object = {}): NetworkConfig =>
  parseNetworkConfig(JSON.stringify({ Network: '10.5.0.0/16', ...more, Backend: backend }));
const vxlan = { Type: 'vxlan' };
const wireguard = { Type: 'wireguard' };
const two = { EnableIPv6: true, IPv6Network: 'fc00:5::/48' };

test.each<{ name: string; running: NetworkConfig; stored: NetworkConfig; applied: string[]; pending: string[] }>([
  { name: 'the same', running: config(vxlan), stored: config({ ...vxlan, VNI: 1 }), applied: [], pending: [] },
  {
    name: 'MTU and DirectRouting',
    running: config(vxlan),
    stored: config({ ...vxlan, MTU: 1400, DirectRouting: true }),
    applied: ['Backend.DirectRouting false -> true', 'Backend.MTU 0 -> 1400'],
    pending: [],
  },
  {
    name: 'an MTU that is left to the interface again',
    running: config({ ...vxlan, MTU: 1400 }),
    stored: config(vxlan),
    applied: ['Backend.MTU 1400 -> 0'],
    pending: [],
  },
  {
    name: 'what hosts have to agree on waits, the rest does not',
    running: config(vxlan),
    stored: config({ ...vxlan, VNI: 7, Port: 4789, GBP: true, Learning: true, MTU: 1400 }, { EnableNFTables: true }),
    applied: ['Backend.MTU 0 -> 1400'],
    pending: [
      'EnableNFTables false -> true',
      'Backend.VNI 1 -> 7',
      'Backend.Port 0 -> 4789',
      'Backend.GBP false -> true',
      'Backend.Learning false -> true',
    ],
  },
  {
    name: 'another backend waits as a whole',
    running: config({ Type: 'host-gw' }),
    stored: config({ ...vxlan, MTU: 1400 }),
    applied: [],
    pending: [
      'Backend.Type host-gw -> vxlan',
      'Backend.VNI none -> 1',
      'Backend.Port none -> 0',
      'Backend.GBP none -> false',
      'Backend.Learning none -> false',
      'Backend.DirectRouting none -> false',
      'Backend.MTU none -> 1400',
    ],
  },
  {
    name: 'a range that this host is in',
    running: config(vxlan),
    stored: config(vxlan, { SubnetMin: '10.5.1.0', SubnetMax: '10.5.9.0' }),
    applied: ['SubnetMax 10.5.255.0 -> 10.5.9.0'],
    pending: [],
  },
  {
    name: 'a range that this host is not in',
    running: config(vxlan),
    stored: config(vxlan, { SubnetMin: '10.5.3.0' }),
    applied: [],
    pending: ['SubnetMin 10.5.1.0 -> 10.5.3.0'],
  },
  {
    name: 'another length, and what follows from it',
    running: config(vxlan),
    stored: config(vxlan, { SubnetLen: 26 }),
    applied: [],
    pending: ['SubnetLen 24 -> 26', 'SubnetMin 10.5.1.0 -> 10.5.0.64', 'SubnetMax 10.5.255.0 -> 10.5.255.192'],
  },
  {
    name: 'another network',
    running: config(vxlan),
    stored: config(vxlan, { Network: '10.6.0.0/16', SubnetMin: '10.6.1.0' }),
    applied: [],
    pending: [
      'Network 10.5.0.0/16 -> 10.6.0.0/16',
      'SubnetMin 10.5.1.0 -> 10.6.1.0',
      'SubnetMax 10.5.255.0 -> 10.6.255.0',
    ],
  },
  {
    name: 'one family keeps its range, the other one waits',
    running: config(vxlan),
    stored: config(vxlan, { ...two, SubnetMax: '10.5.9.0' }),
    applied: ['SubnetMax 10.5.255.0 -> 10.5.9.0'],
    pending: [
      'EnableIPv6 false -> true',
      'IPv6Network none -> fc00:5::/48',
      'IPv6SubnetLen none -> 64',
      'IPv6SubnetMin none -> fc00:5:0:1::',
      'IPv6SubnetMax none -> fc00:5:0:ffff::',
    ],
  },
  {
    name: "WireGuard's keepalive; its key waits and is not told",
    running: config(wireguard),
    stored: config({ ...wireguard, PersistentKeepaliveInterval: 25, PSK, ListenPort: 1 }),
    applied: ['Backend.PersistentKeepaliveInterval 0 -> 25'],
    pending: ['Backend.ListenPort 51820 -> 1', 'Backend.PSK none -> [redacted]'],
  },
  {
    name: 'DirectRouting of ipip',
    running: config({ Type: 'ipip' }),
    stored: config({ Type: 'ipip', DirectRouting: true }),
    applied: ['Backend.DirectRouting false -> true'],
    pending: [],
  },
])('$name', ({ running, stored, applied, pending }) => {
  const live = judgeConfig({ running, stored, subnets: pairOf('10.5.2.0/24') });
  expect(live.applied.map(changeText)).toEqual(applied);
  expect(live.pending.map(changeText).toSorted()).toEqual(pending.toSorted());
  // Once it runs with that, there is nothing more to apply.
  expect(judgeConfig({ running: live.network, stored, subnets: pairOf('10.5.2.0/24') }).applied).toEqual([]);
});
