import { cidrKey, type Cidr } from '../../native/net/ip.ts';
import type { SubnetPair } from '../wire.ts';
import type { Step } from './step.ts';

/**
 * `--ip-blackhole-route`: the networks for which a route of type blackhole has to be in the main table, in both families; the
 * same as `ip route add blackhole SUBNET`. What no bridge's more specific route takes then ends here instead of looping.
 */
export function blackholeNetworks(subnets: SubnetPair, setting: 'on' | 'off'): Cidr[] {
  if (setting === 'off') return [];
  return [subnets.ipv4, subnets.ipv6].filter((subnet) => subnet !== undefined);
}

/** Steps from the black holes of ours that there are to those that are wanted. */
export function planBlackholes(wanted: readonly Cidr[], actual: readonly Cidr[]): Step[] {
  const there = new Set(actual.map(cidrKey));
  const kept = new Set(wanted.map(cidrKey));
  return [
    ...wanted.filter((network) => !there.has(cidrKey(network))).map(step('add-blackhole')),
    ...actual.filter((network) => !kept.has(cidrKey(network))).map(step('remove-blackhole')),
  ];
}

const step =
  (kind: 'add-blackhole' | 'remove-blackhole') =>
  (destination: Cidr): Step => ({ kind, destination });
